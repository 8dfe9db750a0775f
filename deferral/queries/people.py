"""What of a deferral is one person's: amounts of both parts, and matters as pages list them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum

from casework import queries_matter as matter_queries
from casework.queries_matter import Running
from deferral import offices
from deferral.models import Agreement, PersonMatter, PersonPayment
from deferral.people_data import people
from deferral.queries.standing import Line, standing
from deferral.routes import Office
from deferral.services.taking_in import route_of
from deferral.workflow import PersonState
from registry import scope
from registry.models import Officer
from registry.money import ZERO, to_fen, total
from registry.scope import Viewer
from relief import calc
from relief.models import Declaration, DeclarationLine, Payment
from relief.policy import Insurance
from relief.queries.amounts import assessments_in_force
from relief.queries.policies import policy_as_of

_BASES = {
    "pension": "pension_base",
    "unemployment": "unemployment_base",
    "injury": "injury_base",
}
Place = tuple[date, str]


@dataclass(frozen=True)
class Share:
    """One person's part of a deferred month and insurance, in yuan.

    `employer_part` and `employee_part` are what is to be paid: never more than is open of the
    month, so that the person's money pays no other debt. `known` is false where the month isn't
    assessed yet.
    """

    month: date
    insurance: str
    base: Decimal
    gross: Decimal
    relief: Decimal
    employer_part: Decimal
    employee_part: Decimal
    known: bool

    @property
    def amount(self) -> Decimal:
        """Both parts."""
        return self.employer_part + self.employee_part


@dataclass(frozen=True)
class Shares:
    """A person's parts, and what is open of the whole agreement before and after paying them."""

    name: str
    rows: tuple[Share, ...]
    open_before: Decimal

    @property
    def amount(self) -> Decimal:
        """What is to be paid for the person."""
        return total(row.amount for row in self.rows)

    @property
    def unknown(self) -> list[date]:
        """The months that aren't assessed yet."""
        return sorted({row.month for row in self.rows if not row.known})


def declared(
    employer_id: int, person_id: str, months: Collection[date]
) -> dict[date, DeclarationLine]:
    """Return a person's declared lines in force, by month."""
    rows = DeclarationLine.objects.filter(
        employer=employer_id,
        person_id=person_id,
        month__in=list(months),
        replaced_by__isnull=True,
    )
    return {row.month: row for row in rows}


def shares(
    agreement: Agreement,
    *,
    person_id: str,
    insurances: Collection[str],
    day: date,
    matter: PersonMatter | None = None,
) -> Shares:
    """Return what of some deferred insurances is a person's as of a day.

    The person's own amounts are counted as an assessment counts them: rounded for the person,
    the employer's part less what is waived of it. What was paid for the person in an earlier
    matter isn't asked again.

    :param matter: a matter whose own payments count as still open, so that it can be renewed.
    """
    (now,) = standing([agreement], day)
    wanted = {(line.month, line.insurance): line for line in now.lines}
    wanted = {key: line for key, line in wanted.items() if key[1] in insurances}
    lines = declared(agreement.application.employer_id, person_id, {month for month, _ in wanted})
    employee_parts = set(
        agreement.lines.filter(employee_part=True).values_list("month", "insurance")
    )
    amounts = _Amounts(agreement.application.employer_id, day, wanted)
    before, own = _paid_before(agreement, person_id, matter)
    rows = []
    for key, line in sorted(wanted.items()):
        found = lines.get(key[0])
        base = getattr(found, _BASES[key[1]]) if found is not None else ZERO
        if not base or key in before:
            continue
        share = amounts.of(key, base, with_employee=key in employee_parts)
        rows.append(_capped(share, line, own.get(key, (ZERO, ZERO))))
    names = [line.person_name for line in lines.values()]
    return Shares(names[-1] if names else "", tuple(rows), now.open)


class _Amounts:
    """Rates, limits and fractions of some months of one employer, read once."""

    def __init__(self, employer_id: int, day: date, wanted: Collection[Place]) -> None:
        months = {month for month, _ in wanted}
        self.law = policy_as_of(day)
        of_months = Q(employer=employer_id, month__in=months)
        self.declared = {
            (row.month, row.insurance): row
            for row in Declaration.objects.filter(of_months, replaced_by__isnull=True)
        }
        self.assessed = {
            (row.month, row.insurance): row for row in assessments_in_force(day).filter(of_months)
        }

    def of(self, key: Place, base: Decimal, *, with_employee: bool) -> Share:
        month, insurance = key
        assessed = self.assessed.get(key)
        if assessed is None or key not in self.declared:
            return Share(month, insurance, base, ZERO, ZERO, ZERO, ZERO, known=False)
        by = calc.terms(
            self.law, Insurance(insurance), month, own_rate=self.declared[key].employer_rate
        )
        one = calc.add_up([base], by)
        relief = to_fen(one.gross_due * assessed.relief_fraction)
        return Share(
            month,
            insurance,
            one.base_total,
            one.gross_due,
            relief,
            one.gross_due - relief,
            one.employee_due if with_employee else ZERO,
            known=True,
        )


