"""Slice contracts change while work runs: lanes, seats, cohorts and counts follow; what people did stays."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.errors import InvalidInput, NotFound
from accounts.models import AuditEvent, User
from annotation.lanes import lane_of, seats_of_item
from annotation.models import Assignment, Item, LaneCount, Member, Project, Round, SliceContract, Task
from annotation.overlap import parse_overlap
from annotation.selectors.contracts import lanes_of
from annotation.services.contracts import ContractEnded, add_contract, change_contract, end_contract
from annotation.services.invariants import broken_invariants
from annotation.services.lanes import LANE_OF_ITEM
from annotation.services.projects import update_project
from annotation.services.queue import claim_next
from annotation.services.rounds import reopen_under_new_major
from annotation.services.submission import submit_annotation
from tests.factories.accounts import make_user
from tests.factories.annotation import make_item, make_member, make_task
from tests.factories.guidelines import make_version

Who = Callable[[User], Member]
GERMAN: dict[str, Any] = {"slice": {"language": "de"}, "target_labels": 10}
MIX: dict[str, Any] = {"slice": {"language": "de"}, "cohort_key": "site", "least_cohorts": 2}


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Two German and two English ones, with two open seats each."""
    made = [make_item(project, f"m{n}", language=language) for n, language in enumerate(["de", "en", "de", "en"])]
    for item in made:
        make_task(item)
    return made


def lanes() -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for name, lane in Assignment.objects.values_list("task__item__external_id", "lane"):
        found.setdefault(name, set()).add(lane)
    return found


def seat_counts() -> dict[str, int]:
    return dict(Task.objects.values_list("item__external_id", "overlap"))


def counted() -> dict[tuple[str, int], int]:
    rows = LaneCount.objects.filter(taken__gt=0).select_related("annotator")
    return {(row.annotator.name, row.lane): row.taken for row in rows}


def label(member: Member) -> str:
    task = claim_next(annotator=member)
    assert task is not None
    submit_annotation(
        annotator=member, lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4()
    )  # fmt: skip
    return task.item.external_id


def mixed(external_id: str) -> list[tuple[int, str, bool, str | None]]:
    seats = Assignment.objects.filter(task__item__external_id=external_id).exclude(state="withdrawn")
    return list(seats.order_by("slot").values_list("slot", "state", "needs_cohort", "cohort"))


def test_a_contract_takes_the_seats_of_its_slice_and_ends(project: Project, lea: User, items: list[Item]) -> None:
    contract = add_contract(actor=lea, project=project, terms=GERMAN)

    assert lanes() == {"m0": {1}, "m1": {0}, "m2": {1}, "m3": {0}}
    event = AuditEvent.objects.get(action="contract.added")
    assert (event.target, event.facts["terms"]["slice"]) == ("1", {"language": "de"})

    end_contract(actor=lea, project=project, number=contract.number)
    end_contract(actor=lea, project=project, number=contract.number)
    assert lanes() == {"m0": {0}, "m1": {0}, "m2": {0}, "m3": {0}}
    assert AuditEvent.objects.filter(action="contract.ended").count() == 1


def test_numbers_are_never_used_again(project: Project, lea: User) -> None:
    numbers = []
    for _ in range(3):
        contract = add_contract(actor=lea, project=project, terms=GERMAN)
        numbers.append(contract.number)
        end_contract(actor=lea, project=project, number=contract.number)
    assert numbers == [1, 2, 3]
    with pytest.raises(ContractEnded):
        change_contract(actor=lea, project=project, number=2, target_labels=5)
    with pytest.raises(NotFound):
        change_contract(actor=lea, project=project, number=9, target_labels=5)


def test_the_first_contract_by_number_takes_an_item_and_the_next_one_when_it_ends(
    project: Project, lea: User, items: list[Item]
) -> None:
    Project.objects.filter(pk=project.pk).update(slices=["language", "channel"])
    make_task(make_item(project, "mail", language="de", channel="mail"))
    narrow = GERMAN | {"slice": {"language": "de", "channel": "mail"}}
    add_contract(actor=lea, project=project, terms=narrow)
    add_contract(actor=lea, project=project, terms=GERMAN)
    assert (lanes()["mail"], lanes()["m0"]) == ({1}, {2})

    end_contract(actor=lea, project=project, number=1)
    assert lanes()["mail"] == {2}
    with pytest.raises(InvalidInput) as refused:  # it would never get an item
        add_contract(actor=lea, project=project, terms=narrow)
    assert [(error.path, error.code) for error in refused.value.errors] == [("slice", "slice_taken")]
    with pytest.raises(InvalidInput):
        add_contract(actor=lea, project=project, terms=GERMAN)
    assert SliceContract.objects.filter(is_active=True).count() == 1


