"""Fifty people at once where seats differ: for cohorts, for one person alone, added and dropped as answers come."""

import random
import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from accounts.errors import DomainError
from annotation.models import (
    Annotation,
    Assignment,
    GoldLabel,
    Item,
    Lease,
    Member,
    Project,
    Round,
    SliceContract,
    Task,
)
from annotation.selectors.work import LeasedTask
from annotation.services.projects import update_project
from annotation.services.queue import (
    claim_ahead,
    claim_next,
    expire_leases,
    release_lease,
    skip_task,
)
from annotation.services.submission import submit_and_claim, submit_annotation
from annotation.services.tasks import open_tasks
from tests.concurrency.racing import race
from tests.factories.annotation import make_item
from tests.factories.work import let_run_out

pytestmark = pytest.mark.xdist_group("races")
Crowd = Callable[[int], list[Member]]


def answer(member: Member, task: LeasedTask, intent: str = "refund") -> None:
    submit_annotation(
        annotator=member, lease_id=task.lease.id, answer={"intent": intent}, submission_id=uuid.uuid4()
    )  # fmt: skip


def open_items(project: Project, number: int, overlap: int, **meta: str) -> list[Item]:
    items = [make_item(project, f"{'-'.join(meta.values()) or 'm'}{n:03}", **meta) for n in range(number)]
    round_ = Round.objects.get(project=project, kind="initial")
    open_tasks(round=round_, major=1, items=[(item.pk, overlap, 0) for item in items])
    return items


def label_until_empty(member: Member, choose: Callable[[], str] = lambda: "refund") -> int:
    done = 0
    task = claim_next(annotator=member)
    while task is not None:
        both = submit_and_claim(
            annotator=member, lease_id=task.lease.id, answer={"intent": choose()}, submission_id=uuid.uuid4()
        )
        done += 1
        task = both.next
        if both.refusal is not None:
            raise both.refusal
    return done


def test_every_item_gets_its_cohorts_whoever_is_faster(racing_project: Project, crowd: Crowd) -> None:
    people = crowd(50)
    for n, member in enumerate(people):
        Member.objects.filter(pk=member.pk).update(cohorts={"site": "Pune" if n % 5 else "Lisbon"})
    SliceContract.objects.create(
        project=racing_project, number=1, slice={"language": "de"}, target_labels=120, cohort_key="site",
        least_cohorts=2,
    )  # fmt: skip
    open_items(racing_project, 40, 3, language="de")

    results = race([partial(label_until_empty, member) for member in people])

    assert sum(n for n in results if isinstance(n, int)) == 120
    sites: dict[int, set[str]] = {}
    for item, cohorts in Annotation.objects.values_list("item", "annotator__cohorts"):
        sites.setdefault(item, set()).add(cohorts["site"])
    assert list(sites.values()) == [{"Pune", "Lisbon"}] * 40


def test_gold_for_fifty_at_once_is_each_persons_own_and_once(racing_project: Project, crowd: Crowd) -> None:
    people = crowd(50)
    for n in range(5):
        GoldLabel.objects.create(
            project=racing_project, item=make_item(racing_project, f"g{n}"), answer={"intent": "refund"},
            created_by=racing_project.created_by, created_at=timezone.now(),
        )  # fmt: skip
    Project.objects.filter(pk=racing_project.pk).update(gold_rate=0.5)
    open_items(racing_project, 100, 3)

    results = race([partial(label_until_empty, member) for member in people])

    gold = Assignment.objects.filter(purpose="gold")
    assert gold.exists()
    assert max(Counter(gold.values_list("annotator", "task__item")).values()) == 1
    assert Annotation.objects.filter(round__kind="initial").count() == 300
    assert sum(n for n in results if isinstance(n, int)) == 300 + gold.count()


def test_adaptive_overlap_under_fifty_ends_sure_or_at_the_cap(racing_project: Project, crowd: Crowd) -> None:
    people = crowd(50)
    policy = {"labels_per_item": 2, "adaptive": {"max_labels": 5, "stop_at_posterior": 0.95}}
    update_project(actor=racing_project.created_by, project=racing_project, overlap=policy)
    open_items(racing_project, 60, 2)

    choose = partial(random.choice, ["refund", "billing"])
    race([partial(label_until_empty, member, choose) for member in people])
    for member in people * 3:  # the last answers ask for more, when most have gone home
        label_until_empty(member, choose)

    tasks = list(Task.objects.all())
    given = Counter(Annotation.objects.values_list("assignment__task", flat=True))
    for task in tasks:
        assert task.posterior is not None
        assert (task.state, task.posterior >= 0.95) in {("done", True), ("needs_lead", False)}
        assert 2 <= given[task.pk] <= 5
        assert task.state == "done" or given[task.pk] == 5
    assert {task.state for task in tasks} == {"done", "needs_lead"}
    assert not Assignment.objects.filter(state__in=["open", "leased"]).exists()


class Storm:
    """People who answer, skip, walk away, open a second tab and look ahead, while the lead changes what is asked."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.told_wrongly: list[str] = []

    def work(self, member: Member, seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(40):
            try:
                task = claim_next(annotator=member)
                if task is None:
                    return
                self._do_something(dice, member, task)
            except DomainError:
                continue  # the other tab was there first, or the lead

    def _do_something(self, dice: random.Random, member: Member, task: LeasedTask) -> None:
        what = dice.random()
        if what < 0.08:
            skip_task(annotator=member, lease_id=task.lease.id, reason="unclear")
        elif what < 0.14:
            release_lease(annotator=member, lease_id=task.lease.id)
        elif what < 0.22:
            let_run_out(task)
        else:
            if what < 0.5:
                claim_ahead(annotator=member)
            answer(member, task, dice.choice(["refund", "billing"]))

    def lead(self) -> None:
        lead = self.project.created_by
        for labels in (2, 4, 3):
            update_project(actor=lead, project=self.project, overlap={"labels_per_item": labels})
        again = Round.objects.create(project=self.project, key="relabel-1", kind="relabel", major=1)
        items = Item.objects.order_by("pk").values_list("pk", flat=True)[:20]
        open_tasks(round=again, major=1, items=[(pk, 2, -10) for pk in items])

    def sweep(self) -> None:
        for _ in range(20):
            expire_leases()


def test_a_storm_leaves_nothing_over_short_or_twice(racing_project: Project, crowd: Crowd) -> None:
    people = crowd(50)
    open_items(racing_project, 200, 3)
    storm = Storm(racing_project)
    tabs: list[Callable[[], Any]] = [partial(storm.work, member, n) for n, member in enumerate(people)]
    tabs += [partial(storm.work, member, 1000 + n) for n, member in enumerate(people[:10])]

    race([*tabs, storm.lead, storm.sweep])

    # What is left is done in peace, by everybody; then nothing is left that anybody could still take.
    for _ in range(3):
        expire_leases()
        for member in people:
            label_until_empty(member)
    assert not Lease.objects.filter(ended_at=None).exists()
    per_task = Task.objects.filter(state="done").values_list("pk", "overlap")
    given = Counter(Annotation.objects.filter(superseded_at=None).values_list("assignment__task", flat=True))
    assert all(given[pk] == overlap for pk, overlap in per_task)
    pairs = Annotation.objects.filter(superseded_at=None).values_list("assignment__task", "annotator")
    assert max(Counter(pairs).values()) == 1
    assert Task.objects.filter(state="open").count() == 0
    left = Task.objects.exclude(state="done").values_list("state", "desk_reason")
    assert set(left) <= {("needs_lead", "abandoned"), ("needs_lead", "skipped")}
