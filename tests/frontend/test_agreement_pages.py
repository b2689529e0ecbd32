"""The agreement page: headline, groupings, confusions and their items, CSV, the analysis job as a fragment."""

import csv
import io
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from annotation.models import Project
from guidelines.models import Guideline, GuidelineVersion
from operations.models import Heartbeat, Job
from operations.services.jobs import run_job
from quality.models import Analysis
from tests.factories.annotation import make_member, make_project
from tests.factories.guidelines import make_guideline
from tests.factories.quality import make_labels
from tests.frontend.hostile import raw_markup
from tests.frontend.pages import HTMX, browser_of
from tests.frontend.quality_pages import analyse, hostile_project, planted


def url(project: Project, name: str = "agreement", *args: Any, **query: str) -> str:
    return reverse(name, args=[project.slug, *args]) + (f"?{urlencode(query)}" if query else "")


def two_by_two(project: Project, agreeing: int = 20, split: int = 20) -> None:
    """Two people; `split` items that ana calls refund and ben billing."""
    rows = [(f"a{n:02d}", who, ("refund", "billing")[n % 2]) for n in range(agreeing) for who in ("ana", "ben")]
    rows += [(f"s{n:02d}", who, said) for n in range(split) for who, said in (("ana", "refund"), ("ben", "billing"))]
    make_labels(project, rows, round_key="initial")


@pytest.mark.parametrize("name", ["agreement", "agreement-items", "agreement-csv"])
def test_annotators_are_refused_and_strangers_find_nothing(
    ana: User, adi: User, eve: User, project: Project, name: str
) -> None:
    assert browser_of(ana).get(url(project, name)).status_code == 403
    assert browser_of(adi).get(url(project, name)).status_code == 403
    assert browser_of(eve).get(url(project, name)).status_code == 404
    assert Client().get(url(project, name)).status_code == 302


def test_headline_has_figure_interval_and_n_and_says_what_it_means(max_: User, project: Project) -> None:
    two_by_two(project, agreeing=40, split=4)

    html = browser_of(max_).get(url(project)).content.decode()

    assert "Two people who label the same item agree 91\u202f% of the time." in html
    assert "n\u00a0=\u00a044" in html


def test_rows_by_slice_stand_with_the_whole_and_link_to_their_items(lea: User, project: Project) -> None:
    planted(project)

    page = browser_of(lea).get(url(project, by="slice:language"))

    rows = [drawn.row for drawn in page.context["chosen"].rows.rows]
    assert [row.label for row in rows] == ["Everything", "de", "en"]
    assert [row.is_total for row in rows] == [True, False, False]
    assert all(row.low < row.value < row.high and row.n for row in rows)
    assert rows[1].href == f"{reverse('items', args=[project.slug])}?slice.language=de"
    assert rows[1].value < rows[2].value
    assert page.context["chosen"].title.startswith("Agreement is lowest for “de”")


def test_a_person_is_shown_by_the_figure_that_has_an_interval_and_links_to_the_profile(
    lea: User, project: Project
) -> None:
    planted(project)

    page = browser_of(lea).get(url(project, by="annotator"))

    rows = {drawn.row.label: drawn.row for drawn in page.context["chosen"].rows.rows}
    assert page.context["asked"].metric == "percent_agreement"
    assert rows["fay"].low is not None
    assert rows["fay"].value == min(row.value for row in rows.values())
    assert "/people/" in rows["fay"].href


def test_every_grouping_and_metric_of_the_switches_opens(lea: User, project: Project) -> None:
    planted(project)
    browser = browser_of(lea)

    switches = browser.get(url(project)).context["switches"]

    opened = [
        browser.get(url(project) + choice.url).status_code
        for choice in (*switches["groupings"], *switches["metrics"], *switches["questions"])
    ]
    assert set(opened) == {200}
    assert [c.label for c in switches["groupings"]] == [
        "language", "Label", "Annotator", "Pair", "Guideline version", "Week",
    ]  # fmt: skip


@pytest.mark.parametrize("query", [{"question": "mood"}, {"by": "moon"}, {"metric": "p_hat"}, {"by": "week\x00"}])
def test_an_unknown_filter_is_said_and_the_first_choice_shown(
    lea: User, project: Project, query: dict[str, str]
) -> None:
    two_by_two(project)

    page = browser_of(lea).get(url(project, **query))

    assert page.status_code == 422
    assert page.context["asked"].question.key == "intent"
    assert "There is no such" in page.content.decode()


def test_undefined_figures_are_a_dash_with_their_reason(lea: User, project: Project) -> None:
    make_labels(project, [(f"i{n}", "ana", "refund") for n in range(5)], round_key="initial")

    page = browser_of(lea).get(url(project))

    html = page.content.decode()
    assert page.status_code == 200
    assert "Only 0 items have labels of two people; 20 are needed." in html
    assert "nan" not in html