def test_database_and_pure_function_find_the_same_lane(project: Project, lea: User) -> None:
    Project.objects.filter(pk=project.pk).update(slices=["language", "score"])
    for value in ("1", "1.5", "1.0", "true", "10000000000000000000000", "0.0000001", "0"):
        add_contract(actor=lea, project=project, terms={"slice": {"score": value}, "target_labels": 1})
    values = ["1", 1, 1.5, 1.0, True, 1e22, 1e-7, 0, False, None, "true", "x", -1]
    for n, value in enumerate(values):
        make_item(project, f"m{n}", score=value)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT meta, {LANE_OF_ITEM} FROM annotation_item item ORDER BY id")  # noqa: S608
        rows = cursor.fetchall()
    found = [lane for _, lane in rows]
    stored = [item.meta for item in Item.objects.order_by("pk")]
    assert [lane_of(lanes_of(project.pk), meta) for meta in stored] == found
    assert found == [1, 1, 2, 3, 4, 5, 6, 7, 0, 0, 4, 0, 0]


def test_its_own_share_gives_the_slice_the_seats_that_an_import_would(
    project: Project, lea: User, items: list[Item]
) -> None:
    terms = GERMAN | {"overlap_share": 1.0, "shared_labels": 4}
    add_contract(actor=lea, project=project, terms=terms)
    assert seat_counts() == {"m0": 4, "m1": 2, "m2": 4, "m3": 2}
    policy, contracts = parse_overlap(project.overlap), lanes_of(project.pk)
    for item in items:
        wanted = seats_of_item(
            policy, contracts, item_key=item.external_id, meta=item.meta, seed=project.pseudonym_salt
        )  # fmt: skip
        assert seat_counts()[item.external_id] == wanted

    change_contract(actor=lea, project=project, number=1, overlap_share=0.0, shared_labels=3)
    assert seat_counts() == {"m0": 2, "m1": 2, "m2": 2, "m3": 2}
    assert broken_invariants() == []


def test_what_people_hold_and_answered_is_counted_in_the_new_lane(
    project: Project, lea: User, ana: User, ben: User, member_of: Who, items: list[Item]
) -> None:
    label(member_of(ana)), label(member_of(ana))  # m0 and m1
    assert claim_next(annotator=member_of(ben)) is not None  # m0
    assert counted() == {("ana", 0): 2, ("ben", 0): 1}

    add_contract(actor=lea, project=project, terms=GERMAN)
    assert counted() == {("ana", 0): 1, ("ana", 1): 1, ("ben", 1): 1}
    change_contract(actor=lea, project=project, number=1, slice={"language": "en"})
    assert counted() == {("ana", 0): 1, ("ana", 1): 1, ("ben", 0): 1}
    end_contract(actor=lea, project=project, number=1)
    assert counted() == {("ana", 0): 2, ("ben", 0): 1}
    assert broken_invariants() == []


def test_who_was_told_nothing_is_left_is_asked_again(
    project: Project, lea: User, ana: User, member_of: Who, items: list[Item]
) -> None:
    add_contract(actor=lea, project=project, terms=GERMAN | {"skills": ["german"]})
    assert [label(member_of(ana)) for _ in range(2)] == ["m1", "m3"]
    assert claim_next(annotator=member_of(ana)) is None

    change_contract(actor=lea, project=project, number=1, skills=[])
    assert label(member_of(ana)) == "m0"


def test_the_first_seats_wait_for_different_cohorts(project: Project, lea: User, items: list[Item]) -> None:
    update_project(actor=lea, project=project, overlap={"labels_per_item": 3})
    add_contract(actor=lea, project=project, terms=MIX)
    assert mixed("m0") == [(1, "open", True, None), (2, "open", True, None), (3, "open", False, None)]
    assert mixed("m1") == [(slot, "open", False, None) for slot in (1, 2, 3)]
    end_contract(actor=lea, project=project, number=1)
    assert mixed("m0") == [(slot, "open", False, None) for slot in (1, 2, 3)]


