"""The queue against a simple model of it: whatever people do in whatever order, both say the same of every seat."""

import os
import random
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.errors import DomainError
from accounts.models import User
from annotation.models import Annotation, Assignment, GoldLabel, Lease, Member, Project, Round
from annotation.selectors.work import LeasedTask
from annotation.services import control_items
from annotation.services.clock import reorder
from annotation.services.invariants import broken_invariants
from annotation.services.leases import ABANDONED_AFTER
from annotation.services.projects import update_project
from annotation.services.queue import claim_ahead, claim_next, expire_leases, release_lease, skip_task
from annotation.services.refusals import AlreadyAnswered, LeaseExpired, NothingToUndo
from annotation.services.submission import submit_annotation, undo_last_submission
from annotation.services.tasks import open_tasks
from tests.factories.accounts import make_user
from tests.factories.annotation import make_item, make_member, make_project
from tests.factories.guidelines import make_guideline, make_version

PEOPLE = st.integers(0, 3)
# Of 200 steps each, four times: 2,400 steps every time, 10,400 with CONCORD_QUEUE_WALKS=13, which takes five minutes.
WALKS = int(os.environ.get("CONCORD_QUEUE_WALKS", "3"))
numbers = count()


@dataclass
class Seat:
    task: int
    rank: int
    state: str = "open"
    holder: int | None = None
    epoch: int = 0
    is_over: bool = False  # its lease's time has passed, and nobody has swept it
    gold: int | None = None  # the item, of a seat that was made for its holder alone


@dataclass
class Person:
    member: Member
    held: int | None = None  # the seat
    lease: uuid.UUID | None = None
    ahead: tuple[int, uuid.UUID] | None = None  # seat and lease of the item after it
    had_gold: set[int] = field(default_factory=set)
    skipped: set[int] = field(default_factory=set)
    last: int | None = None  # the seat of the last answer, while it can be taken back
    old_leases: list[tuple[uuid.UUID, int, int, str]] = field(default_factory=list)  # lease, seat, epoch, how it ended
    keys: list[tuple[uuid.UUID, uuid.UUID, int]] = field(default_factory=list)  # lease, submission, annotation


