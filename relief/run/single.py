"""One employer in Python, by the formulas of `relief.calc`: for explaining, and as a proof.

A property test holds this path and the run's SQL equal to the fen for thousands of cases.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TypeVar

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery

from classification import queries as classification_queries
from classification.models import ClassProposal, CountsAs, Size, SizeRecord
from registry.models import Employer, EmployerTerms, UnitType
from relief.calc import Assessed, Terms, Totals, add_up, reduce_employer_share, terms
from relief.calc.estimate import LastMonth
from relief.calc.holds import Held, counting
from relief.calc.reasons import ASSESSED_BY, CLASSED_BY, with_ground
from relief.models import BaseHold, BaseHoldEnd, DeclarationLine, EstimatedAssessment
from relief.policy import EmployerClass, Insurance, Policy, Ruling, Standing
from relief.run.inputs import LATER_MARKS, size_first_month

BASES = {
    Insurance.PENSION: "pension_base",
    Insurance.UNEMPLOYMENT: "unemployment_base",
    Insurance.INJURY: "injury_base",
}
Key = tuple[date, Insurance]
M = TypeVar("M", bound=Model)
Marks = Mapping[str, int]
EVERYTHING: Marks = MappingProxyType({})


@dataclass(frozen=True)
class Line:
    """One month and insurance of an employer: what went in, by which rules, what came out."""

    month: date
    insurance: Insurance
    declared: Mapping[Decimal, int]  # how many persons declared each base, in yuan
    held: Mapping[Held, int]  # of them those whose raised base doesn't count (yet)
    unit_type: str
    size: str | None
    parent_uscc: str
    terms: Terms
    standing: Standing
    ruling: Ruling
    assessed: Assessed
    estimated: LastMonth | None = None  # two officers assessed what wasn't declared
    by_hand: ClassProposal | None = None  # what two officers decided, which goes before the rules


@dataclass(frozen=True)
class _Known:
    """What is stored about one employer, its legal entity included."""

    own: list[EmployerTerms]
    parents: dict[str, list[EmployerTerms]]
    sizes: dict[str, list[SizeRecord]]
    by_hand: list[ClassProposal]
    declared: dict[Key, Counter[Decimal]] = field(default_factory=dict)
    held: dict[Key, Counter[Held]] = field(default_factory=dict)
    estimated: dict[Key, LastMonth] = field(default_factory=dict)


def lines(
    employer: Employer,
    policy: Policy,
    *,
    months: Iterable[date] | None = None,
    wanted: Iterable[tuple[date, Insurance]] = (),
    marks: Marks = EVERYTHING,
) -> list[Line]:
    """Return what every declared month comes to, by month and insurance; eight queries.

    :param months: only these; by default all that are declared.
    :param wanted: months and insurances to return even if nobody is declared there (any more).
    :param marks: the frozen inputs of a run; by default everything stored.
    :raises NoRuleInForce: if a month has no rate, limit or class rule.
    """
    asked = None if months is None else list(months)
    known = _load(employer, policy.as_of, asked, marks)
    for key in wanted:
        known.declared.setdefault(key, Counter())
    first_month = size_first_month(policy)
    found = []
    for (month, insurance), declared in sorted(known.declared.items()):
        own = _terms_in(known.own, month)
        stands = _stands(employer, policy, known, month, first_month)
        by = terms(policy, insurance, month, own_rate=own.injury_rate)
        ruling = stands.ruling(policy, insurance, month)
        held = known.held.get((month, insurance), Counter())
        estimated = known.estimated.get((month, insurance))
        if estimated:
            totals = estimated.assessed
            ruling = replace(
                ruling, clause=with_ground(ruling.clause, ASSESSED_BY, estimated.clause)
            )
        else:
            totals = add_up(counting(declared, held).elements(), by)
        assessed = reduce_employer_share(totals, ruling)
        found.append(
            Line(
                month=month,
                insurance=insurance,
                declared=declared,
                held=held,
                unit_type=stands.unit_type,
                size=stands.size,
                parent_uscc=own.parent_uscc,
                terms=by,
                standing=stands.standing,
                ruling=ruling,
                assessed=assessed,
                estimated=estimated,
                by_hand=stands.by_hand,
            )
        )
    return found


@dataclass(frozen=True)
class Stands:
    """What an employer counted as in one month, and by what."""

    unit_type: str
    size: str | None
    parent_uscc: str
    standing: Standing
    by_hand: ClassProposal | None = None  # what two officers decided, which goes before the rules

    def ruling(self, policy: Policy, insurance: Insurance, month: date) -> Ruling:
        """Return what is waived, its clause with the document of a class by hand."""
        found = policy.ruling(self.standing, insurance, month)
        if self.by_hand is None:
            return found
        return replace(found, clause=with_ground(found.clause, CLASSED_BY, self.by_hand.document))


def standings(
    employer: Employer, policy: Policy, *, months: Iterable[date], marks: Marks = EVERYTHING
) -> dict[date, Stands]:
    """Return what an employer counts as in each of some months, declared or not.

    :raises NoRuleInForce: if a month has no class rule.
    """
    known = _load(employer, policy.as_of, [], marks)
    first_month = size_first_month(policy)
    return {month: _stands(employer, policy, known, month, first_month) for month in months}


def _stands(
    employer: Employer, policy: Policy, known: _Known, month: date, first_month: date
) -> Stands:
    own = _terms_in(known.own, month)
    parent = known.parents.get(own.parent_uscc, [])
    unit_type = _terms_in(parent, month).unit_type if parent else own.unit_type
    size = _size_in(known.sizes.get(own.parent_uscc or employer.uscc, []), month, first_month)
    by_hand = _by_hand_in(known.by_hand, (employer.uscc, own.parent_uscc), month)
    standing = policy.standing_by_hand(EmployerClass(by_hand.counts_as), month) if by_hand else None
    if standing is None:
        standing = policy.standing(
            str(UnitType(unit_type).label), str(Size(size).label) if size else None, month
        )
    return Stands(unit_type, size, own.parent_uscc, standing, by_hand)


def _load(employer: Employer, as_of: date, months: list[date] | None, marks: Marks) -> _Known:
    own = list(_up_to(EmployerTerms.objects.filter(employer=employer), marks, "terms"))
    codes = {terms.parent_uscc for terms in own if terms.parent_uscc}
    parents: dict[str, list[EmployerTerms]] = {}
    if codes:
        rows = EmployerTerms.objects.filter(employer__uscc__in=codes).select_related("employer")
        for row in _up_to(rows, marks, "terms"):
            parents.setdefault(row.employer.uscc, []).append(row)
    sizes: dict[str, list[SizeRecord]] = {}
    standing = classification_queries.standing(up_to=marks.get("sizes"))
    for size in standing.filter(uscc__in={employer.uscc, *codes}, dated__lte=as_of):
        sizes.setdefault(size.uscc, []).append(size)
    by_hand = classification_queries.decided_classes(
        {employer.uscc, *codes}, day=as_of, up_to=_mark(marks, "classes")
    )
    declared, held = _declared(employer, months, marks)
    estimated = _estimated(employer, as_of, months, marks)
    worked = {month for (month, _), bases in declared.items() if any(base for base in bases)}
    estimated = {key: last for key, last in estimated.items() if key[0] not in worked}
    for key in estimated:
        declared.setdefault(key, Counter())
    return _Known(own, parents, sizes, by_hand, declared, held, estimated)


def _estimated(
    employer: Employer, as_of: date, months: list[date] | None, marks: Marks
) -> dict[Key, LastMonth]:
    """Return what two officers have assessed, by month and insurance; the last decision counts."""
    rows = EstimatedAssessment.objects.filter(
        employer=employer, order__decision__agreed=True, order__decision__decided_on__lte=as_of
    )
    if months is not None:
        rows = rows.filter(month__in=months)
    seen = _mark(marks, "estimates")
    if seen is not None:
        rows = rows.filter(order__decision__pk__lte=seen)
    latest = {
        (row.month, Insurance(row.insurance)): row
        for row in rows.order_by("order__decision__decided_on", "order__decision__pk")
    }
    return {
        key: LastMonth(
            Totals(row.headcount, row.base_total, row.last_gross, row.last_employee),
            row.ratio,
            row.clause,
        )
        for key, row in latest.items()
        if row.headcount
    }


def _declared(
    employer: Employer, months: list[date] | None, marks: Marks
) -> tuple[dict[Key, Counter[Decimal]], dict[Key, Counter[Held]]]:
    rows = DeclarationLine.objects.filter(employer=employer)
    if months is not None:
        rows = rows.filter(month__in=months)
    current = Q(replaced_by__isnull=True)
    if "lines" in marks:
        rows = rows.filter(pk__lte=marks["lines"])
        current |= Q(replaced_by__gt=marks["lines"])
    found: dict[Key, Counter[Decimal]] = {}
    held: dict[Key, Counter[Held]] = {}
    former = _held(employer, marks)
    for pk, month, *bases in rows.filter(current).values_list("pk", "month", *BASES.values()):
        for insurance, base in zip(BASES, bases, strict=True):
            found.setdefault((month, insurance), Counter())[base] += 1
            if each := former.get((pk, insurance)):
                held.setdefault((month, insurance), Counter())[each] += 1
    return found, held


def _held(employer: Employer, marks: Marks) -> dict[tuple[int, str], Held]:
    """Return the raised bases that don't count, by line and insurance."""
    seen = {**LATER_MARKS, **marks} if marks else marks
    verdict = _up_to(BaseHoldEnd.objects.filter(hold=OuterRef("pk")), seen, "hold_ends")
    holds = _up_to(BaseHold.objects.filter(employer=employer), seen, "holds")
    rows = holds.annotate(verdict=Subquery(verdict.values("verdict"))).values_list(
        "line_id", "insurance", "declared", "former", "verdict"
    )
    return {
        (line, insurance): Held(declared, former, refused=verdict is not None)
        for line, insurance, declared, former, verdict in rows
        if verdict != BaseHoldEnd.Verdict.CLEARED
    }


