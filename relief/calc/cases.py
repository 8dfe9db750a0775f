"""Run worked cases through the arithmetic of the law, and say found against expected. Pure.

Written down in docs/algorithms/policy-workshop.md. A case that can't be worked out, or that
expects nothing, has failed: silence never passes.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain

from classification import calc as sizes
from registry import months
from registry.money import ZERO, to_fen
from relief import policy
from relief.policy import CountBy, Document, Insurance, NoRuleInForce, Policy

from .assess import add_up, reduce_employer_share, terms
from .case_book import ALL, EXPECTED, Case, CaseKind
from .estimate import assess_undeclared
from .late_fee import late_fee
from .limits import limit_from_average
from .project import Filed, MonthRuled, ProjectLaw, assess_project, spread

_LABELS = {column.name: column.header for column in EXPECTED}
_LINE = re.compile(r"(\d+(?:\.\d{1,2})?)(?:@(\d+(?:\.\d+)?)%)?(?:[×xX*](\d{1,6}))?")
Found = dict[str, Decimal | int | str]


class BadCase(ValueError):
    """What is given doesn't suffice to work the case out; says what is wrong, in Chinese."""


@dataclass(frozen=True)
class Compared:
    """One expected value beside what was found, as texts."""

    label: str
    expected: str
    found: str
    agrees: bool


