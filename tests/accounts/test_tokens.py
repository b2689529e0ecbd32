import json
from collections.abc import Callable
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.services.tokens import create_token
from tests.factories.accounts import token_for

Api = Callable[..., Client]
URL = "/api/v1/tokens/"


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Token {secret}"}


def test_the_secret_is_shown_once_and_stored_only_as_a_hash(client: Client, ana: User) -> None:
    client.force_login(ana)

    answer = client.post(URL, {"name": "notebook", "scopes": ["read"]}, content_type="application/json")

    secret = answer.json()["secret"]
    assert answer.status_code == 201
    assert secret.startswith("concord_")
    assert secret not in json.dumps(list(ApiToken.objects.values("name", "digest", "scopes")))
    assert "secret" not in Client(headers=bearer(secret)).get(URL).json()["results"][0]


def test_an_unknown_revoked_or_expired_token_is_401(ana: User) -> None:
    token, secret = create_token(actor=ana, name="t", scopes=["read"])
    assert Client(headers=bearer(secret)).get(URL).status_code == 200

    ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    expired = Client(headers=bearer(secret)).get(URL)
    unknown = Client(headers=bearer("concord_x")).get(URL)

    assert (expired.status_code, unknown.status_code) == (401, 401)
    assert expired["Content-Type"] == "application/problem+json"
    assert expired["WWW-Authenticate"] == "Token"
    assert expired.json()["code"] == unknown.json()["code"]


def test_a_token_of_a_closed_account_is_401(ana: User) -> None:
    secret = token_for(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)

    assert Client(headers=bearer(secret)).get(URL).status_code == 401


def test_a_token_does_only_what_its_scopes_name(olga: User, api: Api) -> None:
    answer = api(olga, "read").post("/api/v1/users/", {"username": "new"}, content_type="application/json")

    assert answer.status_code == 403
    assert not User.objects.filter(username="new").exists()


def test_a_token_cannot_make_a_wider_one(ana: User, api: Api) -> None:
    body = {"name": "t", "scopes": ["manage", "label"]}
    answer = api(ana, "manage").post(URL, body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == "scopes"
    assert ApiToken.objects.count() == 1


def test_a_token_and_a_session_together_are_refused(client: Client, ana: User) -> None:
    client.force_login(ana)

    assert client.get(URL, headers=bearer(token_for(ana))).status_code == 401


def test_only_owners_make_tokens_for_others(olga: User, ana: User, api: Api) -> None:
    body = {"name": "t", "scopes": ["read"], "user": "olga"}
    refused = api(ana).post(URL, body, content_type="application/json")
    made = api(olga).post(URL, {**body, "user": "ana"}, content_type="application/json")

    assert refused.status_code == 400
    assert (made.status_code, made.json()["user"]) == (201, "ana")


def test_a_stranger_s_token_id_is_not_there(ana: User, ben: User, api: Api) -> None:
    token, _ = create_token(actor=ben, name="t", scopes=["read"])

    assert api(ana).delete(f"{URL}{token.pk}/").status_code == 404
    assert api(ana).delete(f"{URL}nonsense/").status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None


def test_revoking_ends_it(ana: User, api: Api) -> None:
    token, secret = create_token(actor=ana, name="t", scopes=["read"])

    assert api(ana).delete(f"{URL}{token.pk}/").status_code == 204
    assert Client(headers=bearer(secret)).get(URL).status_code == 401


def test_unknown_fields_are_refused_by_name(ana: User, api: Api) -> None:
    body = {"name": "t", "scopes": ["read"], "is_owner": True}
    answer = api(ana).post(URL, body, content_type="application/json")

    assert answer.status_code == 400
    assert [e["path"] for e in answer.json()["errors"]] == ["is_owner"]


def test_a_session_post_without_csrf_token_is_refused(ana: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)

    answer = client.post(URL, {"name": "t", "scopes": ["read"]}, content_type="application/json")

    assert answer.status_code == 403
    assert ApiToken.objects.count() == 0


def test_a_token_that_may_only_read_makes_and_revokes_none(ana: User, api: Api) -> None:
    token, _ = create_token(actor=ana, name="t", scopes=["read"])
    reader = api(ana, "read")

    assert reader.post(URL, {"name": "t", "scopes": ["read"]}, content_type="application/json").status_code == 403
    assert reader.delete(f"{URL}{token.pk}/").status_code == 403
    token.refresh_from_db()
    assert token.revoked_at is None


def test_an_unknown_scope_is_answered_with_the_known_ones(ana: User, api: Api) -> None:
    answer = api(ana).post(URL, {"name": "t", "scopes": ["write"]}, content_type="application/json")

    assert answer.status_code == 400
    assert "read, import, label, export, manage" in answer.json()["errors"][0]["detail"]


def test_lists_come_in_pages_and_refuse_what_they_do_not_know(ana: User, api: Api) -> None:
    client = api(ana)
    for name in "abc":
        create_token(actor=ana, name=name, scopes=["read"])

    first = client.get(URL, {"limit": 2}).json()
    second = client.get(first["next"]).json()

    assert [len(first["results"]), len(second["results"]), second["next"]] == [2, 2, None]
    assert client.get(URL, {"nope": 1}).status_code == 400
    stolen = first["next"].split("cursor=")[1].split("&")[0]
    assert client.get(f"/api/v1/guidelines/?cursor={stolen}").status_code == 400
