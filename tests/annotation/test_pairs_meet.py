"""Every two people share items, however they come and go, where the project asks for it."""

import random
from itertools import combinations

import pytest

from accounts.models import User
from annotation.models import Item, Member, PairMeeting, Project
from annotation.services.invariants import broken_invariants
from annotation.services.pairs import recount_meetings
from annotation.services.queue import claim_next
from annotation.services.submission import undo_last_submission
from annotation.services.tasks import open_tasks
from tests.factories.accounts import make_user
from tests.factories.annotation import make_item, make_member
from tests.factories.work import answer, claimed, label


@pytest.fixture
def people(project: Project) -> list[Member]:
    return [make_member(project, make_user(f"p{n}")) for n in range(5)]


def fill(project: Project, number: int, overlap: int = 2) -> list[Item]:
    items = [make_item(project, f"m{n:03}") for n in range(number)]
    round_ = project.rounds.get(key="initial")
    open_tasks(round=round_, major=1, items=[(item.pk, overlap, 0) for item in items])
    return items


def meetings(people: list[Member]) -> dict[tuple[int, int], int]:
    kept = {(each.first_id, each.second_id): each.shared for each in PairMeeting.objects.all()}
    ids = sorted(person.pk for person in people)
    return {pair: kept.get(pair, 0) for pair in combinations(ids, 2)}


def work_in_lockstep(people: list[Member], dice: random.Random) -> None:
    """Two who always come together, the others when they like: left alone, the two would only meet each other."""
    busy = set(people)
    while busy:
        first = dice.choice(people)
        for person in [people[0], people[1]] if first in people[:2] else [first]:
            task = claim_next(annotator=person)
            if task is None:
                busy.discard(person)
            else:
                answer(person, task)


def test_every_pair_meets_as_often_as_asked(project: Project, people: list[Member]) -> None:
    Project.objects.filter(pk=project.pk).update(overlap={"labels_per_item": 2, "shared_per_pair": 5})
    fill(project, 90)

    work_in_lockstep(people, random.Random(3))

    assert min(meetings(people).values()) >= 5
    assert sum(meetings(people).values()) == 90
    assert broken_invariants() == []


def test_without_being_asked_some_pairs_hardly_meet(project: Project, people: list[Member]) -> None:
    """What the spread is for: the same people in the same order, left alone."""
    fill(project, 90)

    work_in_lockstep(people, random.Random(3))

    recount_meetings(project.pk)
    assert min(meetings(people).values()) < 5
    assert sum(meetings(people).values()) == 90


def test_the_reason_names_the_pair(project: Project, people: list[Member]) -> None:
    Project.objects.filter(pk=project.pk).update(overlap={"labels_per_item": 2, "shared_per_pair": 1})
    fill(project, 10)
    label(people[0])
    for _ in range(3):
        label(people[1])  # the first beside p0, then two alone

    assert label(people[2]).reason == "pair"


def test_an_answer_taken_back_is_no_meeting(project: Project, people: list[Member]) -> None:
    Project.objects.filter(pk=project.pk).update(overlap={"labels_per_item": 2, "shared_per_pair": 5})
    fill(project, 3)
    label(people[0])
    label(people[1])
    assert max(meetings(people).values()) == 1

    again = undo_last_submission(annotator=people[1])

    assert max(meetings(people).values()) == 0
    answer(people[1], again)
    assert max(meetings(people).values()) == 1
    assert broken_invariants() == []


def test_what_is_urgent_comes_before_a_meeting(project: Project, people: list[Member], lea: User) -> None:
    Project.objects.filter(pk=project.pk).update(overlap={"labels_per_item": 2, "shared_per_pair": 5})
    fill(project, 3)
    label(people[0])
    urgent = make_item(project, "urgent")
    open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(urgent.pk, 1, -3)])

    assert claimed(people[1]).item.external_id == "urgent"
