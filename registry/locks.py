"""The lock between those who store what runs read, and those who freeze it; and the order of locks.

Whoever takes several locks takes them in this order, so that nobody waits in a ring:

1. `refunds.services.locking.hold_money`: what is owed and what was paid back;
2. the row of one's own work (`registry.work.hold`);
3. the family of imports (`registry.intake.services`): imports of one kind wait for each other;
4. the inputs, here: shared by who stores them, alone by who freezes them;
5. tables and rows, of rows the lower number first; the overpaid list (`relief.services.overpaid`).

Who holds the inputs alone waits for none of 1 to 3.
"""

from datetime import timedelta

from django.db import OperationalError, connection

_KEY = "hashtext('registry.inputs')"
_LOCK_NOT_AVAILABLE = "55P03"
#: A merge takes seconds; who is made to wait longer is told so.
PATIENCE = timedelta(seconds=25)


class InputsBusy(Exception):
    """Somebody is storing inputs and doesn't come to an end."""


def store_inputs() -> None:
    """Call before numbers are drawn for rows that runs read; holds until the transaction ends.

    Any number may store at a time. While somebody freezes, it waits.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock_shared({_KEY})")


def freeze_inputs(*, patience: timedelta = PATIENCE) -> None:
    """Wait until nobody is storing inputs, and keep it so until the transaction ends.

    What the transaction then reads is all there is: every number drawn so far is stored or
    given up, and every later row has a greater one.

    :raises InputsBusy: if it takes longer than `patience`; the transaction is lost then.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true)", [f"{patience // timedelta.resolution}us"]
        )
        try:
            cursor.execute(f"SELECT pg_advisory_xact_lock({_KEY})")
        except OperationalError as failure:
            if getattr(failure.__cause__, "pgcode", None) != _LOCK_NOT_AVAILABLE:
                raise
            raise InputsBusy("正在写入导入的数据，请等导入完成以后再试。") from failure
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