def test_confusions_count_each_label_once_and_open_their_items(lea: User, project: Project) -> None:
    two_by_two(project, agreeing=20, split=12)
    browser = browser_of(lea)

    plot = browser.get(url(project)).context["confusions"]
    cells = {(row.label, column): cell for row in plot.heat.rows
             for column, cell in zip(plot.heat.column_labels, row.cells, strict=True)}  # fmt: skip
    cell = cells["Refund", "Billing error"]
    items = browser.get(cell.href)

    assert cell.count == 12
    assert sum(row.total for row in plot.heat.rows) == 2 * 32
    assert plot.title == "“Refund” and “Billing error” are confused most: 100\u202f% of all disagreement"
    assert [row.external_id for row in items.context["rows"]] == [f"s{n:02d}" for n in range(12)]


def test_confusions_are_the_same_from_the_analysis_and_measured_now(lea: User, project: Project) -> None:
    two_by_two(project)
    browser = browser_of(lea)

    now = browser.get(url(project)).context["confusions"].heat
    analyse(project, "agreement")
    stored = browser.get(url(project)).context["confusions"].heat

    assert stored == now


def test_items_of_a_cell_are_of_one_round_and_of_two_people(lea: User, project: Project) -> None:
    make_labels(project, [("both", "ana", "refund"), ("both", "ben", "billing")], round_key="initial")
    make_labels(project, [("rounds", "ana", "refund")], round_key="initial")
    make_labels(project, [("rounds", "ben", "billing")], round_key="imported")

    page = browser_of(lea).get(url(project, "agreement-items", question="intent", a="refund", b="billing"))

    assert [row.external_id for row in page.context["rows"]] == ["both"]


@pytest.mark.parametrize(
    "query", [{}, {"question": "intent"}, {"question": "intent", "a": "refund", "b": "x\x00"},
              {"question": "mood", "a": "refund", "b": "billing"}],
)  # fmt: skip
def test_items_of_a_cell_that_there_is_not_are_404(lea: User, project: Project, query: dict[str, str]) -> None:
    assert browser_of(lea).get(url(project, "agreement-items", **query)).status_code == 404


def test_the_table_as_csv_has_every_figure_and_is_safe_in_a_spreadsheet(lea: User, project: Project) -> None:
    two_by_two(project)
    project.members.filter(name="ana").update(name="=cmd()")

    answer = browser_of(lea).get(url(project, "agreement-csv", question="intent", by="annotator"))

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="intents-intent-by-annotator.csv"'
    assert {row["annotator"] for row in rows} == {"'=cmd()", "ben"}
    assert float(rows[0]["percent_agreement"]) == 0.5
    assert float(rows[0]["percent_agreement_low"]) < 0.5 < float(rows[0]["percent_agreement_high"])
    assert rows[0]["n_shared_items"] == "40"


def test_confusions_as_csv(lea: User, project: Project) -> None:
    two_by_two(project, agreeing=20, split=12)

    answer = browser_of(lea).get(url(project, "agreement-csv", question="intent", table="confusions"))

    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert rows[0] == ["says \\ others say", "refund", "billing", "other"]
    assert [float(cell) for cell in rows[1][1:]] == [20.0, 12.0, 0.0]


@pytest.mark.parametrize("query", [{"question": "mood"}, {"question": "intent", "by": "moon"}])
def test_a_csv_of_something_else_is_refused(lea: User, project: Project, query: dict[str, str]) -> None:
    two_by_two(project)

    answer = browser_of(lea).get(url(project, "agreement-csv", **query))

    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/plain")


def test_before_any_label_the_page_says_what_it_will_show(lea: User, project: Project) -> None:
    assert "No labels yet" in browser_of(lea).get(url(project)).content.decode()


def test_without_a_published_version_there_is_nothing_to_measure(lea: User) -> None:
    guideline = Guideline.objects.create(slug="draft", title="Draft", created_by=lea)
    project = make_project(lea, guideline)
    assert not GuidelineVersion.objects.exists()

    page = browser_of(lea).get(url(project))

    assert page.status_code == 200
    assert "It has no published version yet" in page.content.decode()


def test_new_labels_make_the_figures_stale_and_the_button_the_main_one(lea: User, project: Project) -> None:
    two_by_two(project)
    analyse(project, "agreement")
    browser = browser_of(lea)
    assert browser.get(url(project)).context["is_stale"] is False

    make_labels(project, [("new", "cho", "other")], round_key="initial")
    page = browser.get(url(project))

    assert page.context["is_stale"] is True
    assert "Labels came or changed since this was measured." in page.content.decode()


