"""What a project asks of its queue beside the overlap."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Sum

from accounts.errors import InvalidInput
from accounts.models import AuditEvent, User
from annotation.models import Member, Project, QueueClock, Round, Routing
from annotation.services.projects import create_project
from annotation.services.queue import claim_next
from annotation.services.routing_settings import routing_facts, update_routing
from guidelines.models import Guideline
from tests.factories.annotation import make_item, make_member, make_task

Who = Callable[[User], Member]


def openings(project: Project) -> int:
    counted: int = Round.objects.filter(project=project).aggregate(n=Sum("openings"))["n"]
    return counted


def test_a_new_project_has_its_routing_and_its_clock(lea: User, guideline: Guideline) -> None:
    project = create_project(actor=lea, slug="moods", title="Moods", guideline=guideline)
    assert routing_facts(Routing.objects.get(project=project)) == {
        "gold_mode": "silent", "repeat_rate": 0, "gold_floor": None, "gold_floor_least": 20, "max_per_day": None,
        "max_share": None, "time_zone": "UTC", "prelabel_model": None, "prelabel_share": 0,
    }  # fmt: skip
    assert QueueClock.objects.get(project=project).ticks == 1


def test_settings_are_changed_and_what_changed_is_on_record(project: Project, lea: User) -> None:
    make_member(project, None, name="gpt", kind="model")
    changes: dict[str, Any] = {
        "gold_mode": "teaching", "repeat_rate": 0.05, "gold_floor": 0.7, "gold_floor_least": 30, "max_per_day": 200,
        "max_share": 0.25, "time_zone": "Asia/Kolkata", "prelabel_model": "gpt", "prelabel_share": 0.5,
    }  # fmt: skip
    assert routing_facts(update_routing(actor=lea, project=project, **changes)) == changes
    assert routing_facts(Routing.objects.get(project=project)) == changes

    update_routing(actor=lea, project=project, max_per_day=None, repeat_rate=0.05)
    assert AuditEvent.objects.filter(action="routing.changed").latest("pk").facts == {"max_per_day": None}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"gold_mode": "loud"}, "gold_mode"),
        ({"repeat_rate": 0.51}, "repeat_rate"),
        ({"repeat_rate": float("nan")}, "repeat_rate"),
        ({"repeat_rate": None}, "repeat_rate"),
        ({"gold_floor": 1.0}, "gold_floor"),
        ({"gold_floor": 0}, "gold_floor"),
        ({"gold_floor_least": 4}, "gold_floor_least"),
        ({"max_per_day": 0}, "max_per_day"),
        ({"max_per_day": 2**31}, "max_per_day"),
        ({"max_share": 0}, "max_share"),
        ({"max_share": 1.01}, "max_share"),
        ({"time_zone": "Lisbon"}, "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone"),
        ({"time_zone": "EST5EDT4"}, "time_zone"),
        ({"time_zone": None}, "time_zone"),
        ({"prelabel_model": "nobody"}, "prelabel_model"),
        ({"prelabel_model": "ana"}, "prelabel_model"),
        ({"prelabel_model": 7}, "prelabel_model"),
        ({"prelabel_share": 0.5}, "prelabel_model"),
        ({"prelabel_share": -0.5}, "prelabel_share"),
    ],
)
def test_a_broken_rule_is_named_by_path_and_nothing_is_stored(
    project: Project, lea: User, changes: dict[str, Any], path: str
) -> None:
    before = routing_facts(Routing.objects.get(project=project))
    with pytest.raises(InvalidInput) as refused:
        update_routing(actor=lea, project=project, gold_mode=changes.pop("gold_mode", "teaching"), **changes)
    assert [error.path for error in refused.value.errors] == [f"routing.{path}"]
    assert routing_facts(Routing.objects.get(project=project)) == before
    assert not AuditEvent.objects.filter(action="routing.changed").exists()


def test_every_broken_rule_is_named_at_once(project: Project, lea: User) -> None:
    with pytest.raises(InvalidInput) as refused:
        update_routing(actor=lea, project=project, repeat_rate=2, time_zone="", prelabel_model="x", max_share=9)
    assert {error.path for error in refused.value.errors} == {
        "routing.repeat_rate", "routing.time_zone", "routing.prelabel_model", "routing.max_share",
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="gold_rate"):
        update_routing(actor=lea, project=project, gold_rate=0.1)


def test_a_wider_cap_wakes_who_was_told_that_nothing_is_left(
    project: Project, lea: User, ana: User, member_of: Who
) -> None:
    for n in range(3):
        make_task(make_item(project, f"m{n}"))
    Round.objects.filter(project=project, key="initial").update(n_items=3)
    update_routing(actor=lea, project=project, max_share=0.01)
    assert claim_next(annotator=member_of(ana)) is None
    update_routing(actor=lea, project=project, max_share=None)
    assert claim_next(annotator=member_of(ana)) is not None


def test_only_caps_and_the_time_zone_make_positions_void(project: Project, lea: User) -> None:
    before = openings(project)
    update_routing(actor=lea, project=project, repeat_rate=0.1, gold_mode="teaching")
    assert openings(project) == before
    update_routing(actor=lea, project=project, max_per_day=10)
    update_routing(actor=lea, project=project, time_zone="Europe/Lisbon")
    assert openings(project) == before + 2
