"""What may be deferred of a unit today, month by month, and what it comes to."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from deferral.content import Line
from deferral.models import AgreementLine
from registry.money import ZERO
from relief.models import Payment
from relief.policy import Deferral, Insurance, NoRuleInForce, Policy
from relief.queries.amounts import assessments_in_force, paid_by_line
from relief.queries.policies import policy_as_of


@dataclass(frozen=True)
class Place:
    """One month and insurance of a unit: what it comes to, and why it can't be deferred.

    `why_not` is empty where it can; `clause` says by which article in either case.
    """

    line: Line
    rule: Deferral | None
    why_not: str
    clause: str

    @property
    def can(self) -> bool:
        """Whether it may be deferred."""
        return not self.why_not


@dataclass(frozen=True)
class Picture:
    """Everything about a unit that decides what it may defer as of a day."""

    day: date
    places: tuple[Place, ...]
    deferred_before: frozenset[date]

    @property
    def months(self) -> list[date]:
        """The months of which anything may be deferred, in order."""
        return sorted({place.line.month for place in self.places if place.can})

    def chosen(
        self, insurances: Collection[str], months: Collection[date], *, employee_part: bool
    ) -> list[Place]:
        """Return what was chosen; without the employees' part its amount is 0.00."""
        return [
            place if employee_part else _without(place)
            for place in self.places
            if place.line.insurance in insurances and place.line.month in months
        ]

    def pay_by(self, places: Collection[Place]) -> date | None:
        """Return the latest day by which all of some places have to be paid."""
        return min((place.rule.pay_by for place in places if place.rule), default=None)

    def too_many(self, months: Collection[date], places: Collection[Place]) -> int | None:
        """Return how many months may be deferred where these and earlier ones are more."""
        most = min((place.rule.months for place in places if place.rule), default=None)
        if most is None or len({*months} | self.deferred_before) <= most:
            return None
        return most


def _without(place: Place) -> Place:
    line = place.line
    bare = Line(
        line.month, line.insurance, line.employer_part, ZERO, line.assessment, line.ordinary_due
    )
    return Place(bare, place.rule, place.why_not, place.clause)


def picture(employer_id: int, day: date, *, arrears_clause: str) -> Picture:
    """Return what a unit may defer as of a day; five queries.

    Every month that a published document lets be deferred is in it; a month that isn't
    assessed yet has 0.00 and takes what it is assessed at.
    """
    law = policy_as_of(day)
    deferred = set(
        AgreementLine.objects.filter(employer=employer_id).values_list("month", "insurance")
    )
    due = {
        (found.month, found.insurance): found
        for found in assessments_in_force(day).filter(employer_id=employer_id)
    }
    paid, _arrivals = paid_by_line(employer_id, day)
    by_people = _employees_paid(employer_id, day)
    places = []
    for insurance in Insurance:
        for month in law.deferrable_months(insurance):
            key = (month, insurance.value)
            assessed = due.get(key)
            ordinary, _rule = law.due_on(month)
            line = Line(
                month=month,
                insurance=insurance.value,
                employer_part=_left(assessed.net_due if assessed else ZERO, paid.get(key, ZERO)),
                employee_part=_left(
                    assessed.employee_due if assessed else ZERO, by_people.get(key, ZERO)
                ),
                assessment=assessed.pk if assessed else None,
                ordinary_due=ordinary,
            )
            places.append(
                _judged(line, law, day, known=key in deferred, arrears_clause=arrears_clause)
            )
    return Picture(
        day=day,
        places=tuple(sorted(places, key=lambda place: place.line.month)),
        deferred_before=frozenset(month for month, _ in deferred),
    )


def _left(due: Decimal, paid: Decimal) -> Decimal:
    """Return what is still to be paid of a part; what was paid too much is a refund's matter."""
    return due - paid if due > paid else ZERO


def _judged(line: Line, law: Policy, day: date, *, known: bool, arrears_clause: str) -> Place:
    try:
        rule = law.deferral(Insurance(line.insurance), line.month)
    except NoRuleInForce as nothing:
        return Place(line, None, str(nothing), "")
    clause = rule.source.clause
    if known:
        return Place(line, rule, "已经缓缴", clause)
    if line.assessment is not None and not line.amount:
        return Place(line, rule, "没有要缴的金额", "已免征或已缴清")
    if line.ordinary_due < day:
        return Place(
            line, rule, f"缴费期已过（{line.ordinary_due.isoformat()}），属欠费", arrears_clause
        )
    if rule.pay_by <= day:
        return Place(line, rule, f"最迟缴清日 {rule.pay_by.isoformat()} 已到", clause)
    return Place(line, rule, "", clause)


def _employees_paid(employer_id: int, day: date) -> dict[tuple[date, str], Decimal]:
    rows = (
        Payment.objects.filter(employer=employer_id, arrived_on__lte=day)
        .order_by()
        .values_list("month", "insurance")
        .annotate(Sum("employee_amount"))
    )
    return {(month, insurance): amount for month, insurance, amount in rows}
