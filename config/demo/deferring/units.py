"""The units as workbooks of the public formats: who they are, and what they declared last month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path

from config.demo import city, workbooks
from config.demo.deferring.stories import PERSON, UNITS
from config.demo.deferring.timeline import timeline
from config.demo.steps import BY, BringIn, Recalculate, Town
from config.demo.workbooks import Cell
from deferral.models import PersonMatter
from registry import months
from relief.models import Run
from relief.services import runs

# Drawn so that nobody has the number of a person of the town.
_SEED = 20200306
PAID = "14-一人一事缴款.xlsx"


@cache
def town() -> city.City:
    """Return the units and their sizes; their people stay for good."""
    drawn = city.of_stories(UNITS, seed=_SEED)
    units = [
        replace(unit, people=tuple(replace(each, last=date.max) for each in unit.people))
        for unit in drawn.units
    ]
    return replace(drawn, units=tuple(units))


@dataclass
class Bring(BringIn):
    """Import a workbook of these units; it is written when its turn comes."""

    def path(self, town: Town) -> Path:
        header, rows = _CONTENT[self.file.name](town)
        return workbooks.write_one(town.folder / "demo" / self.file.name, header, rows)


Content = tuple[Sequence[str], Iterable[Sequence[Cell]]]


def _units(_town: Town) -> Content:
    return workbooks.EMPLOYER_HEADER, workbooks.employers(town())


def _sizes(_town: Town) -> Content:
    return workbooks.SIZE_HEADER, workbooks.sizes(town(), workbooks.SIZES_DATED)


def _declared(where: Town) -> Content:
    first = timeline(where.clock()).first
    rows = (row for unit in town().units for row in workbooks.declared(unit, first))
    return workbooks.DECLARATION_HEADER, rows


def _paid(where: Town) -> Content:
    """Return the payment for the person whose matter waits for it, exactly what it asks for."""
    days = timeline(where.clock())
    matter = PersonMatter.objects.get(employer=where.employers[PERSON[0]])
    code = matter.employer.uscc
    rows = [
        (
            code, months.label(line.month), workbooks.INSURANCE_NAMES[line.insurance],
            str(line.employer_part), str(line.employee_part), days.days[14].isoformat(),
            f"SC{days.days[14]:%Y%m%d}{number:04d}", "", "",
        )
        for number, line in enumerate(matter.lines.order_by("month", "insurance"), start=1)
    ]  # fmt: skip
    return workbooks.PAYMENT_HEADER, rows


_CONTENT = {
    "11-缓缴单位.xlsx": _units,
    "12-缓缴单位划型.xlsx": _sizes,
    "13-缓缴单位申报.xlsx": _declared,
    PAID: _paid,
}
UNIT_FILES = (
    Bring(workbooks.File("11-缓缴单位.xlsx", "employers", 2)),
    Bring(workbooks.File("12-缓缴单位划型.xlsx", "sizes", 2)),
    Bring(workbooks.File("13-缓缴单位申报.xlsx", "declarations", 2)),
)
PAID_FILE = Bring(workbooks.File(PAID, "payments", 2))
FILES = (*UNIT_FILES, PAID_FILE)


@dataclass
class Assess(Recalculate):
    """Assess these units as of the stories' first day, so that there is something to defer."""

    as_of: None = None
    reason: str = "缓缴单位上月应缴"

    def start(self, town: Town) -> Run:
        days = timeline(town.clock())
        return runs.start_run(
            as_of=days.published,
            from_month=days.first,
            to_month=days.first,
            employer_ids=[town.employers[unit.key].pk for unit in UNITS],
            reason=self.reason,
            at=town.clock(),
            os_user=BY,
        )
