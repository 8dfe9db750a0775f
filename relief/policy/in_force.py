"""The rules in force on a day: every document published by then, the later one winning."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TypeVar

from registry import months

from .reader import key
from .types import (
    ClassRule,
    Dated,
    DeclareDay,
    Deferral,
    Document,
    DueDay,
    EmployerClass,
    Estimate,
    Insurance,
    LateFeeRate,
    Limit,
    ManualClass,
    ProjectRule,
    Rate,
    SizeData,
    SizeRule,
    Source,
    UnitGroup,
    Waiver,
)

R = TypeVar("R", bound=Dated)
NOTHING = Decimal(0)


class NoRuleInForce(LookupError):
    """No published document says what holds; names the matter and the month, in Chinese."""


@dataclass(frozen=True)
class Standing:
    """What an employer counts as in a month, and by which rules."""

    employer_class: EmployerClass
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Ruling:
    """The share of the employer's part that is waived, and the clause shown with it.

    `waiver` is None where nothing is waived, which is a result with a reason too;
    `superseded` are the earlier documents' waivers that the later one overrides.
    """

    fraction: Decimal
    clause: str
    waiver: Waiver | None = None
    superseded: tuple[Waiver, ...] = ()


@dataclass(frozen=True, eq=False)
class Policy:
    """Every document published by `as_of`, oldest first; made by `policy_as_of`.

    Compared by identity: to compare two policies' rules, compare their digests.
    """

    as_of: date
    documents: tuple[Document, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the documents' own digests: two runs with one digest read one law."""
        return hashlib.sha256("\n".join(d.digest for d in self.documents).encode()).hexdigest()

    @cached_property
    def _by_key(self) -> dict[tuple[object, ...], tuple[Dated, ...]]:
        """Every rule under what it is about, the latest document's first."""
        found: dict[tuple[object, ...], list[Dated]] = {}
        for document in reversed(self.documents):
            for rule in document.rules:
                found.setdefault(key(rule), []).append(rule)
        return {name: tuple(rules) for name, rules in found.items()}

    def _holding(self, kind: type[R], *about: object, month: date) -> tuple[R, ...]:
        rules = self._by_key.get((kind, *about), ())
        return tuple(r for r in rules if isinstance(r, kind) and r.holds(month))

    def _one(self, kind: type[R], *about: object, month: date, matter: str) -> R:
        holding = self._holding(kind, *about, month=month)
        if not holding:
            raise NoRuleInForce(
                f"{months.label(month)} 没有已公布的{matter}（核定日 {self.as_of.isoformat()}）"
            )
        return holding[0]

    def rate(self, insurance: Insurance, month: date) -> Rate:
        """Return the rates of a month.

        :raises NoRuleInForce: if no document has any.
        """
        return self._one(Rate, insurance, month=month, matter=f"{insurance.label}保险费率")

    def limit(self, insurance: Insurance, month: date) -> Limit:
        """Return the base limits of a month.

        :raises NoRuleInForce: if no document has any.
        """
        return self._one(Limit, insurance, month=month, matter=f"{insurance.label}缴费基数上下限")

    def has_rules(self, month: date) -> bool:
        """Return whether a declaration for the month can be assessed (`month_without_rules`)."""
        try:
            for insurance in Insurance:
                self.rate(insurance, month)
                self.limit(insurance, month)
        except NoRuleInForce:
            return False
        return True

    def standing(self, unit_type: str, size: str | None, month: date) -> Standing:
        """Return what an employer counts as, by registered type and the province's size.

        :param unit_type: as registered, `企业`, `机关` …; of the legal entity, for a branch.
        :param size: `大型`, `中型`, `小型`, `微型`, or None where the province has none.
        :raises NoRuleInForce: if the type or the size is in no document.
        """
        rule = self._one(ClassRule, unit_type, month=month, matter=f"“{unit_type}”的归类")
        if rule.employer_class is not None:
            return Standing(rule.employer_class, (rule.source,))
        if size is None:
            return Standing(EmployerClass.PENDING, (rule.source,))
        sized = self._one(SizeRule, size, month=month, matter=f"划型“{size}”的归类")
        return Standing(sized.employer_class, (rule.source, sized.source))

    def standing_by_hand(self, employer_class: EmployerClass, month: date) -> Standing | None:
        """Return what a decision of two officers makes of an employer (R3, D16).

        None before any document has let officers class by hand.
        """
        rules = self.manual_classes(month)
        return Standing(employer_class, (rules[0].source,)) if rules else None

    def manual_classes(self, month: date) -> tuple[ManualClass, ...]:
        """Return which units may be classed by hand in a month, by name."""
        names = {str(name[1]) for name in self._by_key if name[0] is ManualClass}
        found = [self._holding(ManualClass, name, month=month) for name in sorted(names)]
        return tuple(rules[0] for rules in found if rules)

    def unit_group(self, name: str, month: date) -> UnitGroup:
        """Return by which industries a group of units is told.

        :raises NoRuleInForce: if no document says so.
        """
        return self._one(UnitGroup, name, month=month, matter=f"“{name}”的行业范围")

    def class_rules(self, month: date) -> dict[str, EmployerClass | None]:
        """Return every unit type's class in a month; None means by its size."""
        names = {name[1] for name in self._by_key if name[0] is ClassRule}
        found = {str(n): self._holding(ClassRule, n, month=month) for n in names}
        return {name: rules[0].employer_class for name, rules in found.items() if rules}

    def size_rules(self, month: date) -> dict[str, EmployerClass]:
        """Return every size's class in a month."""
        names = {name[1] for name in self._by_key if name[0] is SizeRule}
        found = {str(n): self._holding(SizeRule, n, month=month) for n in names}
        return {name: rules[0].employer_class for name, rules in found.items() if rules}

    def ruling(self, standing: Standing, insurance: Insurance, month: date) -> Ruling:
        """Return what is waived, by the latest document that speaks of the month.

        Outside every waiver nothing is waived; the clause then says why.
        """
        employer_class = standing.employer_class
        if employer_class is EmployerClass.PENDING:
            return Ruling(
                NOTHING, f"待划型：省级共享数据中没有该企业（{standing.sources[0].clause}）"
            )
        if employer_class is EmployerClass.NONE:
            return Ruling(NOTHING, standing.sources[0].clause)
        holding = self._holding(Waiver, employer_class, insurance, month=month)
        if holding:
            first = holding[0]
            return Ruling(first.ratio, first.source.clause, first, holding[1:])
        return Ruling(NOTHING, self.why_not(employer_class, insurance))

    def why_not(self, employer_class: EmployerClass, insurance: Insurance) -> str:
        """Return what is said of a class in a month that no document waives."""
        known = self._by_key.get((Waiver, employer_class, insurance), ())
        if not known:
            return f"截至 {self.as_of.isoformat()} 尚无已公布的减免规定"
        return f"不在减免期内（{known[0].source.clause}）"

    def waivers(self) -> tuple[Waiver, ...]:
        """Return every published waiver, the latest document's first, for pages that show them."""
        return tuple(
            rule
            for document in reversed(self.documents)
            for rule in document.rules
            if isinstance(rule, Waiver)
        )

    def relief_months(self, employer_class: EmployerClass, insurance: Insurance) -> list[date]:
        """Return the months in which a class is waived anything, in order."""
        spans = [
            rule
            for rule in self._by_key.get((Waiver, employer_class, insurance), ())
            if isinstance(rule, Waiver) and rule.first and rule.last
        ]
        touched = {
            m
            for rule in spans
            if rule.first and rule.last
            for m in months.span(rule.first, rule.last)
        }
        standing = Standing(employer_class, ())
        return sorted(m for m in touched if self.ruling(standing, insurance, m).fraction)

    def size_data_from(self, month: date) -> SizeData:
        """Return from which month size data hold that name no month of their own (D7).

        :raises NoRuleInForce: if no document says so.
        """
        return self._one(SizeData, month=month, matter="划型数据的起始月份")

    def due_on(self, month: date) -> tuple[date, DueDay]:
        """Return the day by which a month is due, with the rule that says so (D9).

        :raises NoRuleInForce: if no document says so.
        """
        rule = self._one(DueDay, month=month, matter="缴费截止日")
        return _day_of(rule, month), rule

    def declared_by(self, month: date) -> tuple[date, DeclareDay]:
        """Return the day by which a month is declared, with the rule that says so.

        :raises NoRuleInForce: if no document says so.
        """
        rule = self._one(DeclareDay, month=month, matter="申报截止日")
        return _day_of(rule, month), rule

    def late_fee_rate(self, month: date) -> LateFeeRate:
        """Return the daily late fee on what is owed for a month.

        :raises NoRuleInForce: if no document says so.
        """
        return self._one(LateFeeRate, month=month, matter="滞纳金比例")

    def estimate(self, month: date) -> Estimate:
        """Return at which ratio an undeclared month is assessed (社会保险法 第六十二条).

        :raises NoRuleInForce: if no document says so.
        """
        return self._one(Estimate, month=month, matter="未申报核定比例")

    def deferral(self, insurance: Insurance, month: date) -> Deferral:
        """Return how a month of an insurance may be deferred (R30-R34, D11).

        :raises NoRuleInForce: if no document lets it be deferred.
        """
        return self._one(Deferral, insurance, month=month, matter=f"{insurance.label}保险缓缴规定")

    def deferrable_months(self, insurance: Insurance) -> list[date]:
        """Return the months that may be deferred of an insurance, in order."""
        return sorted(
            {
                month
                for rule in self._by_key.get((Deferral, insurance), ())
                if rule.first and rule.last
                for month in months.span(rule.first, rule.last)
            }
        )

    def project_rule(self, month: date) -> ProjectRule:
        """Return which projects are covered and how their months are counted (D1, D14).

        :raises NoRuleInForce: if no document says so.
        """
        return self._one(ProjectRule, month=month, matter="建设项目减免口径")


def _day_of(rule: DueDay | DeclareDay, month: date) -> date:
    later = months.after(month, rule.months_after)
    return later + timedelta(days=rule.day - 1) if rule.day else months.last_day(later)


def policy_as_of(documents: Iterable[Document], day: date) -> Policy:
    """Return the policy made of every document published by a day, that day included.

    Of two documents published on one day the one whose slug sorts later wins.
    """
    published = [d for d in documents if d.published <= day]
    return Policy(day, tuple(sorted(published, key=lambda d: (d.published, d.slug))))
