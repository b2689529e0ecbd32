"""An Idempotency-Key makes a POST happen once, whatever the network does to its answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from guidelines.models import Guideline
from operations.models import IdempotentAnswer

Api = Callable[..., Client]
URL = "/api/v1/guidelines/"


def post(client: Client, key: str, **body: Any) -> Any:
    return client.post(URL, body, content_type="application/json", headers={"Idempotency-Key": key})


def test_the_same_request_again_replays_the_first_answer(lea: User, api: Api) -> None:
    client = api(lea)

    first = post(client, "k", slug="a", title="A")
    again = post(client, "k", slug="a", title="A")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert Guideline.objects.count() == 1


def test_another_body_under_the_key_is_a_conflict(lea: User, api: Api) -> None:
    client = api(lea)
    post(client, "k", slug="a", title="A")

    other = post(client, "k", slug="b", title="B")

    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert Guideline.objects.count() == 1


def test_a_refused_request_may_be_mended_under_its_key(lea: User, api: Api) -> None:
    client = api(lea)

    assert post(client, "k", slug="", title="A").status_code == 400
    assert post(client, "k", slug="a", title="A").status_code == 201


def test_keys_belong_to_their_user(lea: User, eve: User, api: Api) -> None:
    post(api(lea), "k", slug="a", title="A")

    assert post(api(eve), "k", slug="b", title="B").status_code == 201


def test_a_request_whose_process_died_blocks_its_key_for_ten_minutes_only(lea: User, api: Api) -> None:
    client = api(lea)
    post(client, "k", slug="a", title="A")
    IdempotentAnswer.objects.update(status=None, body=None)

    waiting = post(client, "k", slug="a", title="A")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    retried = post(client, "k", slug="c", title="C")

    assert (waiting.status_code, waiting.json()["code"]) == (409, "idempotency_in_progress")
    assert retried.status_code == 201
