"""Gold, hidden repeats and qualification measure people: no figure, list or export takes their answers for labels."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from annotation.models import Annotation, Item, Member, Project
from annotation.selectors.items import ItemFilter, items_of
from annotation.selectors.labels import counting_labels
from annotation.selectors.lookup import current_answers_of
from annotation.selectors.people import activity_of, own_activity
from annotation.selectors.progress import my_progress, my_totals, progress
from frontend.reading.item_gists import item_gists
from guidelines.label_schema import parse_questions
from operations.services.jobs import run_job
from quality.models import Finding
from quality.ratings_loader import ALL_ROUNDS, count_labels, load_labels, load_questions
from quality.selectors.analyses import has_labels_since
from quality.selectors.confusions import items_called_both
from quality.selectors.evidence import disagreements_of, people_behind, with_answers
from quality.selectors.headline import last_measured
from quality.services.campaign_scope import plan_campaign
from quality.services.confusions import confusions
from quality.services.resolutions import resolutions
from quality.services.snapshot_files import file_path
from quality.services.snapshots import request_snapshot
from tests.factories.annotation import make_item, make_task
from tests.factories.control import answer_in_seat
from tests.factories.guidelines import INTENT, make_version
from tests.factories.quality import make_gold, make_labels
from tests.frontend.pages import browser_of

KINDS = ("gold", "repeat", "qualification")
INTENT_QUESTION = parse_questions(INTENT["questions"])[:1]
MemberOf = Callable[[User], Member]


@pytest.fixture(autouse=True)
def labels(project: Project, lea: User) -> None:
    """Two items labeled by two people who agree, and one with gold alone."""
    rows = [(item, who, "refund") for item in ("i0", "i1") for who in ("ana", "ben")]
    make_labels(project, rows, round_key="initial")
    make_item(project, "i2")
    make_gold(project, "i2", {"intent": "other"}, lea)


@pytest.fixture
def control(project: Project, ana: User, member_of: MemberOf) -> list[Annotation]:
    """ana answers gold, a repeat of what she said before, and a qualification item, each time something else."""
    return [
        answer_in_seat(
            project, external_id, member_of(ana), {"intent": "billing", "urgency": 1}, kind=kind, clauses=("C1",)
        )
        for external_id, kind in zip(("i2", "i0", "i1"), KINDS, strict=True)
    ]


def test_labels_are_loaded_and_counted_without_them(project: Project, control: list[Annotation]) -> None:
    for scope in ("latest", ALL_ROUNDS):
        table = load_labels(project, as_of=timezone.now(), scope=scope)
        assert table.n_labels == 4
        assert {round_.key for round_ in table.rounds} == {"imported", "initial"}
    assert count_labels(project, up_to=100) == 4
    assert counting_labels().count() == 4


def test_sets_that_only_they_hold_are_no_values(project: Project, ana: User, member_of: MemberOf) -> None:
    content = INTENT | {"questions": [
        {"key": "topics", "type": "choices", "title": "", "required": False, "min": 0, "max": 2,
         "options": [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}]}
    ]}  # fmt: skip
    make_version(project.guideline, project.created_by, content)
    answer_in_seat(project, "i0", member_of(ana), {"topics": ["a"]})
    answer_in_seat(project, "i0", member_of(ana), {"topics": ["b"]}, kind="repeat")

    assert load_questions(project, timezone.now())[0].keys == ("a",)


def test_an_analysis_does_not_grow_stale_by_them(project: Project, ana: User, member_of: MemberOf) -> None:
    before = timezone.now()
    for kind in KINDS:
        answer_in_seat(project, "i0", member_of(ana), "billing", kind=kind)

    assert not has_labels_since(project, before)
    assert not last_measured(project).is_stale
    answer_in_seat(project, "i0", Member.objects.get(project=project, name="ben"), "billing")
    assert has_labels_since(project, before)


def test_a_project_with_nothing_else_has_no_labels(project: Project, control: list[Annotation]) -> None:
    Annotation.objects.filter(round__key="initial").update(superseded_at=timezone.now())

    assert not last_measured(project).has_labels


def test_resolutions_confusions_and_evidence_leave_them_out(
    project: Project, ana: User, member_of: MemberOf, control: list[Annotation]
) -> None:
    found = {row["external_id"]: row for row in resolutions(project, method="majority", question="intent").rows}
    finding = Finding(project=project, evidence=["i0", "i1", "i2"])

    assert set(found) == {"i0", "i1"}
    assert {row["n_labels"] for row in found.values()} == {2}
    assert confusions(project, "intent").counts[0] == [4, 0, 0]
    assert list(items_called_both(project, INTENT_QUESTION[0], "refund", "billing")) == []
    assert sorted(people_behind(finding)) == ["ana", "ben"]
    assert [len(entry.answers) for entry in with_answers(list(Item.objects.order_by("external_id")))] == [2, 2, 0]
    assert disagreements_of(project, member_of(ana).pk, "intent", most=5) == []


def test_two_peoples_answers_to_the_same_gold_are_no_disagreement(
    project: Project, ana: User, ben: User, member_of: MemberOf
) -> None:
    answer_in_seat(project, "i2", member_of(ana), "refund", kind="gold")
    answer_in_seat(project, "i2", member_of(ben), "billing", kind="gold")

    assert disagreements_of(project, member_of(ana).pk, "intent", most=5) == []
    assert list(items_called_both(project, INTENT_QUESTION[0], "refund", "billing")) == []


def test_a_campaign_over_a_clause_is_not_about_items_where_only_they_cite_it(
    project: Project, ben: User, member_of: MemberOf, control: list[Annotation]
) -> None:
    assert plan_campaign(project, {"clause": "C1"}).item_ids == []

    cited = answer_in_seat(project, "i2", member_of(ben), "billing", clauses=("C1",))

    assert plan_campaign(project, {"clause": "C1"}).item_ids == [cited.item_id]


def test_lists_of_items_count_and_filter_without_them(project: Project, control: list[Annotation]) -> None:
    items = {item.external_id: item for item in items_of(project, ItemFilter())}
    wanted = ItemFilter(annotator="ana", labels={"intent": "billing"})
    gists = item_gists(project, list(items.values()), INTENT_QUESTION)

    assert {name: item.n_labels for name, item in items.items()} == {"i0": 2, "i1": 2, "i2": 0}
    assert list(items_of(project, wanted)) == []
    assert {answer["intent"] for _, answer in current_answers_of(items.values())} == {"refund"}
    assert [[chip.name for label in gist.labels for chip in label.chips] for gist in gists] == [
        ["Refund"],
        ["Refund"],
        [],
    ]


def test_the_state_of_an_item_is_that_of_ordinary_work(project: Project, ana: User, member_of: MemberOf) -> None:
    answer = answer_in_seat(project, "i2", member_of(ana), "billing", kind="gold")
    assert answer.assignment is not None
    answer.assignment.task.state = "open"
    answer.assignment.task.save()

    assert [item.state for item in items_of(project, ItemFilter()).filter(external_id="i2")] == ["unqueued"]


def test_progress_is_of_ordinary_work_and_what_annotators_see_of_themselves_is_of_everything(
    project: Project, ana: User, member_of: MemberOf, control: list[Annotation]
) -> None:
    make_task(Item.objects.get(external_id="i0"), overlap=3)
    mine = member_of(ana)

    found = progress(project)

    assert (found.labels, found.wanted, found.tasks) == (0, 3, 1)
    assert [round_.key for round_ in found.rounds] == ["initial"]
    assert activity_of([mine])[mine.pk].n_labels == 2
    assert own_activity(mine).n_labels == 5
    assert my_progress(mine).today == 3
    assert my_totals(mine)["submitted"] == 3


def test_an_annotators_own_profile_counts_them_so_that_its_number_tells_nothing(
    project: Project, ana: User, lea: User, member_of: MemberOf, control: list[Annotation]
) -> None:
    url = reverse("profile", args=[project.slug, member_of(ana).pk])

    assert "5 labels" in browser_of(ana).get(url).content.decode()
    assert "2 labels" in browser_of(lea).get(url).content.decode()


def test_snapshots_hold_labels_only(project: Project, ana: User, member_of: MemberOf) -> None:
    first = _rows(project)
    control = [answer_in_seat(project, "i0", member_of(ana), "billing", kind=kind) for kind in KINDS]

    second = _rows(project)

    assert len(control) == 3
    assert second == first
    assert [len(row["annotations"]) for row in second] == [2, 2, 0]
    assert {each["round"] for row in second for each in row["annotations"]} == {"initial"}


def _rows(project: Project) -> list[dict[str, Any]]:
    job = request_snapshot(actor=project.created_by, project=project, recipe={})
    run_job(job.pk)
    job.refresh_from_db()
    assert job.result is not None, job.error
    sha = project.snapshots.get(pk=job.result["snapshot"]).sha256  # type: ignore[attr-defined]
    return [json.loads(line) for line in file_path(sha, "rows.jsonl").read_bytes().splitlines()]


def test_leads_see_them_marked_with_their_round(
    project: Project, lea: User, api: Callable[..., Client], control: list[Annotation]
) -> None:
    body = api(lea, "read").get(f"/api/v1/projects/{project.slug}/items/i0/").json()
    page = browser_of(lea).get(reverse("item", args=[project.slug, "i0"]))

    marks = [(label["annotator"], label["round"], label["round_kind"], label["occurrence"]) for label in body["labels"]]
    assert sorted(marks) == [
        ("ana", "initial", "initial", 1),
        ("ana", "repeats", "repeat", 2),
        ("ben", "initial", "initial", 1),
    ]
    assert body["n_labels"] == 2
    assert [label.answer.round.key for label in page.context["control"]] == ["repeats"]
    assert len(page.context["labels"]) == 2
    assert "Answers that measure the person" in page.content.decode()
