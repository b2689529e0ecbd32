from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from accounts.models import AuditEvent, User
from accounts.services.audit import record_event

Api = Callable[..., Client]


def test_an_owner_makes_people(olga: User, api: Api) -> None:
    body = {"username": "new", "email": "new@example.org", "password": "correct horse battery"}
    answer = api(olga).post("/api/v1/users/", body, content_type="application/json")

    assert (answer.status_code, answer.json()["username"]) == (201, "new")
    assert User.objects.get(username="new").check_password("correct horse battery")
    assert AuditEvent.objects.filter(action="user.created", target="new").count() == 1


def test_a_weak_password_and_a_taken_name_are_refused(olga: User, api: Api) -> None:
    weak = api(olga).post("/api/v1/users/", {"username": "n", "password": "12345"}, content_type="application/json")
    taken = api(olga).post("/api/v1/users/", {"username": "olga"}, content_type="application/json")

    assert (weak.status_code, weak.json()["errors"][0]["path"]) == (400, "password")
    assert (taken.status_code, taken.json()["code"]) == (409, "username_taken")
    assert User.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_others_are_refused(method: str, lea: User, api: Api) -> None:
    answer = getattr(api(lea), method)("/api/v1/users/", {}, content_type="application/json")

    assert answer.status_code == 403


def test_nobody_makes_themselves_an_owner(olga: User, ana: User, api: Api) -> None:
    answer = api(olga).patch(f"/api/v1/users/{ana.pk}/", {"is_owner": True}, content_type="application/json")

    assert answer.status_code == 400
    ana.refresh_from_db()
    assert not ana.is_owner


def test_a_closed_account_s_session_ends_at_once(olga: User, ana: User, api: Api) -> None:
    browser = Client()
    browser.force_login(ana)
    assert browser.get("/api/v1/tokens/").status_code == 200

    api(olga).patch(f"/api/v1/users/{ana.pk}/", {"is_active": False}, content_type="application/json")

    assert browser.get("/api/v1/tokens/").status_code in {401, 403}


def test_sign_up_is_closed(client: Client, db: None) -> None:
    body = {"username": "me", "password1": "correct horse battery", "password2": "correct horse battery"}
    client.post("/accounts/signup/", body)

    assert not User.objects.exists()


def test_audit_rows_cannot_be_changed_or_removed(olga: User) -> None:
    record_event(actor=olga, action="test")

    for statement in ("UPDATE accounts_auditevent SET action = 'x'", "DELETE FROM accounts_auditevent"):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert AuditEvent.objects.get().action == "test"
