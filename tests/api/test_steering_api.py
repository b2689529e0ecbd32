"""Control room, rounds, items by hand, reasons and priorities over HTTP."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Assignment, Item, Member, Project, Round
from annotation.services.queue import claim_next
from tests.factories.annotation import make_item, make_task

Api = Callable[..., Client]
JSON = "application/json"
BASE = "/api/v1/projects/intents/"


@pytest.fixture(autouse=True)
def queue(project: Project) -> None:
    for n in range(4):
        make_task(make_item(project, f"m{n}"))


def held(user: User) -> str:
    task = claim_next(annotator=Member.objects.get(user=user))
    assert task is not None
    return str(task.lease.id)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "control-room/"), ("get", "rounds/"), ("get", "rounds/initial/"), ("get", "assignments/"),
        ("get", "leases/"), ("get", "leases/?format=ndjson"), ("post", "assignments/"),
        ("delete", "assignments/1/"), ("post", f"leases/{uuid.UUID(int=1)}/release/"), ("patch", "rounds/initial/"),
        ("patch", "items/m0/"),
    ],
)  # fmt: skip
def test_annotators_and_adjudicators_may_see_and_do_none_of_it_and_strangers_find_nothing(
    api: Api, project: Project, ana: User, adi: User, eve: User, method: str, path: str
) -> None:
    answers = [getattr(api(user), method)(BASE + path, content_type=JSON).status_code for user in (ana, adi, eve)]

    assert answers == [403, 403, 404]


def test_engineers_look_and_leads_steer(api: Api, project: Project, max_: User) -> None:
    client = api(max_)

    looks = [client.get(BASE + path).status_code for path in ("control-room/", "rounds/", "assignments/", "leases/")]
    steers = [
        client.patch(f"{BASE}rounds/initial/", {"state": "paused"}, content_type=JSON).status_code,
        client.post(f"{BASE}assignments/", {"external_id": "m0", "annotator": "ana"}, content_type=JSON).status_code,
    ]

    assert (looks, steers) == ([200] * 4, [403] * 2)
    assert Round.objects.get(key="initial").state == "open"


def test_the_control_room_has_every_part(api: Api, project: Project, lea: User, ana: User) -> None:
    held(ana)

    body = api(lea).get(f"{BASE}control-room/").json()

    assert set(body) == {
        "as_of", "time_zone", "rounds", "people", "throughput", "seconds_per_item", "backlog", "forecast", "slices",
        "adaptive",
    }  # fmt: skip
    assert [(each["key"], each["leased"], each["wanted"]) for each in body["rounds"]] == [("initial", 1, 8)]
    assert [(each["name"], each["held"]) for each in body["people"]] == [("ana", 1), ("ben", 0)]
    assert (len(body["throughput"]["hours"]), len(body["throughput"]["days"])) == (24, 14)
    assert (body["backlog"]["tasks"], body["backlog"]["labels"]) == (4, 8)
    assert body["forecast"]["reason"] == "nobody_answered"
    assert (body["adaptive"]["tasks_settled"], body["adaptive"]["saved"]) == (0, 0)
    assert body["slices"][0]["values"][0] == {
        "value": "en", "items": 4, "tasks": 4, "done": 0, "labels": 0, "wanted": 8,
    }  # fmt: skip


def test_a_round_is_paused_resumed_and_closed(api: Api, project: Project, lea: User) -> None:
    client = api(lea)
    url = f"{BASE}rounds/initial/"

    states = [
        client.patch(url, {"state": state}, content_type=JSON).json()["state"] for state in ("paused", "open", "closed")
    ]
    again = client.patch(url, {"state": "open"}, content_type=JSON)

    assert states == ["paused", "open", "closed"]
    assert (again.status_code, again.json()["code"]) == (409, "round_is_over")
    assert client.patch(url, {"state": "gone"}, content_type=JSON).status_code == 400
    assert client.get(f"{BASE}rounds/none/").status_code == 404
    assert [each["key"] for each in client.get(f"{BASE}rounds/").json()["results"]] == ["initial", "imported"]


def test_an_item_is_kept_listed_and_let_go(api: Api, project: Project, lea: User) -> None:
    client = api(lea)

    kept = client.post(f"{BASE}assignments/", {"external_id": "m2", "annotator": "ana"}, content_type=JSON)
    rows = client.get(f"{BASE}assignments/?state=reserved&annotator=ana").json()["results"]
    gone = [client.delete(f"{BASE}assignments/{kept.json()['id']}/").status_code for _ in range(2)]

    assert (kept.status_code, kept.json()["state"], kept.json()["lease"]) == (201, "reserved", None)
    assert [(row["external_id"], row["annotator"], row["round"]) for row in rows] == [("m2", "ana", "initial")]
    assert gone == [204, 404]


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        ({"external_id": "m9", "annotator": "ana"}, 400, "external_id"),
        ({"external_id": "m0", "annotator": "nobody"}, 400, "annotator"),
        ({"external_id": "m0"}, 400, "annotator"),
        ({"external_id": "m0", "annotator": "ana", "round": "relabel-9"}, 409, "task_not_open"),
        ({"external_id": "m0", "annotator": "max"}, 409, "cannot_label_here"),
        ({"external_id": "m0", "annotator": "ana", "why": "x"}, 400, "why"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(
    api: Api, project: Project, lea: User, sent: dict[str, str], status: int, told: str
) -> None:
    answer = api(lea).post(f"{BASE}assignments/", sent, content_type=JSON)

    assert (answer.status_code, told in answer.content.decode()) == (status, True)
    assert not Assignment.objects.filter(reserved_for__isnull=False).exists()


def test_a_lease_is_released_by_its_id_in_the_list(api: Api, project: Project, lea: User, ana: User) -> None:
    held(ana)
    client = api(lea)
    (row,) = client.get(f"{BASE}assignments/?state=held").json()["results"]

    answers = [client.post(f"{BASE}leases/{row['lease']}/release/").json() for _ in range(2)]

    assert answers == [{"was_held": True}, {"was_held": False}]
    assert client.get(f"{BASE}assignments/").json()["results"] == []
    assert [client.post(f"{BASE}leases/{odd}/release/").status_code for odd in (uuid.uuid4(), "x")] == [404, 404]


def test_reasons_come_as_pages_and_as_a_stream(api: Api, project: Project, max_: User, ana: User, ben: User) -> None:
    held(ana)
    held(ben)
    client = api(max_, "read")

    first = client.get(f"{BASE}leases/?limit=1").json()
    second = client.get(first["next"]).json()
    stream = client.get(f"{BASE}leases/?format=ndjson")
    lines = [json.loads(line) for line in b"".join(stream).splitlines()]  # type: ignore[arg-type]

    assert [row["annotator"] for row in first["results"] + second["results"]] == ["ben", "ana"]
    assert (second["next"], stream["Content-Type"]) == (None, "application/x-ndjson")
    assert lines == first["results"] + second["results"]
    assert [(row["reason"], row["external_id"]) for row in lines] == [("overlap", "m0"), ("queue", "m0")]
    assert [row["annotator"] for row in client.get(f"{BASE}leases/?annotator=ana").json()["results"]] == ["ana"]


@pytest.mark.parametrize(
    "query",
    [
        "reason=because", "since=yesterday", "since=2026-01-01T00:00:00", "format=xml", "who=ana", "limit=0",
        "cursor=x", "item=%00",
    ],
)  # fmt: skip
def test_an_odd_filter_of_reasons_is_refused(api: Api, project: Project, lea: User, query: str) -> None:
    assert api(lea).get(f"{BASE}leases/?{query}").status_code == 400


def test_a_production_feed_re_ranks_an_item_and_says_why(api: Api, project: Project, max_: User, ana: User) -> None:
    client = api(max_, "import", "read")

    answer = client.patch(f"{BASE}items/m3/", {"priority": 9, "reason": "model was unsure"}, content_type=JSON)

    assert (answer.status_code, answer.json()["priority"], answer.json()["feed_reason"]) == (200, 9, "model was unsure")
    task = claim_next(annotator=Member.objects.get(user=ana))
    assert task is not None
    assert task.item.external_id == "m3"
    assert client.get(f"{BASE}items/m3/").json()["feed_reason"] == "model was unsure"


@pytest.mark.parametrize(
    ("sent", "path"), [({"priority": 2000}, "priority"), ({"reason": "x" * 201}, "reason"), ({}, "priority")]
)
def test_a_priority_that_is_none_changes_nothing(
    api: Api, project: Project, max_: User, sent: dict[str, Any], path: str
) -> None:
    answer = api(max_).patch(f"{BASE}items/m3/", sent, content_type=JSON)

    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)
    assert set(Item.objects.values_list("priority", "feed_reason")) == {(0, "")}
    assert api(max_).patch(f"{BASE}items/none/", {"priority": 1}, content_type=JSON).status_code == 404


def test_items_are_filtered_and_sorted_by_priority(api: Api, project: Project, max_: User) -> None:
    for name, priority in (("m1", 3), ("m2", -2), ("m3", 7)):
        Item.objects.filter(external_id=name).update(priority=priority)
    client = api(max_)

    def found(query: str) -> list[str]:
        return [row["external_id"] for row in client.get(f"{BASE}items/?{query}").json()["results"]]

    assert found("sort=priority") == ["m3", "m1", "m0", "m2"]
    assert (found("priority=raised"), found("priority=ordinary"), found("priority=lowered")) == (
        ["m1", "m3"], ["m0"], ["m2"],
    )  # fmt: skip
    first = client.get(f"{BASE}items/?sort=priority&limit=2").json()
    rest = client.get(first["next"]).json()
    assert [row["external_id"] for row in rest["results"]] == ["m0", "m2"]
    assert [client.get(f"{BASE}items/?{odd}").status_code for odd in ("sort=x", "priority=high")] == [400, 400]
