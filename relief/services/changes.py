"""The months of one employer before and after a run or a simulation, worked out when asked for."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry.money import ZERO
from relief.models import Run, Simulation
from relief.policy import Insurance
from relief.queries.policies import policy_of_run
from relief.run import shard
from relief.run.differing import Reason
from relief.services import simulations
from relief.services.runs import scope_of_run


@dataclass(frozen=True)
class Line:
    """One month and insurance before and after, in yuan; `before` is None where nothing was."""

    month: date
    insurance: Insurance
    headcount: int
    gross_due: Decimal
    employer_class: str
    clause: str
    relief: Decimal
    net_due: Decimal
    paid: Decimal
    before_class: str | None
    before_clause: str | None
    before_relief: Decimal | None
    before_net_due: Decimal | None
    changed: bool
    reasons: tuple[str, ...]

    @property
    def change(self) -> Decimal:
        """More (or less) due than before."""
        return self.net_due - (self.before_net_due or ZERO)

    @property
    def balance(self) -> Decimal:
        """What is paid above (or below) what is due after it."""
        return self.paid - self.net_due


@dataclass(frozen=True)
class Totals:
    """What the lines add up to, in yuan."""

    before_relief: Decimal
    relief: Decimal
    before_net_due: Decimal
    net_due: Decimal
    change: Decimal


def lines(found: Run | Simulation, *, employer_id: int) -> list[Line]:
    """Return every month and insurance of one employer by what a run or simulation had read.

    :raises relief.services.simulations.LawDiffers: if documents were published since.
    :raises relief.queries.policies.LawIsGone: if a run's documents can't be put together.
    """
    if isinstance(found, Run):
        what = shard.reading(policy_of_run(found), scope_of_run(found), found.inputs)
        rows = shard.lines(what, employer_id=employer_id, run=found.pk)
    else:
        what = simulations.reading_of(found)
        rows = shard.lines(what, employer_id=employer_id, run=found.inputs["runs"])
    places = {insurance: place for place, insurance in enumerate(Insurance)}
    rows.sort(key=lambda row: (row["month"], places[Insurance(row["insurance"])]))
    return [
        Line(
            month=row["month"],
            insurance=Insurance(row["insurance"]),
            headcount=row["headcount"],
            gross_due=row["gross_due"],
            employer_class=row["employer_class"],
            clause=row["clause"],
            relief=row["relief"],
            net_due=row["net_due"],
            paid=row["paid"],
            before_class=row["before_class"],
            before_clause=row["before_clause"],
            before_relief=row["before_relief"],
            before_net_due=row["before_net_due"],
            changed=row["changed"],
            reasons=tuple(Reason(row["reason"]).labels) if row["changed"] else (),
        )
        for row in rows
    ]


def totals(of: Iterable[Line]) -> Totals:
    """Return what lines add up to."""
    rows = list(of)
    return Totals(
        before_relief=sum((row.before_relief or ZERO for row in rows), ZERO),
        relief=sum((row.relief for row in rows), ZERO),
        before_net_due=sum((row.before_net_due or ZERO for row in rows), ZERO),
        net_due=sum((row.net_due for row in rows), ZERO),
        change=sum((row.change for row in rows), ZERO),
    )
