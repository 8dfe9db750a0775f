"""What comes in and goes out of each fund in the months ahead, from a report's cells and the law."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal

from registry import months
from registry.money import ZERO
from relief.models import Insurance, Report
from relief.policy import EmployerClass, NoRuleInForce, Policy, Standing
from relief.queries.policies import policy_as_of
from relief.reports.cash import Base, Known, Month, ahead
from relief.reports.cube import MEASURES, class_of

#: So many months are looked ahead.
AHEAD = 6
_WAIVED = frozenset({EmployerClass.SME, EmployerClass.LARGE, EmployerClass.SOCIAL})
_PLACE = {name: place for place, name in enumerate(MEASURES, 4)}


def flows(
    report: Report, *, today: date, districts: Collection[str]
) -> dict[Insurance, list[Month]]:
    """Return the months ahead of each fund, the month in hand first; yuan.

    Contributions of a month come in by its due day. Months that nobody has declared yet are
    expected as the last declared month, under the rules that are published for them.

    :param districts: whose units count.
    """
    law = policy_as_of(today)
    first = months.first_of(today)
    calendar = list(months.span(first, months.after(first, AHEAD - 1)))
    cells = [cell for cell in report.cells if cell[2] in districts]
    return {
        fund: ahead(
            calendar,
            bases=_bases(law, cells, fund, calendar, report.last_month),
            known=_known(law, cells, fund),
        )
        for fund in Insurance
    }


def _bases(
    law: Policy, cells: list[list[str]], fund: Insurance, calendar: list[date], last: date
) -> list[Base]:
    gross: dict[str, Decimal] = {}
    for cell in cells:
        if cell[1] == fund and cell[3] == last.isoformat():
            name = class_of(cell[0])
            gross[name] = gross.get(name, ZERO) + Decimal(cell[_PLACE["gross_due"]])
    to_come = [month for month in calendar if month > last]
    return [
        Base(amount, {month: _fraction(law, EmployerClass(name), fund, month) for month in to_come})
        for name, amount in sorted(gross.items())
    ]


def _fraction(law: Policy, name: EmployerClass, fund: Insurance, month: date) -> Decimal:
    if name not in _WAIVED:
        return ZERO
    return law.ruling(Standing(name, ()), fund, month).fraction


def _known(law: Policy, cells: list[list[str]], fund: Insurance) -> Known:
    owed: dict[date, Decimal] = {}
    out = ZERO
    for cell in cells:
        if cell[1] != fund:
            continue
        open_ = Decimal(cell[_PLACE["underpaid"]]) - Decimal(cell[_PLACE["written_off"]])
        month = date.fromisoformat(cell[3])
        try:
            due = months.first_of(law.due_on(month)[0])
        except NoRuleInForce:
            due = month
        owed[due] = owed.get(due, ZERO) + open_
        out += Decimal(cell[_PLACE["waiting"]])
    return Known(owed, out)