@dataclass(frozen=True)
class Outcome:
    """How a case went; `problem` says why it couldn't be worked out."""

    case: Case
    compared: tuple[Compared, ...]
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything expected was found, and something was."""
        return not self.problem and bool(self.compared) and all(c.agrees for c in self.compared)


def run_cases(cases: Iterable[Case], documents: Sequence[Document]) -> list[Outcome]:
    """Return how each case goes with the documents published by its own as-of date."""
    return [run_case(case, documents) for case in cases]


def run_case(case: Case, documents: Sequence[Document]) -> Outcome:
    """Return how one case goes."""
    try:
        found = _WORKED[case.kind](_Given(case.given), documents)
        compared = tuple(_compare(name, text, found) for name, text in case.expected.items())
    except (BadCase, NoRuleInForce, sizes.NoSuchIndustry, ValueError) as refusal:
        return Outcome(case, (), str(refusal))
    return Outcome(case, compared, "" if compared else "没有填写任何“应得”")


def digest(cases: Iterable[Case]) -> str:
    """Return SHA-256 over the cases in order: what was shown is what was run."""
    told = json.dumps([case.as_json() for case in cases], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _compare(name: str, expected: str, found: Found) -> Compared:
    if name not in found:
        raise BadCase(f"这一种类的案例没有“{_LABELS[name]}”")
    value = found[name]
    same = value == expected if isinstance(value, str) else Decimal(expected) == value
    shown = f"{value:.2f}" if isinstance(value, Decimal) else str(value)
    return Compared(_LABELS[name], expected, shown, same)


@dataclass(frozen=True)
class _Given:
    """The given values, read as what they are."""

    texts: Mapping[str, str]

    def text(self, name: str, header: str) -> str:
        if name not in self.texts:
            raise BadCase(f"请填写“{header}”")
        return self.texts[name]

    def day(self, name: str, header: str) -> date:
        return date.fromisoformat(self.text(name, header))

    def number(self, name: str, header: str) -> Decimal:
        return Decimal(self.text(name, header))

    @property
    def month(self) -> date:
        return months.first_of(date.fromisoformat(self.text("month", "所属期")))

    def law(self, documents: Sequence[Document]) -> Policy:
        return policy.policy_as_of(documents, self.day("as_of", "基准日"))

    def standing(self, law: Policy, month: date) -> policy.Standing:
        return law.standing(self.text("unit_type", "单位类型"), self.texts.get("size"), month)


def _lines(text: str) -> list[tuple[Decimal, Decimal | None, int]]:
    """Return base, rate (a ratio, if given) and how many persons, of `2697；3236×3`."""
    found = []
    for part in re.split(r"[；;、]", text):
        read = _LINE.fullmatch(part.strip())
        if read is None:
            raise BadCase(f"缴费基数“{part.strip()}”看不懂，请写成 2697；3236×3")
        rate = Decimal(read[2]) / 100 if read[2] else None
        found.append((Decimal(read[1]), rate, int(read[3] or 1)))
    return found


def _month(given: _Given, documents: Sequence[Document]) -> Found:
    law, month = given.law(documents), given.month
    standing = given.standing(law, month)
    which = given.text("insurance", "险种")
    groups = given.text("bases", "缴费基数").split("/")
    insurances = list(Insurance) if which == ALL else [Insurance(which)]
    if len(groups) != len(insurances):
        raise BadCase("三项合计的缴费基数请按 养老/失业/工伤 填三组")
    sums: dict[str, Decimal] = dict.fromkeys(
        ("gross_due", "relief", "net_due", "employee_due"), ZERO
    )
    clauses: dict[str, None] = {}
    for insurance, group in zip(insurances, groups, strict=True):
        own = Decimal(given.texts.get("rate", "0"))
        by = terms(law, insurance, month, own_rate=own)
        if by.rate.employer is None and "rate" not in given.texts:
            raise BadCase("请填写“工伤费率(%)”")
        bases = chain.from_iterable([base] * count for base, _rate, count in _lines(group))
        result = reduce_employer_share(add_up(bases, by), law.ruling(standing, insurance, month))
        for name in sums:
            sums[name] += getattr(result, name)
        clauses[result.clause] = None
    return {**sums, "clause": "；".join(clauses), "employer_class": standing.employer_class.value}


def _project(given: _Given, documents: Sequence[Document]) -> Found:
    law = given.law(documents)
    start, end = given.day("start", "起始日"), given.day("end", "截止日")
    ruled = [_ruled(given, law, month) for month in spread(start, end, CountBy.MONTH)]
    filed = Filed(given.number("amount", "金额"), start, start, end)
    rule = law.project_rule(months.first_of(start))
    assessed = assess_project(filed, law=ProjectLaw(rule, {}), ruled=ruled, otherwise=ruled[0])
    count = CountBy(given.texts.get("count", rule.count.value))
    shown = assessed.by_month if count is CountBy.MONTH else assessed.by_day
    return {
        "total": shown.total,
        "relieved": shown.relieved,
        "relief": shown.relief,
        "net_due": filed.premium - shown.relief,
        "clause": assessed.clause,
    }


def _ruled(given: _Given, law: Policy, month: date) -> MonthRuled:
    standing = given.standing(law, month)
    ruling = law.ruling(standing, Insurance.INJURY, month)
    return MonthRuled(month, standing.employer_class, ruling.fraction, ruling.clause)


def _late_fee(given: _Given, documents: Sequence[Document]) -> Found:
    law = given.law(documents)
    due = given.day("start", "起始日")
    arrived = given.day("end", "截止日") if "end" in given.texts else None
    rate = law.late_fee_rate(months.first_of(due))
    fee = late_fee(
        given.number("amount", "金额"),
        due=due,
        arrived=arrived,
        as_of=law.as_of,
        daily=rate.daily,
    )
    return {"days": fee.days, "result": fee.fee, "clause": rate.source.clause}


def _limit(given: _Given, documents: Sequence[Document]) -> Found:
    average, ratio = given.number("amount", "金额"), given.number("ratio", "比例(%)")
    return {"result": limit_from_average(average, ratio)}


def _estimate(given: _Given, documents: Sequence[Document]) -> Found:
    rule = given.law(documents).estimate(given.month)
    amount = assess_undeclared(given.number("amount", "金额"), ratio=rule.ratio)
    return {"result": amount, "clause": rule.source.clause}


def _class(given: _Given, documents: Sequence[Document]) -> Found:
    standing = given.standing(given.law(documents), given.month)
    return {
        "employer_class": standing.employer_class.value,
        "clause": "；".join(source.clause for source in standing.sources),
    }


def _size(given: _Given, documents: Sequence[Document]) -> Found:
    values = {n: Decimal(given.texts[n]) for n in sizes.INDICATORS if n in given.texts}
    table = sizes.shipped()
    found = sizes.size_of(given.text("industry", "行业"), values, by=table)
    return {"size_found": found, "clause": table.clause}


def _rounding(given: _Given, documents: Sequence[Document]) -> Found:
    total = ZERO
    for base, rate, count in _lines(given.text("bases", "缴费基数")):
        if rate is None:
            raise BadCase("逐行取整的缴费基数请写明费率，如 3067@8.5%×2")
        total += to_fen(base * rate) * count
    return {"result": total}


_WORKED: Mapping[CaseKind, Callable[[_Given, Sequence[Document]], Found]] = {
    CaseKind.MONTH: _month,
    CaseKind.PROJECT: _project,
    CaseKind.LATE_FEE: _late_fee,
    CaseKind.LIMIT: _limit,
    CaseKind.ESTIMATE: _estimate,
    CaseKind.CLASS: _class,
    CaseKind.SIZE: _size,
    CaseKind.ROUNDING: _rounding,
}
