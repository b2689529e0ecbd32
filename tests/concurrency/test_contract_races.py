"""Contracts change under people who claim, answer, skip and let leases run out: counts and seats stay exact."""

import time
import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db.models import Count

from accounts.models import User
from annotation.models import Assignment, LaneCount, Member, Project, Task
from annotation.services.contracts import add_contract, change_contract, end_contract
from annotation.services.queue import claim_next, release_lease
from annotation.services.submission import submit_annotation
from tests.concurrency.racing import race
from tests.factories.annotation import make_item, make_task

pytestmark = pytest.mark.xdist_group("races")
Crowd = Callable[[int], list[Member]]
GERMAN: dict[str, Any] = {"slice": {"language": "de"}, "target_labels": 30}


def label_until_empty(member: Member) -> None:
    """Every third item is given back first, so that counts go down as well."""
    n = 0
    while (task := claim_next(annotator=member)) is not None:
        n += 1
        if n % 3 == 0:
            release_lease(annotator=member, lease_id=task.lease.id)
            continue
        submit_annotation(
            annotator=member, lease_id=task.lease.id, answer={"intent": "refund"}, submission_id=uuid.uuid4()
        )  # fmt: skip


def test_contracts_change_while_twenty_label(crowd: Crowd, racing_project: Project) -> None:
    people, lead = crowd(20), User.objects.get(username="lea")
    for n, member in enumerate(people):
        Member.objects.filter(pk=member.pk).update(cohorts={"site": ("Pune", "Lisbon")[n % 2]})
    for n in range(40):
        make_task(make_item(racing_project, f"m{n:02}", language=("de", "en", "rm", "fr")[n % 4]), overlap=2)
    lead_does = {"actor": lead, "project": racing_project}

    def change() -> None:
        add_contract(**lead_does, terms=GERMAN)
        time.sleep(0.05)
        change_contract(**lead_does, number=1, cohort_key="site", least_cohorts=2)
        add_contract(
            **lead_does, terms=GERMAN | {"slice": {"language": "en"}, "overlap_share": 0.5, "shared_labels": 4}
        )
        time.sleep(0.05)
        change_contract(**lead_does, number=1, slice={"language": "rm"})
        end_contract(**lead_does, number=2)
        add_contract(**lead_does, terms=GERMAN)

    race([change, *(partial(label_until_empty, member) for member in people)])
    race([partial(label_until_empty, member) for member in people])

    assert set(Task.objects.values_list("state", flat=True)) == {"done"}
    by_lane = dict(Assignment.objects.values_list("task__item__meta__language", "lane").distinct())
    assert by_lane == {"de": 3, "en": 0, "rm": 1, "fr": 0}
    taken = Assignment.objects.filter(state="submitted").values_list("annotator", "lane").annotate(n=Count("id"))
    counted = LaneCount.objects.filter(taken__gt=0).values_list("annotator", "lane", "taken")
    assert Counter(dict_of(taken)) == Counter(dict_of(counted))


def dict_of(rows: Any) -> dict[tuple[int, int], int]:
    return {(annotator, lane): n for annotator, lane, n in rows}
