"""The lock that everything takes first that changes how much is owed, or was paid back."""

from django.db import connection

from refunds.guards import MONEY_LOCK


def hold_money() -> None:
    """Wait for whoever changes what is owed just now; held until the transaction ends.

    Taken before any row is locked, so that the triggers, which take it too, can't deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MONEY_LOCK])
