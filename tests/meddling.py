"""Somebody with all rights over the database meddles with it: what the tests must find out."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper


@contextmanager
def meddling() -> Iterator[CursorWrapper]:
    """Yield a cursor of the superuser with every trigger and foreign key silent, for one block.

    Keys and checks still hold. What was deferred so far is checked first.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SET LOCAL ROLE relief_app")