class QueueMachine(RuleBasedStateMachine):
    @initialize(overlap=st.integers(1, 3), seed=st.integers(0, 99))
    def begin(self, overlap: int, seed: int) -> None:
        control_items._dice.seed(seed)  # replaced by a plain generator below, so that a failure can be played again
        self.lead: User = make_user(f"lead{next(numbers)}", may_start_projects=True)
        self.guideline = make_guideline(self.lead, f"g{next(numbers)}")
        self.project: Project = make_project(
            self.lead, self.guideline, f"p{next(numbers)}", overlap={"labels_per_item": overlap}
        )
        self.round = Round.objects.get(project=self.project, key="initial")
        self.people = [Person(make_member(self.project, make_user(f"u{next(numbers)}"))) for _ in range(4)]
        self.seats: dict[int, Seat] = {}
        self.superseded: set[int] = set()
        self.major = self.opened_major = 1
        self.is_paused = False
        self.expiries: dict[int, int] = {}
        self.gold = [make_item(self.project, f"g{next(numbers)}").pk for _ in range(3)]
        for item in self.gold:
            GoldLabel.objects.create(
                project=self.project, item_id=item, answer={"intent": "refund"}, created_by=self.lead,
                created_at=timezone.now(),
            )  # fmt: skip
        self.add_items(2, 0)

    # --- what the lead does ---------------------------------------------------------------------------------------

    @rule(number=st.integers(1, 2), priority=st.integers(-1, 1))
    def add_items(self, number: int, priority: int) -> None:
        items = [make_item(self.project, f"m{next(numbers)}") for _ in range(number)]
        overlap = self.project.overlap["labels_per_item"]
        open_tasks(round=self.round, major=self.opened_major, items=[(item.pk, overlap, -priority) for item in items])
        self._learn_new_seats()

    @rule(labels=st.integers(1, 3))
    def change_overlap(self, labels: int) -> None:
        if self.project.overlap != {"labels_per_item": labels}:
            self.project = update_project(actor=self.lead, project=self.project, overlap={"labels_per_item": labels})
            for task in {seat.task for seat in self.seats.values() if seat.gold is None} - self.superseded:
                self._resize(task, labels)

    def _resize(self, task: int, labels: int) -> None:
        mine = {key: seat for key, seat in self.seats.items() if seat.task == task and seat.state != "withdrawn"}
        surplus = len(mine) - labels
        for _, seat in sorted(mine.items(), reverse=True):
            if surplus > 0 and seat.state == "open":
                seat.state, surplus = "withdrawn", surplus - 1
        self._learn_new_seats()
        present = [seat for seat in self.seats.values() if seat.task == task and seat.state != "withdrawn"]
        assert len(present) == max(labels, sum(seat.holder is not None for seat in mine.values()))

    @precondition(lambda self: self.major < 3)
    @rule()
    def publish_major(self) -> None:
        make_version(self.guideline, self.lead, level="major")
        self.major += 1

    @rule(rate=st.sampled_from([0.0, 0.3]))
    def mix_in_gold(self, rate: float) -> None:
        Project.objects.filter(pk=self.project.pk).update(gold_rate=rate)

    @rule()
    def pause_or_resume_the_round(self) -> None:
        self.is_paused = not self.is_paused
        Round.objects.filter(pk=self.round.pk).update(state="paused" if self.is_paused else "open")
        if not self.is_paused:
            reorder(self.project.pk)

    @rule()
    def sweep(self) -> None:
        assert expire_leases(project_id=self.project.pk) == self._expire()

    # --- what people do -------------------------------------------------------------------------------------------

    @rule(who=PEOPLE)
    def claim(self, who: int) -> None:
        person = self.people[who]
        task = claim_next(annotator=person.member)
        if person.held is None and person.ahead is not None:
            (person.held, person.lease), person.ahead = person.ahead, None
        if person.held is not None:
            assert task is not None
            assert task.lease.id == person.lease
            self.seats[person.held].is_over = False
            return
        taken = self._handed_out(who, task)
        if task is not None and taken is not None:
            person.held, person.lease = taken, task.lease.id

    @rule(who=PEOPLE)
    def look_ahead(self, who: int) -> None:
        person = self.people[who]
        if person.held is None:
            return
        task = claim_ahead(annotator=person.member)
        if person.ahead is not None:
            assert task is not None
            assert task.lease.id == person.ahead[1]
            self.seats[person.ahead[0]].is_over = False
            return
        taken = self._handed_out(who, task)
        if task is not None and taken is not None:
            person.ahead = taken, task.lease.id

    def _handed_out(self, who: int, task: LeasedTask | None) -> int | None:
        """What a search may have come to: the best seat there is for them, gold in its place, or none if none is."""
        if not self._takeable(who):
            self._expire()
        if not self._takeable(who) and self.opened_major < self.major and not self.is_paused:
            self._reopen()
        best = self._takeable(who)
        if not best:
            assert task is None
            return None
        assert task is not None
        taken = Lease.objects.select_related("assignment__task").get(pk=task.lease.id).assignment
        if taken.purpose == "gold":
            self._gold_handed_out(who, taken.pk, taken.task.item_id, taken.task_id)
        else:
            assert taken.pk in best
            assert self.seats[taken.pk].rank == min(self.seats[key].rank for key in best)
        self._lease(who, taken.pk, task.lease.epoch)
        return taken.pk

    def _gold_handed_out(self, who: int, key: int, item: int, task: int) -> None:
        assert item in self.gold
        assert item not in self.people[who].had_gold
        self.people[who].had_gold.add(item)
        self.seats[key] = Seat(task, 0, gold=item)

    @rule(who=PEOPLE)
    def let_time_pass(self, who: int) -> None:
        person = self.people[who]
        for held in [person.held, person.ahead[0] if person.ahead else None]:
            if held is not None:
                Assignment.objects.filter(pk=held).update(leased_until=timezone.now() - timedelta(seconds=1))
                self.seats[held].is_over = True

    @rule(who=PEOPLE)
    def submit(self, who: int) -> None:
        person = self.people[who]
        if person.held is not None and person.lease is not None:
            seat, lease = person.held, person.lease
            self._store(who, seat, lease)
            person.held = person.lease = None

    @rule(who=PEOPLE)
    def submit_what_is_ahead(self, who: int) -> None:
        person = self.people[who]
        if person.ahead is not None:
            self._store(who, *person.ahead)
            person.ahead = None

    @rule(who=PEOPLE)
    def submit_late(self, who: int) -> None:
        person = self.people[who]
        if not person.old_leases:
            return
        lease, key, epoch, ending = person.old_leases[-1]
        seat = self.seats[key]
        sits = any(s.task == seat.task and s.holder == who for k, s in self.seats.items() if k != key)
        free = "open" if seat.gold is None else "withdrawn"
        if ending == "let go" and seat.state == free and seat.epoch == epoch and not sits:
            person.old_leases.pop()
            self._store(who, key, lease)
        else:
            self._refused(who, lease, AlreadyAnswered if ending == "submitted" else LeaseExpired)

    @rule(who=PEOPLE)
    def submit_again(self, who: int) -> None:
        person = self.people[who]
        if person.keys:
            lease, submission, annotation = person.keys[-1]
            again = submit_annotation(
                annotator=person.member, lease_id=lease, answer={"intent": "refund"}, submission_id=submission
            )
            assert (again.annotation.pk, again.is_replay) == (annotation, True)

    @rule(who=PEOPLE)
    def release(self, who: int) -> None:
        person = self.people[who]
        if person.lease is not None:
            release_lease(annotator=person.member, lease_id=person.lease)
            self._let_go(who, person.held)

    @rule(who=PEOPLE)
    def skip(self, who: int) -> None:
        person = self.people[who]
        if person.held is not None and person.lease is not None:
            skip_task(annotator=person.member, lease_id=person.lease)
            person.skipped.add(self.seats[person.held].task)
            self._let_go(who, person.held, "skipped")

    @rule(who=PEOPLE)
    def undo(self, who: int) -> None:
        person = self.people[who]
        last = person.last
        if last is None or self.seats[last].task in self.superseded:
            if last is None and person.held is not None:
                return  # an undo that was undone already may be shown again: tested by itself
            try:
                undo_last_submission(annotator=person.member)
            except NothingToUndo:
                return
            raise AssertionError("there was nothing to undo")
        for held in [person.held, person.ahead[0] if person.ahead else None]:
            self._let_go(who, held)
        task = undo_last_submission(annotator=person.member)
        seat = self.seats[last]
        seat.state, seat.holder = "open", None
        lease = next(old for old in reversed(person.old_leases) if old[1] == last)
        person.old_leases.remove(lease)
        person.old_leases.append((*lease[:3], "undone"))
        self._lease(who, last, task.lease.epoch)
        person.held, person.lease, person.last = last, task.lease.id, None

    # --- the model ------------------------------------------------------------------------------------------------

    def _learn_new_seats(self) -> None:
        known = Assignment.objects.filter(project=self.project).exclude(pk__in=list(self.seats))
        for key, task, rank in known.values_list("pk", "task_id", "rank"):
            self.seats[key] = Seat(task, rank)

    def _takeable(self, who: int) -> set[int]:
        if self.opened_major < self.major or self.is_paused:
            return set()
        mine = {seat.task for seat in self.seats.values() if seat.holder == who} | self.people[who].skipped
        abandoned = {task for task, times in self.expiries.items() if times >= ABANDONED_AFTER}
        left_out = mine | abandoned
        return {key for key, seat in self.seats.items() if seat.state == "open" and seat.task not in left_out}

    def _lease(self, who: int, key: int, epoch: int) -> None:
        seat = self.seats[key]
        seat.state, seat.holder, seat.epoch, seat.is_over = "leased", who, seat.epoch + 1, False
        assert epoch == seat.epoch

    def _let_go(self, who: int, key: int | None, ending: str = "let go") -> None:
        person = self.people[who]
        if key is None:
            return
        lease = person.lease if key == person.held else person.ahead[1] if person.ahead else None
        assert lease is not None
        seat = self.seats[key]
        person.old_leases.append((lease, key, seat.epoch, ending))
        seat.is_over = False
        if seat.gold is not None:
            seat.state = "withdrawn"  # and still theirs
        else:
            seat.state, seat.holder = "withdrawn" if seat.task in self.superseded else "open", None
        if key == person.held:
            person.held = person.lease = None
        else:
            person.ahead = None

    def _expire(self) -> int:
        over = [(seat.holder, key) for key, seat in self.seats.items() if seat.is_over]
        for who, key in over:
            assert who is not None
            self._let_go(who, key)
            self._count_expiry(self.seats[key])
        return len(over)

    def _count_expiry(self, seat: Seat) -> None:
        """The fifth time, a task waits for the lead: people rarely let so much run out here."""
        if seat.gold is None:
            self.expiries[seat.task] = self.expiries.get(seat.task, 0) + 1

    def _reopen(self) -> None:
        self.opened_major = self.major
        for task in {seat.task for seat in self.seats.values() if seat.gold is None} - self.superseded:
            seats = [seat for seat in self.seats.values() if seat.task == task]
            if any(seat.state in {"open", "leased"} for seat in seats):
                self.superseded.add(task)
                for seat in seats:
                    seat.state = "withdrawn" if seat.state == "open" else seat.state
        self._learn_new_seats()

    def _store(self, who: int, key: int, lease: uuid.UUID) -> None:
        person, submission = self.people[who], uuid.uuid4()
        stored = submit_annotation(
            annotator=person.member, lease_id=lease, answer={"intent": "refund"}, submission_id=submission
        )
        assert not stored.is_replay
        seat = self.seats[key]
        seat.state, seat.holder, seat.is_over = "submitted", who, False
        person.last = key
        person.old_leases.append((lease, key, seat.epoch, "submitted"))
        person.keys.append((lease, submission, stored.annotation.pk))

    def _refused(self, who: int, lease: uuid.UUID, refusal: type[DomainError]) -> None:
        before = Annotation.objects.count()
        try:
            submit_annotation(
                annotator=self.people[who].member,
                lease_id=lease,
                answer={"intent": "other"},
                submission_id=uuid.uuid4(),
            )
        except refusal:
            assert Annotation.objects.count() == before
            return
        raise AssertionError(f"{refusal.__name__} was due")

    @invariant()
    def both_say_the_same_of_every_seat(self) -> None:
        if not hasattr(self, "project"):
            return
        rows: Any = Assignment.objects.filter(project=self.project).values_list("pk", "state", "annotator", "epoch")
        holders = {None: None} | {who: person.member.pk for who, person in enumerate(self.people)}
        assert {key: rest for key, *rest in rows} == {
            key: [seat.state, holders[seat.holder], seat.epoch] for key, seat in self.seats.items()
        }

    def teardown(self) -> None:
        assert broken_invariants() == []


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(4))
def test_queue_does_what_the_model_does(part: int, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_items, "_dice", random.Random())
    run_state_machine_as_test(
        QueueMachine,
        settings=settings(
            max_examples=WALKS, stateful_step_count=200, deadline=None, database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )  # fmt: skip
