"""Parking, flagging and the lead's desk over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotation.models import Assignment, DeskNote, Project, Skip, Task
from tests.factories.annotation import make_item, make_task

Api = Callable[..., Client]
JSON = "application/json"
ROOT = "/api/v1/projects/intents"


@pytest.fixture
def work(project: Project) -> Project:
    for number in range(3):
        make_task(make_item(project, f"m{number}", payload={"text": f"Text {number}", "secret": "x"}), overlap=1)
    return project


def claim(client: Client) -> dict[str, Any]:
    answer = client.post(f"{ROOT}/assignments/claim/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def post(client: Client, url: str, **body: Any) -> Any:
    return client.post(url, body, content_type=JSON)


def test_a_parked_item_comes_back_with_the_leads_reply(work: Project, ana: User, lea: User, api: Api) -> None:
    held = claim(api(ana))
    answer = post(api(ana), f"/api/v1/assignments/{held['id']}/park/", note="Refund?", clause="C3")
    assert answer.status_code == 200
    note = answer.json()
    assert note["item"] == held["item"]

    listed = api(lea).get(f"{ROOT}/desk/?kind=park").json()["results"]
    assert [(row["id"], row["annotator"], row["note"], row["clause"]) for row in listed] == [
        (note["id"], "ana", "Refund?", "C3")
    ]
    assert listed[0]["age_seconds"] >= 0
    closed = post(api(lea), f"{ROOT}/desk/notes/{note['id']}/close/", reply="Yes")

    assert (closed.status_code, closed.json()["reply"]) == (200, "Yes")
    mine = api(ana).get(f"{ROOT}/parked/").json()["results"]
    assert [(row["id"], row["reply"]) for row in mine] == [(note["id"], "Yes")]
    assert "secret" not in str(mine)
    assert claim(api(ana))["item"]["external_id"] == held["item"]["external_id"]
    assert api(lea).get(f"{ROOT}/desk/").json() == {"results": [], "next": None}
    assert [row["id"] for row in api(lea).get(f"{ROOT}/desk/?state=closed").json()["results"]] == [note["id"]]


def test_one_takes_back_what_one_parked(work: Project, ana: User, ben: User, api: Api) -> None:
    held = claim(api(ana))
    note = post(api(ana), f"/api/v1/assignments/{held['id']}/park/", note="?").json()

    assert post(api(ben), f"{ROOT}/parked/{note['id']}/take_back/").status_code == 404
    assert post(api(ana), f"{ROOT}/parked/{note['id']}/take_back/").status_code == 200
    assert claim(api(ana))["item"] == held["item"]


def test_a_flag_leaves_the_item_in_hand(work: Project, ana: User, api: Api) -> None:
    held = claim(api(ana))

    answers = [
        post(api(ana), f"/api/v1/assignments/{held['id']}/flag/", note="offensive").status_code for _ in range(2)
    ]  # fmt: skip

    assert answers == [200, 200]
    assert DeskNote.objects.get().kind == "flag"
    assert claim(api(ana))["id"] == held["id"]


def test_a_task_on_the_desk_is_decided_once(work: Project, ana: User, ben: User, lea: User, api: Api) -> None:
    for user in (ana, ben):
        held = claim(api(user))
        post(api(user), f"/api/v1/assignments/{held['id']}/skip/", reason="unclear")
        Assignment.objects.filter(task__item__external_id__in=["m1", "m2"]).update(state="withdrawn")
    row = api(lea).get(f"{ROOT}/desk/?kind=skipped").json()["results"][0]
    assert row["skips"] == [{"annotator": "ana", "reason": "unclear"}, {"annotator": "ben", "reason": "unclear"}]

    refused = post(api(lea), f"{ROOT}/desk/tasks/{row['task']}/", decision="set_aside")
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, "reason")
    decided = post(api(lea), f"{ROOT}/desk/tasks/{row['task']}/", decision="reopen")
    assert (decided.status_code, decided.json()["state"]) == (200, "open")
    assert not Skip.objects.exists()
    again = post(api(lea), f"{ROOT}/desk/tasks/{row['task']}/", decision="reopen")
    assert (again.status_code, again.json()["code"]) == (409, "task_not_waiting")


def test_the_desk_is_paged_oldest_first(work: Project, ana: User, lea: User, api: Api) -> None:
    for _ in range(3):
        post(api(ana), f"/api/v1/assignments/{claim(api(ana))['id']}/park/", note="?")

    seen, url = [], f"{ROOT}/desk/?limit=1"
    while url:
        page = api(lea).get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]

    assert seen == [str(pk) for pk in DeskNote.objects.order_by("pk").values_list("pk", flat=True)]


@pytest.mark.parametrize("query", ["kind=gossip", "state=ajar", "cursor=x", "sort=age"])
def test_an_unknown_filter_is_refused(project: Project, lea: User, api: Api, query: str) -> None:
    assert api(lea).get(f"{ROOT}/desk/?{query}").status_code == 400


def test_the_desk_is_the_leads(work: Project, ana: User, max_: User, eve: User, api: Api) -> None:
    task = Task.objects.first()
    assert task is not None
    for user, status in ((ana, 403), (max_, 403), (eve, 404)):
        assert api(user).get(f"{ROOT}/desk/").status_code == status
        assert post(api(user), f"{ROOT}/desk/tasks/{task.pk}/", decision="reopen").status_code == status
        assert post(api(user), f"{ROOT}/desk/notes/1/close/", reply="x").status_code == status
