"""The guideline beside an item: what stands in the panel, what comes by itself, and the search inside it."""

import copy
import gzip
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import User
from annotation.models import Project
from frontend.reading.guides import HEAVY, guide_of, make_guide
from guidelines.content import Precedent, parse_content
from guidelines.models import GuidelineVersion
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import INTENT, clause, make_guideline, make_version
from tests.frontend.hostile import HOSTILE, raw_markup
from tests.frontend.pages import HTMX, browser_of

LABEL = "/p/intents/label/"


@pytest.fixture
def ana_at_work(ana: User, project: Project) -> Client:
    make_task(make_item(project, "i0", text="Message 0"))
    client = browser_of(ana)
    client.post(f"{LABEL}claim/")
    return client


def version_of(project: Project) -> GuidelineVersion:
    return project.guideline.versions.latest("sequence")


def long_content(n: int = 120) -> dict[str, Any]:
    content = copy.deepcopy(INTENT)
    words = " ".join(f"word{n}" for n in range(100))
    content["clauses"] += [clause(f"L{n}", f"Long clause {n}", words) for n in range(n)]
    return content


def test_the_panel_has_the_clauses_of_each_option_and_its_words(ana_at_work: Client) -> None:
    html = ana_at_work.get(LABEL).content.decode()

    assert 'data-option-notes="intent.refund" data-anchor="o-intent-refund" data-clauses="C3"' in html
    assert 'id="clause-C3" data-clause="C3"' in html
    assert "<strong>asks for</strong>" in html
    assert 'data-key="/"' in html
    assert "data-guide-open" in html


def test_examples_and_precedents_stand_under_their_clause() -> None:
    content = parse_content(INTENT | {"examples": [
        {"key": "E1", "kind": "edge", "text": "Charged twice", "rationale": "Because.", "clause": "C3"},
        {"key": "E2", "kind": "positive", "payload": {"post": "Pay me"}, "rationale": ""},
    ]})  # fmt: skip
    rulings = [Precedent("P1", "C3", "Is a voucher money?", "No: **other**."), Precedent("P2", "C1", "Q", "R")]

    guide = make_guide("Support", "1.0", content, rulings)

    by_key = {clause.key: clause for clause in guide.clauses}
    assert [example.text for example in by_key["C3"].examples] == ["Charged twice"]
    assert [(p.key, p.question, "<strong>other</strong>" in p.html) for p in by_key["C3"].precedents] == [
        ("P1", "Is a voucher money?", True)
    ]
    assert [example.text for example in guide.other_examples] == ['{"post":"Pay me"}']
    html = render_to_string("workbench/_clauses.html", {"guide": guide})
    assert 'data-anchor="precedent-P1"' in html
    assert "1 precedent<" in html


def test_hostile_precedents_stay_text() -> None:
    rulings = [Precedent(f"P{n}", "C3", text, text) for n, text in enumerate(HOSTILE)]

    html = render_to_string(
        "workbench/_clauses.html", {"guide": make_guide("x", "1.0", parse_content(INTENT), rulings)}
    )

    assert raw_markup(html) == []
    assert html.count('data-anchor="precedent-P') == len(HOSTILE)


def test_a_long_guideline_comes_by_itself_and_is_kept_under_its_hash(lea: User, ana: User) -> None:
    project = make_project(lea, make_guideline(lea, content=long_content()))
    make_member(project, ana)
    make_task(make_item(project, "i0", text="Message 0"))
    client = browser_of(ana)
    client.post(f"{LABEL}claim/")
    version = version_of(project)
    url = f"{LABEL}guide/{version.sha256}/"

    page = client.get(LABEL)
    panel = client.get(url)

    assert guide_of(project.guideline.title, version.pk, version.sha256).is_heavy
    assert f'data-guide-url="{url}"' in page.content.decode()
    assert "word42" not in page.content.decode()  # titles are there: one may ask about any clause
    assert len(gzip.compress(page.content)) < 20_000
    assert "word42" in panel.content.decode()
    assert "data-guide-url" not in panel.content.decode()
    assert panel["Cache-Control"] == "private, max-age=31536000, immutable"


def test_a_short_one_is_in_the_page(ana_at_work: Client, project: Project) -> None:
    version = version_of(project)

    assert not guide_of("Support", version.pk, version.sha256).is_heavy
    assert len(str(INTENT)) < HEAVY
    assert "data-guide-url" not in ana_at_work.get(LABEL).content.decode()


def test_the_search_marks_what_was_found(ana_at_work: Client, project: Project) -> None:
    url = f"{LABEL}guide/{version_of(project).sha256}/search/"

    html = ana_at_work.get(url, {"q": "BÍLLING"}).content.decode()

    assert "<mark>billing</mark> error" in html
    assert 'data-hit="C3"' in html
    assert 'data-hit="o-intent-billing"' in html
    assert 'role="option"' in html


def test_a_question_is_no_place_to_jump_to_here(ana_at_work: Client, project: Project) -> None:
    html = ana_at_work.get(f"{LABEL}guide/{version_of(project).sha256}/search/", {"q": "urgent"}).content.decode()

    assert "data-hit" not in html
    assert "No place has all these words" in html


@pytest.mark.parametrize("query", ["", *HOSTILE, "\x00", "x" * 5000, "((("])
def test_hostile_queries_are_answered_with_text(ana_at_work: Client, project: Project, query: str) -> None:
    answer = ana_at_work.get(f"{LABEL}guide/{version_of(project).sha256}/search/", {"q": query}, headers=HTMX)

    assert answer.status_code == 200
    assert raw_markup(answer.content.decode()) == []


def test_hostile_clauses_are_found_as_text(lea: User, ana: User) -> None:
    content = copy.deepcopy(INTENT)
    content["clauses"] = [clause(f"C{n}", f"needle {text}"[:200], text) for n, text in enumerate(HOSTILE, start=1)]
    project = make_project(lea, make_guideline(lea, content=content))
    make_member(project, ana)

    html = browser_of(ana).get(
        f"{LABEL}guide/{version_of(project).sha256}/search/", {"q": "needle"}
    ).content.decode()  # fmt: skip

    assert html.count("<mark>needle</mark>") == len(HOSTILE)
    assert raw_markup(html) == []


def test_only_versions_of_this_guideline_and_only_for_who_labels(
    ana_at_work: Client, project: Project, lea: User, max_: User, eve: User
) -> None:
    other = make_version(make_guideline(lea, slug="other"), lea, long_content(1))

    assert ana_at_work.get(f"{LABEL}guide/{other.sha256}/").status_code == 404
    for odd in ("0" * 64, "nul%00", "A" * 64, "..%2f", "\u0661" * 64):
        assert ana_at_work.get(f"{LABEL}guide/{odd}/search/").status_code == 404
    mine = f"{LABEL}guide/{version_of(project).sha256}/"
    assert browser_of(eve).get(mine).status_code == 404
    assert browser_of(max_).get(f"{mine}search/").status_code == 403
    assert Client().get(mine).status_code == 302
