from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DataError, OperationalError
from django.test.utils import CaptureQueriesContext

from accounts.models import ApiToken, User
from accounts.prepared import Columns, Prepared, first_row, rows_changed
from tests.factories.accounts import token_for

RENAME = Prepared("test_rename", "UPDATE accounts_user SET name = %(name)s", {"name": "varchar"})
OWN_PID = Prepared("test_pid", "SELECT pg_backend_pid()", {})
ADD = Prepared("test_add", "SELECT %(left)s + %(right)s, %(left)s", {"left": "integer", "right": "integer"})


def prepared_names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_prepared_statements")
        return {name for (name,) in cursor.fetchall()}


def test_values_go_where_their_names_stand(db: None) -> None:
    assert first_row(ADD, {"left": 3, "right": 4, "unused": 5}) == (7, 3)
    assert rows_changed(ADD, {"right": 4, "left": 3}) == 1
    assert "test_add" in prepared_names()


@pytest.mark.django_db(transaction=True)
def test_statement_is_prepared_again_on_a_new_connection_and_survives_a_rollback() -> None:
    with transaction.atomic():
        assert first_row(ADD, {"left": 1, "right": 1}) == (2, 1)
        transaction.set_rollback(True)
    assert first_row(ADD, {"left": 2, "right": 1}) == (3, 2)

    connection.close()

    assert first_row(ADD, {"left": 3, "right": 1}) == (4, 3)
    assert prepared_names() == {"test_add"}


def test_value_that_does_not_fit_its_type_is_an_error_of_the_database(db: None) -> None:
    with pytest.raises(DataError), transaction.atomic():
        first_row(ADD, {"left": "x", "right": 1})


def test_name_without_a_type_is_found_at_import() -> None:
    with pytest.raises(KeyError):
        Prepared("test_wrong", "SELECT %(left)s", {})


def test_none_text_lists_and_dates_arrive_as_they_were_given(db: None) -> None:
    types = {"none": "bigint", "text": "text", "list": "integer[]", "flag": "boolean", "part": "float8"}
    odd = Prepared("test_odd", "SELECT %(none)s, %(text)s, %(list)s, %(flag)s, %(part)s", types)
    values: dict[str, Any] = {
        "none": None,
        "text": "%s $1 ' é",
        "list": [1, 70000, 2**31 - 1],
        "flag": True,
        "part": 0.1,
    }

    assert first_row(odd, values) == tuple(values.values())


@pytest.mark.django_db(transaction=True)
def test_what_was_written_goes_with_its_transaction(ana: User) -> None:
    with transaction.atomic():
        assert rows_changed(RENAME, {"name": "gone"}) == 1
        transaction.set_rollback(True)
    ana.refresh_from_db()
    assert ana.name == "Ana"

    with transaction.atomic():
        rows_changed(RENAME, {"name": "kept"})
    connection.close()
    ana.refresh_from_db()
    assert ana.name == "kept"


def test_nothing_runs_in_a_broken_transaction(ana: User) -> None:
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            rows_changed(RENAME, {"name": "x"})
        transaction.set_rollback(False)


@pytest.mark.django_db(transaction=True)
def test_lost_connection_is_an_operational_error_and_the_next_one_works() -> None:
    (pid,) = first_row(OWN_PID, {})
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()

    with pytest.raises(OperationalError):
        first_row(OWN_PID, {})
    with pytest.raises(OperationalError):
        first_row(OWN_PID, {})

    connection.close()
    assert first_row(OWN_PID, {})[0] != pid


def test_whoever_counts_statements_counts_these_too(db: None) -> None:
    first_row(ADD, {"left": 1, "right": 1})

    with CaptureQueriesContext(connection) as seen:
        assert first_row(ADD, {"left": 2, "right": 2}) == (4, 2)
        assert rows_changed(ADD, {"left": 2, "right": 2}) == 1

    assert [query["sql"].split(" (")[0] for query in seen] == ["EXECUTE test_add"] * 2


def test_columns_make_what_the_orm_makes(ana: User) -> None:
    token_for(ana, "read", "label")
    whole, part = Columns(ApiToken, "token"), Columns(User, "person", ["id", "username"])
    text = f"SELECT {whole.sql}, {part.sql} FROM accounts_apitoken token JOIN accounts_user person ON true"  # noqa: S608
    row = first_row(Prepared("test_columns", text, {}), {})

    made, expected = whole.instance(row[: len(whole)]), ApiToken.objects.get()
    assert {f.attname: getattr(made, f.attname) for f in ApiToken._meta.concrete_fields} == {
        f.attname: getattr(expected, f.attname) for f in ApiToken._meta.concrete_fields
    }
    person = part.instance(row[len(whole) :])
    assert (person, person.get_deferred_fields() >= {"email", "is_owner"}) == (ana, True)
    assert person.email == ana.email
