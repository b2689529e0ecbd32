import pytest
from django.db import connection, transaction
from django.db.utils import DataError

from annotation.prepared import Prepared, first_row, rows_changed

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
