"""Reading a guideline: search, links to clauses, the change log, what changed since, and paper."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Project
from frontend.reading.guidelines import reading_of
from guidelines.change_log import changed_parts
from guidelines.content import Precedent, parse_content
from guidelines.models import Guideline
from guidelines.services.editing import create_guideline
from tests.factories.guidelines import INTENT, clause, make_guideline, make_version
from tests.frontend.hostile import HOSTILE, raw_markup
from tests.frontend.pages import browser_of

URL = "/g/support/"
CSS = Path("frontend/static/css/guideline_reading.css")


def changed(**fields: Any) -> dict[str, Any]:
    return copy.deepcopy(INTENT) | fields


@pytest.fixture
def reader(ana: User, project: Project) -> Client:
    return browser_of(ana)


def html_of(client: Client, url: str = URL, **query: str) -> str:
    answer = client.get(url, query)
    assert answer.status_code == 200
    return answer.content.decode()


# --- search ------------------------------------------------------------------------------------------------------


def test_search_without_scripts_lists_links_with_what_was_found_marked(reader: Client) -> None:
    html = html_of(reader, q="wróng")

    assert '<a href="#C3" data-key-item>' in html
    assert '<a href="#o-intent-billing" data-key-item>' in html
    assert "A <mark>wrong</mark> amount is a billing error." in html
    assert 'name="q" value="wróng"' in html
    assert 'id="C3"' in html  # the text still stands below


def test_a_search_that_finds_nothing_says_what_to_try(reader: Client) -> None:
    html = html_of(reader, q="zebra")

    assert "No place has all these words" in html
    assert "Try fewer words" in html


def test_search_stays_in_the_version_that_is_read(reader: Client, lea: User, guideline: Guideline) -> None:
    make_version(
        guideline, lea, changed(clauses=[clause("C9", "Zebra", "Stripes.")], questions=[INTENT["questions"][1]])
    )

    assert '<a href="#C9"' in html_of(reader, q="zebra")
    old = html_of(reader, q="zebra", version="1.0")
    assert "No place has all these words" in old
    assert '<input type="hidden" name="version" value="1.0">' in old


def test_an_editor_searches_the_draft(lea: User, project: Project) -> None:
    draft = project.guideline.draft
    draft.content = changed(clauses=[*INTENT["clauses"], clause("C7", "Zebra", "")])
    draft.save()

    assert '<a href="#C7"' in html_of(browser_of(lea), q="zebra", version="draft")


@pytest.mark.parametrize("query", [*HOSTILE, "\x00", "a" * 9000, "مبلغ"])
def test_any_query_is_text(reader: Client, query: str) -> None:
    assert raw_markup(html_of(reader, q=query)) == []


def test_marks_in_hostile_text_are_the_only_markup(lea: User, ana: User) -> None:
    hostile = [clause(f"C{n}", f"needle {text}"[:200], f"needle {text}") for n, text in enumerate(HOSTILE, start=1)]
    make_guideline(lea, slug="evil", content=changed(clauses=hostile, questions=[INTENT["questions"][1]]))

    html = html_of(browser_of(lea), "/g/evil/", q="needle")

    assert html.count("<mark>needle</mark>") >= 2 * len(HOSTILE) - 1
    assert raw_markup(html) == []


# --- links, precedents -------------------------------------------------------------------------------------------


def test_every_clause_has_an_address_and_a_button_that_copies_it(reader: Client) -> None:
    html = html_of(reader)

    for key in ("C1", "C3"):
        assert f'id="{key}"' in html
        assert f'href="#{key}"' in html
        assert f'data-copy-link="{key}"' in html
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_precedents_stand_under_their_clause() -> None:
    rulings = [Precedent("P1", "C3", "A voucher?", "**No.**"), Precedent("P2", "C1", "<b>", "<script>x</script>")]

    by_key = {clause.key: clause for clause in reading_of(parse_content(INTENT), rulings).clauses}

    assert [(p.key, p.question) for p in by_key["C3"].precedents] == [("P1", "A voucher?")]
    assert "<strong>No.</strong>" in by_key["C3"].precedents[0].html
    assert "<script" not in by_key["C1"].precedents[0].html


# --- change log --------------------------------------------------------------------------------------------------


def test_the_change_log_names_parts_options_authors_and_differences(
    reader: Client, lea: User, guideline: Guideline
) -> None:
    questions = copy.deepcopy(INTENT["questions"])
    questions[0]["options"][0]["definition"] = "Wants all of it back."
    clauses = [INTENT["clauses"][1] | {"body": "Clearer."}, clause("C4", "Vouchers", "")]
    make_version(guideline, lea, changed(clauses=clauses, questions=questions), level="minor")

    html = html_of(reader, f"{URL}versions/")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))

    assert "C3 Refund or billing error changed" in words
    assert "C4 Vouchers new" in words
    assert "C1 Read the whole message removed" in words
    assert "intent What does the customer want? changed (Refund)" in words
    assert "The first version: 4 parts." in words
    assert f"{URL}diff/?from=1.0&amp;to=1.1" in html
    assert html.index('id="v1.1"') < html.index('id="v1.0"')
    assert "Lea" in html


def test_the_parts_that_changed_by_key() -> None:
    old = {"clauses": [{"key": "C1", "title": "A"}, {"key": "C2", "title": "B"}], "precedents": []}
    new = {
        "clauses": [{"key": "C2", "title": "B"}, {"key": "C1", "title": "Z"}],
        "precedents": [{"key": "P1", "clause": "C1", "question": "q", "ruling": "r"}],
    }

    assert [(p.kind, p.key, p.change) for p in changed_parts(old, new)] == [
        ("clause", "C1", "changed"), ("precedent", "P1", "new"),
    ]  # fmt: skip
    assert changed_parts(new, {"clauses": list(reversed(new["clauses"])), "precedents": new["precedents"]}) == ()


def test_who_comes_back_after_a_publish_is_shown_what_changed_since(
    reader: Client, lea: User, guideline: Guideline
) -> None:
    assert 'id="since"' not in html_of(reader)
    make_version(guideline, lea)
    make_version(guideline, lea, level="minor")

    assert f'{URL}diff/?from=1.0&amp;to=2.1"' in html_of(reader)
    assert 'id="since"' not in html_of(reader)  # it has been read now
    assert 'id="since"' not in html_of(reader, version="1.0")


@pytest.mark.parametrize("value", ["9.9", "<script>", "1.0; x", ""])
def test_a_forged_memory_is_no_version(reader: Client, lea: User, guideline: Guideline, value: str) -> None:
    make_version(guideline, lea)
    reader.cookies[f"read-{guideline.pk}"] = value

    assert 'id="since"' not in html_of(reader)


# --- paper -------------------------------------------------------------------------------------------------------


def test_paper_keeps_headings_with_their_text_and_says_where_links_lead(reader: Client) -> None:
    printed = CSS.read_text().split("@media print {", 1)[1]

    assert re.search(r":is\(h2, h3, h4\)[^}]*break-after: avoid", printed)
    assert re.search(r"\.guide-example[^}]*break-inside: avoid", printed)
    assert 'content: " (" attr(href) ")"' in printed
    html = html_of(reader, q="refund")
    for chrome in ("guide-find no-print", "guide-found no-print", "guide-contents no-print"):
        assert chrome in html


# --- who -----------------------------------------------------------------------------------------------------------


def test_the_tab_of_clause_health_is_for_those_who_may_see_it(
    project: Project, lea: User, max_: User, ana: User
) -> None:
    seen = {user.username: "/g/support/health/" in html_of(browser_of(user)) for user in (lea, max_, ana)}

    assert seen == {"lea": True, "max": True, "ana": False}


# --- the lead's guide ----------------------------------------------------------------------------------------------


def test_the_guide_to_clauses_is_linked_where_one_starts(lea: User, ana: User) -> None:
    empty = create_guideline(actor=lea, slug="empty", title="Empty")

    assert "/methods/writing-clauses/" in html_of(browser_of(lea), f"/g/{empty.slug}/edit/")
    html = html_of(browser_of(ana), "/methods/writing-clauses/")
    assert "Say which one wins" in html
    assert html.count("<h1") == 1
    assert Client().get("/methods/writing-clauses/").status_code == 302