def test_people_who_sit_in_a_task_count_once_for_each_cohort(
    project: Project, lea: User, ana: User, ben: User, cho: User, member_of: Who
) -> None:
    make_member(project, cho)
    for user, site in ((ana, "Pune"), (ben, "Pune"), (cho, "Lisbon")):
        Member.objects.filter(project=project, user=user).update(cohorts={"site": site})
    make_task(make_item(project, "m0", language="de"), overlap=3)
    Project.objects.filter(pk=project.pk).update(overlap={"labels_per_item": 3})
    label(member_of(ana))
    assert claim_next(annotator=member_of(ben)) is not None

    add_contract(actor=lea, project=project, terms=MIX)
    assert mixed("m0") == [
        (1, "submitted", True, "Pune"), (2, "leased", False, None), (3, "open", True, None),
    ]  # fmt: skip
    dan = make_member(project, make_user("dan"), cohorts={"site": "Pune"})
    assert claim_next(annotator=dan) is None
    assert label(member_of(cho)) == "m0"
    assert mixed("m0")[2] == (3, "submitted", True, "Lisbon")

    change_contract(actor=lea, project=project, number=1, cohort_key="country")
    assert [needs for _, _, needs, _ in mixed("m0")] == [False, False, False]
    change_contract(actor=lea, project=project, number=1, cohort_key="site")
    assert [cohort for *_, cohort in mixed("m0")] == ["Pune", None, "Lisbon"]
    assert broken_invariants() == []


def test_closed_rounds_keep_their_seats_and_superseded_tasks_their_lanes(
    project: Project, lea: User, items: list[Item]
) -> None:
    Task.objects.filter(item=items[0]).update(state="superseded")
    add_contract(actor=lea, project=project, terms=GERMAN | {"overlap_share": 1.0, "shared_labels": 3})
    assert lanes()["m0"] == {0}
    assert seat_counts() == {"m0": 2, "m1": 2, "m2": 3, "m3": 2}
    Round.objects.filter(project=project).update(state="closed")
    change_contract(actor=lea, project=project, number=1, shared_labels=5)
    assert seat_counts()["m2"] == 3


def test_a_term_that_the_overlap_cannot_keep_is_refused_and_nothing_changes(
    project: Project, lea: User, items: list[Item]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        add_contract(actor=lea, project=project, terms=MIX | {"least_cohorts": 3})
    assert [(error.path, error.code) for error in refused.value.errors] == [("least_cohorts", "too_few_labels")]
    assert not SliceContract.objects.exists()
    assert set.union(*lanes().values()) == {0}
    assert not AuditEvent.objects.filter(action="contract.added").exists()


@pytest.mark.parametrize(
    ("changes", "path"), [({"overlap": {"labels_per_item": 1}}, "overlap"), ({"slices": []}, "slices")]
)
def test_a_policy_that_breaks_a_contract_is_refused_with_its_number(
    project: Project, lea: User, items: list[Item], changes: dict[str, Any], path: str
) -> None:
    add_contract(actor=lea, project=project, terms=MIX)
    with pytest.raises(InvalidInput) as refused:
        update_project(actor=lea, project=project, **changes)
    assert [(error.path, error.code) for error in refused.value.errors] == [(path, "breaks_a_contract")]
    assert "Contract 1" in refused.value.errors[0].detail
    assert seat_counts() == dict.fromkeys(("m0", "m1", "m2", "m3"), 2)
    end_contract(actor=lea, project=project, number=1)
    update_project(actor=lea, project=project, **changes)


def test_a_higher_overlap_adds_seats_in_the_lane_of_the_item(project: Project, lea: User, items: list[Item]) -> None:
    add_contract(actor=lea, project=project, terms=MIX)
    update_project(actor=lea, project=project, overlap={"labels_per_item": 4})
    assert lanes() == {"m0": {1}, "m1": {0}, "m2": {1}, "m3": {0}}
    assert [needs for _, _, needs, _ in mixed("m2")] == [True, True, False, False]


def test_a_major_version_asks_again_in_the_lanes_of_the_contracts(
    project: Project, lea: User, items: list[Item]
) -> None:
    add_contract(actor=lea, project=project, terms=MIX)
    make_version(project.guideline, lea)
    assert reopen_under_new_major(Round.objects.get(project=project, key="initial")) == 4
    fresh = Assignment.objects.filter(task__major=2, state="open")
    assert set(fresh.values_list("task__item__external_id", "lane", "needs_cohort")) == {
        ("m0", 1, True), ("m1", 0, False), ("m2", 1, True), ("m3", 0, False),
    }  # fmt: skip
