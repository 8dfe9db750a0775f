"""Trying what the database should refuse: as things are, and once the guard is away."""

from collections.abc import Callable

from django.db import DatabaseError, connection, transaction


def attempt(write: Callable[[], object]) -> str:
    """Return what the database says against something; "" where it lets it pass."""
    try:
        with transaction.atomic():
            write()
    except DatabaseError as refusal:
        return str(refusal)
    return ""


def without(table: str, trigger: str) -> None:
    """Take a trigger away, as its owner could."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s",
            [table, f"pgtrigger_{trigger}_%"],
        )
        ((name,),) = cursor.fetchall()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(f'ALTER TABLE {table} DISABLE TRIGGER "{name}"')
        cursor.execute("SET LOCAL ROLE relief_app")
