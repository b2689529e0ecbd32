"""Qualification over HTTP, and the feedback that an answer carries only where the project teaches."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from annotation.models import GoldLabel, Member, Project, Routing
from annotation.selectors.work import LeasedTask
from annotation.services.qualifying import lease_for_qualification
from annotation.services.queue import claim_next
from annotation.services.turns import take_turn
from tests.factories.annotation import make_item, make_task

Api = Callable[..., Client]
Who = Callable[[User], Member]
JSON = "application/json"
ROOT = "/api/v1/projects/intents"
GOLD = {"answer": {"intent": "refund"}, "rationale": "They ask for money."}


@pytest.fixture
def gold(project: Project, lea: User) -> list[str]:
    for name in ("q0", "q1"):
        GoldLabel.objects.create(
            project=project, item=make_item(project, name), created_by=lea, created_at=timezone.now(), **GOLD
        )
    return ["q0", "q1"]


def put(client: Client, **body: Any) -> Any:
    return client.put(f"{ROOT}/qualification/", body, content_type=JSON)


def hand_out(member: Member) -> LeasedTask:
    with transaction.atomic():
        task = lease_for_qualification(member, take_turn(member), 1)
    assert isinstance(task, LeasedTask)
    return task


def submit(client: Client, lease: Any, intent: str) -> dict[str, Any]:
    body = {"submission_id": str(uuid.uuid4()), "answer": {"intent": intent}}
    answer = client.post(f"/api/v1/assignments/{lease}/submit/", body, content_type=JSON)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_it_is_set_read_and_removed(project: Project, lea: User, max_: User, api: Api, gold: list[str]) -> None:
    assert api(lea).get(f"{ROOT}/qualification/").status_code == 404

    stored = put(api(lea), items=gold, threshold=0.5)

    assert stored.status_code == 200
    assert api(max_).get(f"{ROOT}/qualification/").json() == {
        "is_required": True, "threshold": 0.5, "attempts": 2, "shows_feedback": True, "again_after_major": False,
        "items": gold, "items_also_labeled": 0,
    }  # fmt: skip
    assert put(api(max_), items=gold).status_code == 403
    assert api(lea).delete(f"{ROOT}/qualification/").status_code == 204
    assert api(lea).get(f"{ROOT}/qualification/").status_code == 404


def test_a_refused_item_is_named_by_place(project: Project, lea: User, api: Api, gold: list[str]) -> None:
    make_item(project, "plain")

    refused = put(api(lea), items=["q0", "plain"])

    assert refused.status_code == 400
    assert [(error["path"], error["code"]) for error in refused.json()["errors"]] == [("items[1]", "no_gold")]


def test_attempts_and_standing_are_seen_by_leads_and_by_oneself(
    project: Project, ana: User, ben: User, lea: User, api: Api, member_of: Who, gold: list[str]
) -> None:
    put(api(lea), items=gold, attempts=1)
    submit(api(ana), hand_out(member_of(ana)).lease.id, "refund")

    url = f"{ROOT}/members/{member_of(ana).pk}/qualification/"
    seen = api(lea).get(url).json()

    assert seen["standing"] == {"state": "running", "done": 1, "items": 2}
    assert [(each["number"], each["state"]) for each in seen["attempts"]] == [(1, "running")]
    assert api(ana).get(f"{ROOT}/qualification/mine/").json() == seen
    assert api(ben).get(url).status_code == 403
    assert api(lea).post(f"{url}attempts/").json()["code"] == "attempt_not_needed"


def test_one_more_attempt_is_granted_when_all_are_used(
    project: Project, ana: User, lea: User, api: Api, member_of: Who, gold: list[str]
) -> None:
    put(api(lea), items=gold, attempts=1)
    for _ in gold:
        submit(api(ana), hand_out(member_of(ana)).lease.id, "other")
    with transaction.atomic():
        lease_for_qualification(member_of(ana), take_turn(member_of(ana)), 1)
    url = f"{ROOT}/members/{member_of(ana).pk}/qualification/"
    assert api(lea).get(url).json()["standing"]["state"] == "failed"

    assert api(lea).post(f"{url}attempts/").status_code == 201
    assert api(lea).get(url).json()["standing"]["state"] == "again"


def test_feedback_comes_with_the_answer_where_the_qualification_shows_it(
    project: Project, ana: User, lea: User, api: Api, member_of: Who, gold: list[str]
) -> None:
    put(api(lea), items=gold)
    told = submit(api(ana), hand_out(member_of(ana)).lease.id, "other")
    put(api(lea), items=gold, shows_feedback=False)
    silent = submit(api(ana), hand_out(member_of(ana)).lease.id, "other")

    assert told["feedback"] == GOLD | {"is_right": {"intent": False}}
    assert "feedback" not in silent


@pytest.mark.parametrize("mode", ["silent", "teaching"])
def test_gold_in_ordinary_work_explains_itself_only_in_teaching_mode(
    project: Project, ana: User, lea: User, api: Api, member_of: Who, gold: list[str], mode: str
) -> None:
    Routing.objects.update_or_create(project=project, defaults={"gold_mode": mode})
    Project.objects.update(gold_rate=0.5)
    for number in range(20):
        make_task(make_item(project, f"m{number}"), overlap=1)

    shapes = {"gold": set(), "ordinary": set()}  # type: dict[str, set[tuple[str, ...]]]
    while (task := claim_next(annotator=member_of(ana))) is not None:
        kind = "gold" if task.item.external_id in gold else "ordinary"
        shapes[kind].add(tuple(submit(api(ana), task.lease.id, "refund")))

    assert all(len(shape) == 1 for shape in shapes.values())
    (of_gold,), (of_ordinary,) = shapes["gold"], shapes["ordinary"]
    assert set(of_gold) - set(of_ordinary) == ({"feedback"} if mode == "teaching" else set())
