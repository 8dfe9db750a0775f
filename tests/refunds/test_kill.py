"""Killed anywhere, done again: money leaves once, and none is lost.

A kill is an exception nobody catches, raised before or after a statement, a commit, a file's
write or rename; then everything is done again from the start, as the next minute would. A few
points are also tried on a process of its own that sends SIGKILL to itself.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from openpyxl import load_workbook

from refunds.models import Attempt, Obligation
from refunds.services import bank, batches, offers
from relief.models import PaidBack
from tests.refunds.making import Cast, clock, overpay, put_down, row

pytestmark = pytest.mark.django_db(transaction=True)


#: Every fifth point in `make test`, every one in `make soak`.
STRIDE = 1 if os.environ.get("SOAK") else 5


class Killed(BaseException):
    """Nobody catches this."""


class Sword:
    """Falls at the nth point it is shown."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.seen = 0

    def point(self) -> None:
        self.seen += 1
        if self.seen == self.at:
            raise Killed

    def around(self, act: Callable[..., object]) -> Callable[..., object]:
        def acted(*args: object, **kwargs: object) -> object:
            self.point()
            result = act(*args, **kwargs)
            self.point()
            return result

        return acted


@contextmanager
def hanging(sword: Sword) -> Iterator[None]:
    """Hang a sword over every statement, commit, fsync and rename."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:

        def execute(act, sql, params, many, context):
            return sword.around(act)(sql, params, many, context)

        stack.enter_context(connection.execute_wrapper(execute))
        patch.setattr(
            BaseDatabaseWrapper, "_commit", lambda self: sword.around(commit)(self), raising=True
        )
        patch.setattr(os, "fsync", sword.around(os.fsync))
        patch.setattr(Path, "replace", lambda self, to: sword.around(rename)(self, to))
        yield


commit = BaseDatabaseWrapper._commit
rename = Path.replace


def step_on(cast: Cast) -> None:
    """What the officer and the clock do, whatever was done before."""
    with suppress(batches.NothingToSeal):
        batches.seal_batch(insurance="pension", officer=cast.cashier, at=clock())
    bank.exchange(clock=clock)
    offers.work_due(clock=clock)


def the_bank_answers() -> None:
    """Answer every file in its folder, as a bank does: once a batch."""
    for path in sorted(bank.folder("out").glob("*.xlsx")):
        name = f"answer-{path.stem}.xlsx"
        put_away = list(bank.folder("done").glob(f"answer-{path.stem}*"))
        if put_away or (bank.folder("in") / name).exists():
            continue
        lines = [cells[1].value for cells in load_workbook(path).worksheets[0].iter_rows(min_row=2)]
        put_down(
            [row(attempt) for attempt in Attempt.objects.filter(line_no__in=map(str, lines))],
            name=name,
        )


def is_right(obligations: list[Obligation]) -> None:
    for obligation in obligations:
        obligation.refresh_from_db()
        assert obligation.state == "PAID"
        assert obligation.attempts.count() == 1
    employers = {obligation.employer_id for obligation in obligations}
    back = PaidBack.objects.filter(employer__in=employers)
    assert sum(posting.amount for posting in back) == Decimal("1000.00") * len(obligations)
    lines = [
        cells[1].value
        for path in bank.folder("out").glob("*.xlsx")
        for cells in load_workbook(path).worksheets[0].iter_rows(min_row=2)
        if cells[0].value != "合计"
    ]
    assert len(lines) == len(set(lines))
    assert Obligation.objects.exclude(state="PAID").count() == 0
    assert not list(bank.folder("in").iterdir())


@pytest.mark.parametrize("stage", ["seal and send", "read the answer"])
def test_killed_at_every_point_money_leaves_once(stage, settings, tmp_path):
    cast = Cast()
    sealed = cast.bring("APPROVED", employer=overpay())
    cast.seal()
    bank.exchange(clock=clock)
    the_bank_answers()
    bank.exchange(clock=clock)
    is_right([sealed])

    points = 1 - STRIDE
    while True:
        points += STRIDE
        obligation = cast.bring("APPROVED", employer=overpay())
        if stage == "read the answer":
            step_on(cast)
            the_bank_answers()
        sword = Sword(points)
        try:
            with hanging(sword):
                step_on(cast)
        except (Killed, ProgrammingError):
            # Django tidies up after itself where a dead process would not: then it finds the
            # transaction still open. The server ends it, as it does when a client is gone.
            assert sword.seen >= points
        connection.close()
        killed = sword.seen >= points

        step_on(cast)
        the_bank_answers()
        step_on(cast)
        is_right([obligation])
        if not killed:
            break
    assert points > 40


KILLED_CHILD = """
import os, signal, sys
import django
django.setup()
from datetime import datetime
from zoneinfo import ZoneInfo
from django.conf import settings
from django.db import ProgrammingError, connection
from refunds.services import bank, batches
from registry.models import Officer

settings.BANK_DIR = sys.argv[1]
left = int(sys.argv[2])
now = datetime(2020, 7, 20, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

def execute(act, sql, params, many, context):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return act(sql, params, many, context)

officer = Officer.objects.select_related("agency__district").get(pk=int(sys.argv[3]))
with connection.execute_wrapper(execute):
    try:
        batches.seal_batch(insurance="pension", officer=officer, at=now)
    except batches.NothingToSeal:
        pass
    bank.exchange(clock=lambda: now)
"""


@pytest.mark.parametrize("point", [3, 12, 18, 24, 31, 38])
def test_a_process_killed_by_the_kernel(point, bank_dir):
    cast = Cast()
    obligation = cast.bring("APPROVED", employer=overpay())
    cast.register_funds()
    for _ in range(2):
        # Once while sealing and sending, once while reading the answer.
        step = subprocess.run(
            [sys.executable, "-c", KILLED_CHILD, str(bank_dir), str(point), str(cast.cashier.pk)],
            cwd=settings.BASE_DIR,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "DATABASE_URL": database_url(),
                "DATA_DIR": str(settings.DATA_DIR),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert step.returncode in {0, -signal.SIGKILL}, step.stderr
        the_bank_answers()
    step_on(cast)
    the_bank_answers()
    step_on(cast)
    is_right([obligation])


def database_url() -> str:
    known = connection.settings_dict
    return (
        f"postgresql://{known['USER']}:{known['PASSWORD']}@/{known['NAME']}"
        f"?host={known['HOST']}&port={known['PORT']}"
    )
