"""Adaptive overlap: enough when the answers settle it, one more when they do not, the lead at the cap."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from annotation.models import Assignment, Item, Lease, Member, Project, Task
from annotation.services.contracts import add_contract
from annotation.services.invariants import broken_invariants
from annotation.services.projects import update_project
from annotation.services.queue import claim_next
from annotation.services.submission import amend_annotation, undo_last_submission
from annotation.services.tasks import open_tasks
from tests.factories.accounts import make_user
from tests.factories.annotation import make_item, make_member
from tests.factories.work import answer, claimed, label

Who = Callable[[User], Member]


@pytest.fixture
def people(project: Project) -> list[Member]:
    return [make_member(project, make_user(f"p{n}")) for n in range(6)]


@pytest.fixture
def adaptive(project: Project, lea: User) -> Callable[..., Task]:
    """`adaptive(labels=2, most=4)` is a task under that policy."""

    def make(labels: int = 2, most: int = 4, stop_at: float = 0.95) -> Task:
        policy = {"labels_per_item": labels, "adaptive": {"max_labels": most, "stop_at_posterior": stop_at}}
        update_project(actor=lea, project=project, overlap=policy)
        item = make_item(project, f"m{Item.objects.count()}")
        open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(item.pk, labels, 0)])
        return Task.objects.get(item=item)

    return make


def state(task: Task) -> tuple[str, str, int, list[str]]:
    task.refresh_from_db()
    seats = task.assignments.exclude(state="withdrawn").order_by("slot").values_list("state", flat=True)
    return task.state, task.desk_reason, task.overlap, list(seats)


def test_agreement_settles_a_task(adaptive: Any, people: list[Member]) -> None:
    task = adaptive()

    label(people[0])
    label(people[1])

    assert state(task) == ("done", "", 2, ["submitted", "submitted"])
    assert task.posterior == pytest.approx(0.64 / (0.64 + 2 * 0.1**2))  # three options, accuracy .8
    assert claim_next(annotator=people[2]) is None


def test_disagreement_asks_one_more_and_says_so(adaptive: Any, people: list[Member]) -> None:
    task = adaptive()
    assert claim_next(annotator=people[5]) is not None
    label(people[0], "refund")
    answer(people[5], claimed(people[5]), "billing")

    assert state(task) == ("open", "", 3, ["submitted", "submitted", "open"])
    lease = label(people[2], "refund")

    assert (lease.reason, lease.facts) == ("adaptive", {"label": 3})
    assert state(task) == ("open", "", 4, ["submitted"] * 3 + ["open"])  # two to one: .89
    label(people[3], "refund")
    assert state(task) == ("done", "", 4, ["submitted"] * 4)
    assert broken_invariants() == []


def test_at_the_cap_it_is_the_leads(adaptive: Any, people: list[Member]) -> None:
    task = adaptive()
    for who, intent in zip(people, ["refund", "billing", "refund", "billing"], strict=False):
        label(who, intent)

    assert state(task) == ("needs_lead", "disagreement", 4, ["submitted"] * 4)
    assert claim_next(annotator=people[4]) is None
    assert broken_invariants() == []


def test_known_good_annotators_settle_it_sooner(adaptive: Any, people: list[Member]) -> None:
    Member.objects.filter(pk=people[0].pk).update(accuracy=0.97)
    task = adaptive(labels=3, most=5)

    label(people[0])

    assert state(task) == ("done", "", 1, ["submitted"])
    assert Assignment.objects.filter(task=task, state="withdrawn").count() == 2
    assert broken_invariants() == []


def test_what_somebody_holds_when_it_is_settled_still_counts(adaptive: Any, people: list[Member]) -> None:
    task = adaptive(labels=3, most=5)
    held = claimed(people[5])
    label(people[0])
    label(people[1])

    assert state(task) == ("open", "", 3, ["leased", "submitted", "submitted"])
    answer(people[5], held)
    assert state(task) == ("done", "", 3, ["submitted"] * 3)
    assert broken_invariants() == []


def test_an_amended_answer_is_judged_again(adaptive: Any, people: list[Member]) -> None:
    task = adaptive()
    first = answer(people[0], claimed(people[0]))
    label(people[1])
    assert state(task)[0] == "done"

    amend_annotation(
        annotator=people[0], annotation_id=first.public_id, answer={"intent": "other"}, submission_id=uuid.uuid4()
    )

    assert state(task) == ("open", "", 3, ["submitted", "submitted", "open"])
    assert broken_invariants() == []


def test_an_answer_taken_back_opens_the_task_and_settles_it_again(adaptive: Any, people: list[Member]) -> None:
    task = adaptive()
    label(people[0])
    label(people[1], "billing")
    again = undo_last_submission(annotator=people[1])
    assert state(task) == ("open", "", 3, ["submitted", "leased", "open"])

    answer(people[1], again, "refund")

    assert state(task) == ("done", "", 2, ["submitted", "submitted"])
    assert broken_invariants() == []


def test_ratings_are_classes_of_their_scale(adaptive: Any, people: list[Member]) -> None:
    task = adaptive()
    for who, urgency in ((people[0], 1), (people[1], 5)):
        answer(who, claimed(who), "refund", urgency=urgency)

    assert state(task)[2] == 3  # the intent is settled, the urgency is not


def test_turning_it_on_caps_tasks_that_wait_and_leaves_finished_ones(
    project: Project, lea: User, people: list[Member]
) -> None:
    items = [make_item(project, f"m{n}") for n in range(2)]
    open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(item.pk, 2, 0) for item in items])
    label(people[0])
    label(people[1], "billing")
    adaptive = {"labels_per_item": 2, "adaptive": {"max_labels": 3, "stop_at_posterior": 0.9}}

    update_project(actor=lea, project=project, overlap=adaptive)

    assert set(Task.objects.values_list("most_labels", "overlap")) == {(3, 2)}
    assert Task.objects.get(item=items[0]).state == "done"
    label(people[2])
    label(people[3], "billing")
    assert Task.objects.get(item=items[1]).overlap == 3


def test_turning_it_off_follows_the_plain_policy_again(adaptive: Any, project: Project, lea: User, people: Any) -> None:
    task = adaptive()
    label(people[0])
    label(people[1], "billing")
    assert state(task)[2] == 3

    update_project(actor=lea, project=project, overlap={"labels_per_item": 2})

    assert state(task) == ("done", "", 2, ["submitted", "submitted"])
    assert (task.most_labels, task.posterior) == (None, None)
    assert Lease.objects.filter(reason="adaptive").count() == 0
    assert broken_invariants() == []


def test_the_cap_is_never_under_what_a_contract_asks_for(project: Project, lea: User) -> None:
    items = [make_item(project, "m0", language="de"), make_item(project, "m1", language="en")]
    open_tasks(round=project.rounds.get(key="initial"), major=1, items=[(item.pk, 1, 0) for item in items])
    adaptive = {"labels_per_item": 1, "adaptive": {"max_labels": 2, "stop_at_posterior": 0.9}}
    update_project(actor=lea, project=project, overlap=adaptive)

    add_contract(
        actor=lea, project=project,
        terms={"slice": {"language": "de"}, "target_labels": 10, "overlap_share": 1.0, "shared_labels": 4},
    )  # fmt: skip

    shown = Task.objects.order_by("item__external_id").values_list("overlap", "most_labels")
    assert list(shown) == [(4, 4), (1, 2)]