def test_analysing_again_is_one_job_whose_progress_is_a_fragment_until_it_ends(lea: User, project: Project) -> None:
    two_by_two(project)
    browser = browser_of(lea)

    first = browser.post(url(project, "analyse"), headers=HTMX)
    second = browser.post(url(project, "analyse"))
    job = Job.objects.get(kind="analysis")
    progress = url(project, "job", job.pk)
    waiting = browser.get(progress).content.decode()
    run_job(job.pk)
    done = browser.get(progress)

    assert f'hx-get="{progress}"' in first.content.decode()
    assert "<html" not in first.content.decode()
    assert (second.status_code, second["Location"]) == (302, url(project))
    assert 'hx-trigger="load delay:1s"' in waiting
    assert "hx-get" not in done.content.decode()
    assert "Show the new figures" in done.content.decode()
    assert "announce" in done["HX-Trigger"]
    assert Analysis.objects.count() == 1


def test_a_waiting_job_says_that_no_worker_is_seen(lea: User, project: Project) -> None:
    two_by_two(project)
    browser = browser_of(lea)
    browser.post(url(project, "analyse"))
    job = Job.objects.get()
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=50))
    Heartbeat.objects.all().delete()

    never = browser.get(url(project, "job", job.pk)).content.decode()
    Heartbeat.objects.create(part="worker:x", seen_at=timezone.now() - timedelta(seconds=72))
    silent = browser.get(url(project, "job", job.pk)).content.decode()
    Heartbeat.objects.update(seen_at=timezone.now())
    seen = browser.get(url(project, "job", job.pk)).content.decode()

    assert "Waiting: No worker has been seen yet" in never
    assert "Waiting: No worker seen for 72 s" in silent
    assert "as soon as a worker is free" in seen


def test_a_failed_analysis_stands_on_the_page_with_its_reason(lea: User, project: Project) -> None:
    two_by_two(project)
    browser = browser_of(lea)
    browser.post(url(project, "analyse"))
    Job.objects.update(state="failed", error={"code": "internal", "detail": "it went wrong"})

    html = browser.get(url(project)).content.decode()

    assert "This failed; nothing was changed" in html
    assert "it went wrong" in html


def test_the_job_of_another_project_is_not_there(lea: User, eve: User, project: Project) -> None:
    other = make_project(eve, project.guideline, slug="other")
    browser_of(eve).post(url(other, "analyse"))

    assert browser_of(lea).get(url(project, "job", Job.objects.get().pk)).status_code == 404


def test_who_may_not_analyse_starts_nothing(ana: User, eve: User, project: Project) -> None:
    assert browser_of(ana).post(url(project, "analyse")).status_code == 403
    assert browser_of(eve).post(url(project, "analyse")).status_code == 404
    assert browser_of(ana).get(url(project, "analyse")).status_code == 405
    assert not Job.objects.exists()


def test_hostile_names_labels_and_texts_stay_text(lea: User) -> None:
    project = hostile_project(lea)
    browser = browser_of(lea)
    pages = [url(project, by=by) for by in ("slice:language", "label", "annotator", "pair", "cohort:site")]
    pages.append(url(project, "agreement-items", question="intent", a="refund", b="billing"))

    for page in pages:
        answer = browser.get(page)
        html = answer.content.decode()
        assert answer.status_code == 200
        assert raw_markup(html) == []
        assert "&lt;script&gt;window.__x=1" in html
        assert "49{%" not in html


def test_queries_do_not_grow_with_labels_and_people(
    lea: User, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    two_by_two(project)
    analyse(project, "agreement")
    browser = browser_of(lea)
    browser.get(url(project, by="annotator"))
    with django_assert_max_num_queries(70) as few:
        browser.get(url(project, by="annotator"))
    make_labels(project, [(f"s{n:02d}", f"p{k}", "other") for n in range(20) for k in range(12)], round_key="initial")
    analyse(project, "agreement")
    with django_assert_max_num_queries(len(few)):
        page = browser.get(url(project, by="annotator"))

    assert len(page.context["chosen"].rows.rows) == 1 + 14


def test_a_large_project_asks_for_an_analysis(lea: User, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    two_by_two(project)
    monkeypatch.setattr("quality.services.agreement.SMALL_PROJECT", 10)
    browser = browser_of(lea)

    before = browser.get(url(project))
    analyse(project, "agreement")
    after = browser.get(url(project))

    assert "Not measured yet" in before.content.decode()
    assert after.context["alpha"].n == 40


def test_methods_are_explained_to_everybody_signed_in(ana: User) -> None:
    page = browser_of(ana).get(reverse("methods"))

    assert page.status_code == 200
    assert 'id="hotspots"' in page.content.decode()
    assert Client().get(reverse("methods")).status_code == 302


def test_people_without_an_account_are_in_the_figures_too(lea: User) -> None:
    project = make_project(lea, make_guideline(lea))
    make_member(project, None, name="ana")
    two_by_two(project)

    assert browser_of(lea).get(url(project)).context["alpha"].n == 40
