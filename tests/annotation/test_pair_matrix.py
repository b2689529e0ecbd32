"""Who has labeled the same items, and whether everybody can be compared."""

import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from annotation.models import Member, PairMeeting, Project, Round
from annotation.selectors.pairs import connected, pair_matrix
from annotation.services.projects import update_project
from annotation.services.queue import claim_next
from annotation.services.submission import submit_annotation
from tests.factories.annotation import make_item, make_member, make_task

Who = Callable[[User], Member]


def label(member: Member, times: int = 1) -> None:
    for _ in range(times):
        task = claim_next(annotator=member)
        assert task is not None
        submit_annotation(
            annotator=member, lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4()
        )  # fmt: skip


@pytest.fixture
def three(project: Project, ana: User, ben: User, cho: User, member_of: Who) -> list[Member]:
    make_member(project, cho)
    for n in range(4):
        make_task(make_item(project, f"m{n}"), overlap=2)
    return [member_of(user) for user in (ana, ben, cho)]


def test_pairs_share_the_tasks_that_both_have_answered(project: Project, three: list[Member]) -> None:
    ana, ben, cho = three
    label(ana, 2)
    label(ben, 3)
    label(cho, 2)
    assert claim_next(annotator=cho) is None  # ana has m0, m1; ben has m0, m1, m2; cho the rest

    matrix = pair_matrix(project)
    assert [person.name for person in matrix.people] == ["ana", "ben", "cho"]
    assert matrix.shared == [[2, 2, 0], [2, 3, 1], [0, 1, 2]]
    assert matrix.groups == [["ana", "ben", "cho"]]
    assert matrix.short_of(2) == [("ana", "cho", 0), ("ben", "cho", 1)]
    assert matrix.short_of(1) == [("ana", "cho", 0)]


def test_who_is_paused_or_left_need_not_meet_anybody_and_control_rounds_do_not_count(
    project: Project, three: list[Member], lea: User
) -> None:
    ana, ben, cho = three
    label(ana)
    label(ben)
    Member.objects.filter(pk=ben.pk).update(is_active=False)
    assert [person.name for person in pair_matrix(project).people] == ["ana", "cho"]
    Member.objects.filter(pk=ben.pk).update(is_active=True)
    assert pair_matrix(project).shared[0][1] == 1
    Round.objects.filter(project=project, key="initial").update(kind="repeat")
    assert pair_matrix(project).shared == [[0] * 3] * 3


def test_meetings_are_counted_from_the_seats_when_a_project_begins_to_want_them(
    project: Project, three: list[Member], lea: User
) -> None:
    ana, ben, _ = three
    label(ana, 2)
    label(ben)
    assert not PairMeeting.objects.exists()
    update_project(actor=lea, project=project, overlap={"labels_per_item": 2, "shared_per_pair": 20})
    assert list(PairMeeting.objects.values_list("first", "second", "shared")) == [(ana.pk, ben.pk, 1)]
    label(ben)
    update_project(actor=lea, project=project, overlap={"labels_per_item": 2, "shared_per_pair": 30})
    assert PairMeeting.objects.get().shared == 2


def test_a_project_without_people_has_an_empty_matrix(project: Project) -> None:
    Member.objects.filter(project=project).update(is_active=False)
    matrix = pair_matrix(project)
    assert (matrix.people, matrix.shared, matrix.groups, matrix.short_of(5)) == ([], [], [], [])


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=12))
def test_groups_are_those_of_repeated_merging(edges: list[tuple[int, int]]) -> None:
    names, shared = [str(n) for n in range(8)], [[0] * 8 for _ in range(8)]
    label_of = list(range(8))
    for a, b in edges:
        shared[a][b] = shared[b][a] = 1
        label_of = [label_of[a] if label == label_of[b] else label for label in label_of]
    merged: dict[int, list[str]] = {}
    for name, group in zip(names, label_of, strict=True):
        merged.setdefault(group, []).append(name)
    assert sorted(connected(names, shared)) == sorted(merged.values())
