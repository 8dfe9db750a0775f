"""Load the demo city, step by step; what is there already costs one question each."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from django.db import connection

from config.demo import workbooks
from config.demo.deferring import law, units
from config.demo.deferring.stories import WALKS as WAITING
from config.demo.deferring.walks import Apply, AskForAnotherPlan, Retire, Settle
from config.demo.filings import FileMonth
from config.demo.steps import (
    AgreeOnPassword,
    AskForRecoveries,
    BringIn,
    Clock,
    Offer,
    OpenOwners,
    OpenStaff,
    Recalculate,
    Step,
    Town,
)
from config.demo.stories import BY_KEY, WALKS
from config.demo.walks import FundAccounts, WalkOn
from registry.models import Employer

#: Between the two policy documents' days of publication, and after the second.
RUNS = (
    Recalculate(date(2020, 3, 31), "首次减免（截至2020年3月底所知）"),
    Recalculate(date(2020, 7, 31), "政策延长后（截至2020年7月底所知）"),
    Recalculate(None, "全年数据和划型更正之后（按今天所知）"),
)
_LOCK = 20200304


class SomebodyElsesData(Exception):
    """The database has employers that are not the demo's: it is not ours to fill."""


def steps() -> Sequence[Step]:
    """Return all steps in their order."""
    lots: list[Step] = [
        step
        for lot, run in enumerate(RUNS)
        for step in (
            *(BringIn(file) for file in workbooks.FILES if file.lot == lot),
            # Before the last run, which takes everything along.
            *((*law.DOCUMENTS, *units.UNIT_FILES, units.Assess()) if run is RUNS[-1] else ()),
            run,
            Offer(),
        )
    ]
    walks: list[Step] = [WalkOn(walk) for walk in WALKS]
    filed = FileMonth("individual", date(2020, 12, 1))
    opened = [OpenOwners(), FundAccounts()]
    ended = [Offer(), AskForRecoveries(), filed]
    deferred = [*map(Apply, WAITING), Retire(), units.PAID_FILE, Settle(), AskForAnotherPlan()]
    return [OpenStaff(), *lots, *opened, *walks, *deferred, *ended, AgreeOnPassword()]


def load(*, folder: Path, clock: Clock, say: Callable[[str], None]) -> int:
    """Do every step that isn't done and return how many were.

    :raises SomebodyElsesData: if there are employers but none of the demo.
    """
    with connection.cursor() as cursor:
        # Two starts side by side: the second waits and then finds everything done.
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        try:
            return _load(Town(folder, clock, say))
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _load(town: Town) -> int:
    if Employer.objects.exists() and not BY_KEY.keys() <= town.employers.keys():
        raise SomebodyElsesData("数据库里已有其他参保单位，不再载入演示城市。")
    done = 0
    for step in steps():
        if not step.done(town):
            result = step.do(town)
            town.say(f"{step.title}：{result}")
            done += 1
    return done