def _up_to(rows: QuerySet[M], marks: Marks, name: str) -> QuerySet[M]:
    return rows.filter(pk__lte=marks[name]) if name in marks else rows


def _mark(marks: Marks, name: str) -> int | None:
    """Return how far an input of later releases was seen; None is all of it."""
    return {**LATER_MARKS, **marks}[name] if marks else None


def _by_hand_in(
    known: list[ClassProposal], usccs: tuple[str, str], month: date
) -> ClassProposal | None:
    """Return what was decided of a unit itself, or else of its legal entity, for a month."""
    for uscc in usccs:
        for proposal in known:
            if proposal.uscc == uscc and proposal.from_month <= month <= (
                proposal.to_month or month
            ):
                if proposal.counts_as != CountsAs.BY_RULES:
                    return proposal
                break
    return None


def _terms_in(known: list[EmployerTerms], month: date) -> EmployerTerms:
    """Return what holds in a month; months before the first row take the first."""
    first = min(terms.from_month for terms in known)
    begun = [terms for terms in known if terms.from_month <= max(month, first)]
    return max(begun, key=lambda terms: (terms.from_month, terms.pk))


def _size_in(known: list[SizeRecord], month: date, first_month: date) -> str | None:
    """Return the latest size that holds in a month (D7), or None.

    Before the first month of size data nothing is waived; an employer keeps its size there.
    """
    sized = max(month, first_month)
    holding = [size for size in known if (size.from_month or first_month) <= sized]
    return max(holding, key=lambda size: (size.dated, size.pk)).size if holding else None