def _capped(share: Share, line: Line, own: tuple[Decimal, Decimal]) -> Share:
    """Return a share of which no more is asked than is open of its month."""
    return Share(
        share.month,
        share.insurance,
        share.base,
        share.gross,
        share.relief,
        min(share.employer_part, line.employer_open + own[0]),
        min(share.employee_part, line.employee_open + own[1]),
        share.known,
    )


def _paid_before(
    agreement: Agreement, person_id: str, matter: PersonMatter | None
) -> tuple[set[Place], dict[Place, tuple[Decimal, Decimal]]]:
    """Return the places settled in the person's other matters, and what this one has paid."""
    rows = PersonPayment.objects.filter(
        matter__agreement=agreement, matter__person_id=person_id, round=F("matter__round")
    ).exclude(matter__state=PersonState.WITHDRAWN)
    other = rows.exclude(matter=matter) if matter is not None else rows
    own = rows.filter(matter=matter) if matter is not None else rows.none()
    summed = own.values_list("month", "insurance").annotate(
        Sum("employer_part"), Sum("employee_part")
    )
    return (
        set(other.values_list("month", "insurance")),
        {(month, insurance): (own, theirs) for month, insurance, own, theirs in summed},
    )


@dataclass(frozen=True)
class Free:
    """What of a voucher isn't made over to anybody, in yuan."""

    voucher: str
    employer_part: Decimal
    employee_part: Decimal


def free_vouchers(employer_id: int, since: date, until: date) -> dict[Place, list[Free]]:
    """Return an employer's vouchers that arrived in some days with what of them is free."""
    arrived = (
        Payment.objects.filter(employer=employer_id, arrived_on__gte=since, arrived_on__lte=until)
        .order_by()
        .values_list("month", "insurance", "voucher")
        .annotate(Sum("employer_amount"), Sum("employee_amount"))
    )
    used = {
        key[:3]: key[3:]
        for key in PersonPayment.objects.filter(employer=employer_id, round=F("matter__round"))
        .exclude(matter__state=PersonState.WITHDRAWN)
        .order_by()
        .values_list("month", "insurance", "voucher")
        .annotate(Sum("employer_part"), Sum("employee_part"))
    }
    found: dict[Place, list[Free]] = {}
    for month, insurance, voucher, employer, employees in sorted(arrived):
        taken = used.get((month, insurance, voucher), (ZERO, ZERO))
        found.setdefault((month, insurance), []).append(
            Free(voucher, employer - taken[0], employees - taken[1])
        )
    return found


_ROWS = PersonMatter.objects.select_related(
    "employer__district", "agreement__application__employer__district"
)


def of_unit(viewer: Viewer) -> QuerySet[PersonMatter]:
    """Return a unit's own matters, the newest first."""
    return scope.limit(_ROWS.all(), viewer).order_by("-pk")


def for_desk(
    viewer: Viewer, *, show: str = "", q: str = "", district: str = ""
) -> QuerySet[PersonMatter]:
    """Return the matters an officer may see; those that can be certified come first.

    :param show: `open` or `over`; empty is all.
    """
    if viewer.officer is None:
        return PersonMatter.objects.none()
    rows = scope.limit(_ROWS.all(), viewer)
    pending = [PersonState.TO_PAY, PersonState.PAID]
    if show == "open":
        rows = rows.filter(state__in=pending)
    elif show == "over":
        rows = rows.exclude(state__in=pending)
    if q := q.strip():
        rows = rows.filter(
            Q(employer__name__contains=q)
            | Q(employer__uscc__startswith=q.upper())
            | Q(receipt=q.upper())
            | Q(person_name=q)
            | Q(person_id=q.upper())
        )
    if district:
        rows = rows.filter(employer__district=district)
    # Of what is open, PAID stands before TO_PAY: there only the office is waited for.
    return rows.order_by("state", "moved_at", "pk")


def looked_after_by(officer: Officer, agreement: Agreement) -> bool:
    """Return whether an officer's office looks after an agreement and its people."""
    application = agreement.application
    return offices.works_at(officer, application.employer, following(agreement))


def following(agreement: Agreement) -> Office:
    """Return the office that looks after an agreement."""
    return route_of(agreement.application).following


def with_clocks(
    rows: Sequence[PersonMatter], *, today: date
) -> list[tuple[PersonMatter, Running | None, str]]:
    """Return matters with their running clock and what they are about; three queries."""
    clocks = matter_queries.clocks_of(PersonMatter.KIND, [row.pk for row in rows], today=today)
    found = []
    for row in rows:
        running = [each for each in clocks[row.pk] if each.clock.stopped_at is None]
        found.append((row, running[0] if running else None, people().kind(row.kind).label))
    return found
