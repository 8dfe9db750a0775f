import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.utils import InternalError, ProgrammingError

from config.database.base import DatabaseWrapper
from registry import grants

pytestmark = pytest.mark.django_db


def rights(table: str) -> set[str]:
    """Return what `relief_app` may do with a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) r"
            " WHERE has_table_privilege('relief_app', %s, r)",
            [table],
        )
        return {right for (right,) in cursor.fetchall()}


def as_owner(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(statement)


def test_everything_works_under_the_weaker_role():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('is_superuser')")
        assert cursor.fetchone() == ("relief_app", "off")


def test_some_tables_are_append_only():
    assert grants.append_only_tables()


@pytest.mark.parametrize("table", grants.append_only_tables())
def test_decided_rows_may_be_read_and_added_only(table):
    assert rights(table) == {"SELECT", "INSERT"}


def test_no_table_may_be_truncated():
    tables = {model._meta.db_table for model in apps.get_models()}
    assert not [table for table in sorted(tables) if "TRUNCATE" in rights(table)]


def test_other_tables_may_be_written():
    assert rights("auth_user") == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_the_weaker_role_is_refused_by_its_rights():
    table = grants.append_only_tables()[0]
    with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="permission denied"):
        cursor.execute(f"DELETE FROM {table}")


def test_no_session_can_tell_a_guard_to_look_away():
    """django-pgtrigger's own way round its triggers is closed."""
    table = grants.append_only_tables()[0]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [table],
        )
        names = [name for (name,) in cursor.fetchall()]
        assert names
        cursor.execute(
            "SELECT set_config('pgtrigger.ignore', %s, true)", [f"{{{','.join(names)}}}"]
        )
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(
            "SELECT bool_or(public._pgtrigger_should_ignore(n)) FROM unnest(%s) n", [names]
        )
        assert cursor.fetchone() == (False,)


@pytest.mark.parametrize("table", grants.append_only_tables())
def test_even_the_owner_is_refused_by_the_trigger(table):
    with pytest.raises(InternalError, match="append-only"):
        as_owner(f"TRUNCATE {table} CASCADE")


def test_partitions_of_an_append_only_table_are_guarded_too(monkeypatch):
    monkeypatch.setattr(grants, "append_only_tables", lambda: ["decided"])
    as_owner(
        "CREATE TABLE decided (month int, n int) PARTITION BY RANGE (month);"
        "CREATE TABLE decided_1 PARTITION OF decided FOR VALUES FROM (1) TO (2)"
        " PARTITION BY RANGE (n);"
        "CREATE TABLE decided_1_1 PARTITION OF decided_1 FOR VALUES FROM (1) TO (9)"
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        grants.grant_rights(cursor)
        grants.grant_rights(cursor)  # safe to repeat
    for table in ("decided", "decided_1", "decided_1_1"):
        assert rights(table) == {"SELECT", "INSERT"}


@pytest.mark.django_db(transaction=True)
def test_a_flush_between_tests_empties_what_may_not_be_truncated():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("relief_app",)
    assert not DatabaseWrapper.as_owner
