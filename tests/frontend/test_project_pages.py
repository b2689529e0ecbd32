"""Making a project, its morning page and its settings."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, User
from annotation.models import Assignment, Lease, Member, Project, Round
from annotation.services.queue import claim_next
from guidelines.models import Guideline
from guidelines.services.editing import create_guideline
from operations.models import Heartbeat, Job
from operations.services.jobs import run_job
from quality.models import AgreementFigure, Analysis, Finding
from quality.services.analyses import request_analysis
from quality.services.schedules import schedule_facts, schedule_of
from tests.factories.annotation import make_item, make_member, make_project, make_task
from tests.factories.guidelines import make_guideline
from tests.factories.quality import make_labels
from tests.frontend.hostile import HOSTILE, raw_markup
from tests.frontend.pages import HTMX, browser_of

NEW = {
    "title": "Order mails", "slug": "orders", "guideline": "support", "slices": "language, channel",
    "field_key": ["text", "turns", ""], "field_type": ["text", "chat", "text"],
    "labels_per_item": "2", "sharing": "all", "lease_minutes": "20",
}  # fmt: skip


def page_of(project: Project, name: str = "project") -> str:
    return reverse(name, args=[project.slug])


def titles(answer: Any, part: str = "urgent") -> list[str]:
    return [sentence.title for sentence in answer.context[part]]


def make_finding(project: Project, **fields: Any) -> Finding:
    analysis = fields.pop("analysis", None) or make_analysis(project)
    number, now = Finding.objects.count(), timezone.now()
    values: dict[str, Any] = {
        "kind": "bias", "key": str(number), "effect": 0.31, "low": 0.2, "high": 0.42, "p_value": 0.0001,
        "subject": {"annotator": "ana", "question": "intent", "label": "other"}, "p_adjusted": 0.0004, "n": 90,
        "method": "CMH", "weight": 20.0, "evidence": ["i1", "i2"],
        "facts": {"unit": "share", "n": 90, "names": {"other": "Other"}, "question_title": "What is it?"},
    }  # fmt: skip
    return Finding.objects.create(
        project=project, first_analysis=analysis, last_analysis=analysis, opened_at=now, updated_at=now,
        **(values | fields),
    )  # fmt: skip


def make_analysis(project: Project, **fields: Any) -> Analysis:
    values: dict[str, Any] = {
        "kinds": ["agreement", "bias"], "as_of": timezone.now(), "seed": 1, "input_sha256": "0" * 64,
        "code_version": "test", "summary": {"tested": {"intent": {"bias": 7}}, "not_tested": [], "notes": []},
    }  # fmt: skip
    analysis = Analysis.objects.create(project=project, **(values | fields))
    row = {
        "group": {}, "krippendorff_alpha": {"nominal": 0.51}, "interval": {"krippendorff_alpha": [0.41, 0.6]},
        "undefined": {}, "n_shared_items": 60, "n_items": 60,
    }  # fmt: skip
    AgreementFigure.objects.create(
        analysis=analysis, question="intent", by="overall", position=0, group={}, row=row
    )  # fmt: skip
    return analysis


# --- new


def test_a_lead_makes_a_project_and_leads_it(lea: User, guideline: Guideline) -> None:
    answer = browser_of(lea).post(reverse("project-new"), NEW)

    project = Project.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, "/p/orders/")
    assert project.fields == [{"key": "text", "type": "text"}, {"key": "turns", "type": "chat"}]
    assert project.slices == ["language", "channel"]
    assert (project.overlap, project.lease_seconds) == ({"labels_per_item": 2}, 1200)
    assert Member.objects.get(project=project, user=lea).role == "lead"
    assert set(Round.objects.values_list("key", flat=True)) == {"initial", "imported"}


def test_a_shared_share_and_a_slug_from_the_title(lea: User, guideline: Guideline) -> None:
    sharing = {
        "slug": "", "sharing": "share", "share_percent": "25", "shared_labels": "4", "stratify_by": "language",
        "labels_per_item": "1",
    }  # fmt: skip
    browser_of(lea).post(reverse("project-new"), NEW | sharing)

    project = Project.objects.get(slug="order-mails")
    assert project.overlap == {
        "labels_per_item": 1, "share": 0.25, "shared_labels": 4, "stratify_by": "language",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "Orders!"}, "slug"),
        ({"slug": "intents"}, "slug"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"labels_per_item": "0"}, "labels_per_item"),
        ({"labels_per_item": "many"}, "labels_per_item"),
        ({"lease_minutes": "0"}, "lease_minutes"),
        ({"lease_minutes": "nan"}, "lease_minutes"),
        ({"sharing": "share", "share_percent": "20", "shared_labels": "2"}, "shared_labels"),
        ({"sharing": "share", "share_percent": "20", "shared_labels": "3", "stratify_by": "site"}, "stratify_by"),
        ({"guideline": "not-mine"}, "guideline"),
        ({"slices": "language,language"}, "slices"),
        ({"slug": "a\x00b"}, "slug"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_made(
    lea: User, project: Project, change: dict[str, str], field: str
) -> None:
    answer = browser_of(lea).post(reverse("project-new"), NEW | change)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert list(Project.objects.values_list("slug", flat=True)) == ["intents"]


def test_a_repeated_or_unknown_field_of_the_items_is_refused(lea: User, guideline: Guideline) -> None:
    answer = browser_of(lea).post(reverse("project-new"), NEW | {"field_type": ["text", "video", "text"]})

    rows = answer.context["form"].rows
    assert answer.status_code == 422
    assert [(row.key, bool(row.error)) for row in rows] == [("text", False), ("turns", True)]
    assert not Project.objects.exists()


def test_only_people_who_may_start_projects_see_the_form(lea: User, ana: User, guideline: Guideline) -> None:
    assert browser_of(ana).get(reverse("project-new")).status_code == 403
    assert browser_of(lea).get(reverse("project-new")).status_code == 200


def test_without_a_guideline_to_edit_the_form_leads_to_one(eve: User, guideline: Guideline) -> None:
    answer = browser_of(eve).get(reverse("project-new"))

    assert "First a guideline" in answer.content.decode()
    assert "Support" not in answer.content.decode()


# --- morning page


def test_each_role_gets_its_own_page(
    lea: User, max_: User, adi: User, ana: User, eve: User, olga: User, project: Project
) -> None:
    make_finding(project)
    seen = {user.username: browser_of(user).get(page_of(project)) for user in (lea, max_, adi, olga)}

    assert {answer.status_code for answer in seen.values()} == {200}
    assert [name for name, answer in seen.items() if "ana uses" in answer.content.decode()] == ["lea", "max", "olga"]
    assert browser_of(ana).get(page_of(project))["Location"] == page_of(project, "workbench")
    assert browser_of(eve).get(page_of(project)).status_code == 404
    assert Client().get(page_of(project)).status_code == 302


def test_a_new_project_says_what_is_missing(lea: User) -> None:
    guideline = create_guideline(actor=lea, slug="young", title="Young")
    project = make_project(lea, guideline, slug="fresh")

    answer = browser_of(lea).get(page_of(project))

    assert titles(answer) == ["The guideline is a draft", "There are no items yet", "Nobody labels here yet"]


def test_findings_come_by_weight_with_certainty_and_steps(lea: User, max_: User, project: Project) -> None:
    light, heavy = make_finding(project, weight=2.0), make_finding(project, weight=30.0, subject={
        "annotator": "ben", "question": "intent", "label": "other"})  # fmt: skip
    make_finding(project, weight=99.0, state="dismissed")

    answer = browser_of(lea).get(page_of(project))

    first, second = answer.context["findings"]
    assert first.text.startswith("ben uses “Other” 31 percentage points more often")
    assert second.text.startswith("ana")
    assert any("about 30 labels" in fact for fact in first.facts)
    assert any("p\u00a0<\u00a00.001" in fact for fact in first.facts)
    assert answer.context["n_open"] == 2
    assert (light.state, heavy.state) == ("open", "open")


def test_a_hotspot_leads_its_lead_to_the_clause_and_an_engineer_not(lea: User, max_: User, project: Project) -> None:
    make_finding(project, kind="hotspots", subject={"question": "intent", "labels": ["refund", "billing"],
                 "clause": "C3"}, facts={"n": 60, "n_split": 20, "names": {}, "unit": "ratio"}, effect=3.0)  # fmt: skip

    steps = {
        user.username: [
            action.label for action in browser_of(user).get(page_of(project)).context["findings"][0].actions
        ]
        for user in (lea, max_)
    }

    assert "Edit C3" in steps["lea"]
    assert "Edit C3" not in steps["max"]


def test_agreement_is_said_with_interval_or_with_the_reason_why_not(lea: User, project: Project) -> None:
    make_analysis(project)
    undefined = {
        "group": {}, "krippendorff_alpha": {"nominal": None, "ordinal": None}, "interval": {}, "n_shared_items": 0,
        "undefined": {"krippendorff_alpha": "No item has two labels."}, "n_items": 3,
    }  # fmt: skip
    AgreementFigure.objects.create(
        analysis=Analysis.objects.get(), question="urgency", by="overall", position=0, group={}, row=undefined
    )  # fmt: skip

    html = browser_of(lea).get(page_of(project)).content.decode()

    assert "0.51" in html
    assert "[0.41,\u00a00.60]" in html
    assert "No item has two labels." in html


def test_nothing_wrong_is_said_with_what_was_checked(lea: User, project: Project) -> None:
    make_analysis(project)

    html = browser_of(lea).get(page_of(project)).content.decode()

    assert "Nothing needs you" in html
    assert "7 tests" in html


def test_labels_after_the_analysis_make_it_old(lea: User, project: Project) -> None:
    make_analysis(project, as_of=timezone.now() - timedelta(hours=3))
    make_labels(project, [("i1", "p1", "refund")])

    answer = browser_of(lea).get(page_of(project))

    assert answer.context["measuring"].title == "The figures are not the newest"
    assert "Nothing needs you" not in answer.content.decode()


def test_one_button_measures_and_a_second_press_starts_nothing(lea: User, project: Project) -> None:
    make_labels(project, [("i1", "p1", "refund"), ("i1", "p2", "billing")])
    browser = browser_of(lea)
    assert "Nothing has been measured yet" in browser.get(page_of(project)).content.decode()

    first = browser.post(page_of(project, "project-measure"), headers=HTMX)
    browser.post(page_of(project, "project-measure"), headers=HTMX)

    job = Job.objects.get(kind="analysis")
    assert (first.status_code, job.state, job.created_by) == (200, "queued", lea)
    assert 'hx-trigger="every 2s"' in first.content.decode()


def test_a_job_that_nobody_runs_says_that_no_worker_is_seen(lea: User, project: Project) -> None:
    request_analysis(actor=lea, project=project)

    lonely = browser_of(lea).get(page_of(project)).content.decode()
    Heartbeat.objects.create(part="worker:here", seen_at=timezone.now())
    attended = browser_of(lea).get(page_of(project)).content.decode()

    assert "No worker has been seen yet" in lonely
    assert "No worker" not in attended


def test_the_page_is_loaded_anew_when_the_analysis_has_ended(lea: User, project: Project) -> None:
    make_labels(project, [(f"i{n}", name, "refund") for n in range(4) for name in ("p1", "p2")])
    job = request_analysis(actor=lea, project=project)
    browser = browser_of(lea)
    waiting = browser.get(page_of(project, "project-measuring"), headers=HTMX)

    run_job(job.pk)
    ended = browser.get(page_of(project, "project-measuring"), headers=HTMX)

    assert (waiting.status_code, ended.status_code, ended["HX-Refresh"]) == (200, 204, "true")
    assert browser.get(page_of(project)).context["measured"].analysis is not None


def test_a_failed_analysis_is_said_and_can_be_repeated(lea: User, project: Project) -> None:
    make_labels(project, [("i1", "p1", "refund")])
    job = request_analysis(actor=lea, project=project)
    Job.objects.filter(pk=job.pk).update(state="failed", error={"code": "internal", "detail": "It broke."})

    html = browser_of(lea).get(page_of(project)).content.decode()

    assert "It broke." in html
    assert "Measure now" in html


@pytest.mark.parametrize("user", ["adi", "ana"])
def test_who_may_not_run_quality_cannot_start_an_analysis(
    request: pytest.FixtureRequest, project: Project, user: str
) -> None:
    answer = browser_of(request.getfixturevalue(user)).post(page_of(project, "project-measure"))

    assert answer.status_code == 403
    assert not Job.objects.exists()


def test_a_paused_project_tasks_for_the_lead_and_paused_people_are_named(
    lea: User, project: Project, ana: User, member_of: Callable[[User], Member]
) -> None:
    task = make_task(make_item(project, "i1"))
    task.state, task.desk_reason = "needs_lead", "skipped"
    task.save()
    Member.objects.filter(pk=member_of(ana).pk).update(paused_at=timezone.now())
    Project.objects.filter(pk=project.pk).update(status="paused")

    answer = browser_of(lea).get(page_of(project))

    assert titles(answer) == ["The project is paused", "1 task needs a lead", "1 person is paused"]
    assert answer.context["urgent"][1].actions[0].url.endswith("?state=needs_lead")


def test_what_came_from_outside_is_inert_on_the_morning_page(lea: User, guideline: Guideline) -> None:
    for number, evil in enumerate(HOSTILE):
        project = make_project(lea, guideline, slug=f"p{number}", title=evil, fields=[{"key": evil, "type": "text"}],
                               slices=[evil])  # fmt: skip
        make_finding(
            project, subject={"annotator": evil, "question": evil, "label": evil}, evidence=[evil],
            facts={"unit": "share", "n": 3, "names": {evil: evil}, "question_title": evil},
        )  # fmt: skip
        make_member(project, None, name=evil[:150])
        for name in ("project", "project-settings", "people", "import", "items"):
            html = browser_of(lea).get(page_of(project, name)).content.decode()
            assert raw_markup(html) == [], (name, evil)


def test_queries_of_the_morning_page_do_not_grow(
    lea: User, project: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_finding(project)
    browser = browser_of(lea)
    browser.get(page_of(project))
    with django_assert_num_queries(21) as few:
        browser.get(page_of(project))
    make_labels(project, [(f"i{n}", f"p{m}", "refund") for n in range(20) for m in range(3)])
    for _ in range(4):
        make_finding(project, analysis=Analysis.objects.first())
    with django_assert_num_queries(len(few.captured_queries)):
        browser.get(page_of(project))


# --- settings


def changed(**fields: str) -> dict[str, str]:
    return {
        "title": "Intents", "labels_per_item": "2", "sharing": "all", "lease_minutes": "15",
    } | fields  # fmt: skip


def test_settings_show_what_is_set_and_keep_what_the_form_does_not_show(lea: User, project: Project) -> None:
    adaptive = {"max_labels": 5, "stop_at_posterior": 0.95}
    Project.objects.filter(pk=project.pk).update(overlap={"labels_per_item": 2, "adaptive": adaptive})
    browser = browser_of(lea)
    shown = browser.get(page_of(project, "project-settings")).context["form"].initial

    answer = browser.post(page_of(project, "project-settings"), changed(title="Better", labels_per_item="3"))

    project.refresh_from_db()
    assert (shown["labels_per_item"], shown["lease_minutes"], shown["sharing"]) == (2, "15", "all")
    assert answer.status_code == 302
    assert (project.title, project.overlap) == ("Better", {"labels_per_item": 3, "adaptive": adaptive})
    assert AuditEvent.objects.filter(action="project.changed").count() == 1


def test_refused_settings_stand_beside_their_field_and_change_nothing(lea: User, project: Project) -> None:
    wrong = changed(sharing="share", share_percent="20", shared_labels="3", stratify_by="nowhere")

    answer = browser_of(lea).post(page_of(project, "project-settings"), wrong)

    project.refresh_from_db()
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["stratify_by"]
    assert project.overlap == {"labels_per_item": 2}


def test_closing_ends_leases_and_it_can_be_opened_again(
    lea: User, ana: User, project: Project, member_of: Callable[[User], Member]
) -> None:
    make_task(make_item(project, "i1"))
    claim_next(annotator=member_of(ana))
    browser, status = browser_of(lea), page_of(project, "project-status")

    states = []
    for wanted in ("paused", "closed", "active"):
        assert browser.post(status, {"status": wanted}).status_code == 302
        held = Assignment.objects.filter(state="leased").count()
        states.append((Project.objects.get().status, held))

    assert states == [("paused", 1), ("closed", 0), ("active", 0)]
    assert Lease.objects.get().ending == "released"
    assert browser.post(status, {"status": "deleted"}).status_code == 404


def test_when_it_is_measured_by_itself_is_set_beside(lea: User, project: Project) -> None:
    browser, there = browser_of(lea), page_of(project, "project-schedule")
    shown = browser.get(page_of(project, "project-settings")).context["schedule"].initial
    wanted = {"every_hours": "", "after_labels": "50"}

    assert shown == {"every_hours": 24, "after_labels": 500, "after_publish": True}
    assert browser.post(there, wanted).status_code == 302
    assert schedule_facts(schedule_of(project)) == {"every_hours": None, "after_labels": 50, "after_publish": False}

    refused = browser.post(there, wanted | {"after_labels": "9"})
    assert (refused.status_code, list(refused.context["schedule"].errors)) == (422, ["after_labels"])
    assert refused.context["form"].errors == {}


@pytest.mark.parametrize("name", ["project-settings", "project-status", "project-schedule"])
@pytest.mark.parametrize(("user", "expected"), [("max_", 403), ("ana", 403), ("eve", 404)])
def test_settings_are_for_leads(
    request: pytest.FixtureRequest, project: Project, name: str, user: str, expected: int
) -> None:
    answer = browser_of(request.getfixturevalue(user)).post(page_of(project, name), changed(status="closed"))

    project.refresh_from_db()
    assert answer.status_code == expected
    assert (project.status, project.title) == ("active", "Intents")


# --- rail and switcher


def test_the_rail_shows_the_places_of_the_role_and_where_one_is(lea: User, max_: User, project: Project) -> None:
    places = {
        user.username: [place.label for place in browser_of(user).get(page_of(project, "items")).context["nav"]]
        for user in (lea, max_)
    }
    here = [p.label for p in browser_of(lea).get(page_of(project, "items")).context["nav"] if p.current]

    assert {"Morning page", "Label", "Items", "Import", "Guideline", "People", "Settings"} <= set(places["lea"])
    assert {"Label", "People", "Settings"}.isdisjoint(places["max"])
    assert here == ["Items"]


def test_the_switcher_names_my_projects_and_no_others(lea: User, eve: User, project: Project) -> None:
    make_project(lea, project.guideline, slug="second")
    make_project(eve, make_guideline(eve, slug="theirs"), slug="hidden")

    switcher = browser_of(lea).get(page_of(project)).context["switcher"]

    assert [(entry.name, entry.current) for entry in switcher] == [("Intents", True), ("Second", False)]
