import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

OUR_APPS = ("accounts", "operations", "guidelines", "annotation", "quality")


def test_models_and_migrations_agree(db: None) -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("migrations")
def test_every_migration_goes_back_and_forth() -> None:
    executor = MigrationExecutor(connection)
    newest = [node for node in executor.loader.graph.leaf_nodes() if node[0] in OUR_APPS]
    first = [(app, None) for app in ("quality", "annotation", "guidelines", "operations")]

    executor.migrate(first)
    assert "annotation_item" not in connection.introspection.table_names()

    MigrationExecutor(connection).migrate(newest)
    assert "annotation_item" in connection.introspection.table_names()
