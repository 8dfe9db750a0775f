"""«算给你看»: everything about one unit's reduction on one page, equal to the book to the fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from registry import months
from registry import queries as registry_queries
from registry.models import Employer, EmployerTerms
from registry.money import ZERO, total
from relief.models import Insurance
from relief.policy import EmployerClass
from relief.queries import amounts
from relief.queries.amounts import AccountLine, AccountMonth, SizeSource


@dataclass(frozen=True)
class Cell:
    """One month and insurance, amounts in yuan; None where nobody is declared and nothing moved."""

    insurance: Insurance
    line: AccountLine | None

    @property
    def label(self) -> str:
        """The insurance's Chinese name."""
        return str(self.insurance.label)

    @property
    def sums(self) -> "Sums":
        """Its amounts."""
        return _sums([self.line] if self.line else [])

    @property
    def employer_class(self) -> str:
        """What the unit counted as."""
        known = self.line.assessment if self.line else None
        return EmployerClass(known.employer_class).label if known else ""


@dataclass(frozen=True)
class Row:
    """One month: a cell for each insurance, and their sums."""

    month: date
    cells: tuple[Cell, ...]
    sums: AccountMonth


@dataclass(frozen=True)
class Sums:
    """What lines add up to, in yuan. Overpaid and underpaid are never netted (D15)."""

    gross_due: Decimal
    relief: Decimal
    net_due: Decimal
    paid: Decimal
    overpaid: Decimal
    underpaid: Decimal


@dataclass(frozen=True)
class ClassSpan:
    """What the unit counted as, from one month to another."""

    label: str
    first: date
    last: date


@dataclass(frozen=True)
class Reduction:
    """The page: rows by month, sums by insurance and of all, the class and where it comes from."""

    employer: Employer
    day: date
    rows: tuple[Row, ...]
    by_insurance: tuple[tuple[str, Sums], ...]
    sums: Sums
    classes: tuple[ClassSpan, ...]
    sizes: Sequence[SizeSource]
    terms: EmployerTerms | None

    @property
    def relieved(self) -> tuple[date, date] | None:
        """The first and the last month in which anything is waived."""
        found = [row.month for row in self.rows if row.sums.relief]
        return (found[0], found[-1]) if found else None


def reduction_of(employer: Employer, day: date) -> Reduction:
    """Return one unit's reduction as of a day; a handful of queries, whatever its months."""
    account = amounts.account(employer.pk, day)
    lines = [line for month in account for line in month.lines]
    return Reduction(
        employer=employer,
        day=day,
        rows=tuple(_row(month) for month in account),
        by_insurance=tuple(
            (str(kind.label), _sums([line for line in lines if line.insurance == kind]))
            for kind in Insurance
        ),
        sums=_sums(lines),
        classes=tuple(_classes(account)),
        sizes=amounts.size_sources(employer, day),
        terms=registry_queries.terms_in_force(employer, month=months.first_of(day)),
    )


def _row(month: AccountMonth) -> Row:
    known = {line.insurance: line for line in month.lines}
    return Row(month.month, tuple(Cell(kind, known.get(kind)) for kind in Insurance), month)


def _sums(lines: Sequence[AccountLine]) -> Sums:
    assessed = [line.assessment for line in lines if line.assessment]
    return Sums(
        gross_due=total(found.gross_due for found in assessed),
        relief=total(found.relief for found in assessed),
        net_due=total(found.net_due for found in assessed),
        paid=sum((line.settled.paid for line in lines), ZERO),
        overpaid=sum((line.settled.overpaid for line in lines), ZERO),
        underpaid=sum((line.settled.underpaid for line in lines), ZERO),
    )


def _classes(account: Sequence[AccountMonth]) -> list[ClassSpan]:
    spans: list[ClassSpan] = []
    for month in account:
        found = next((line.assessment for line in month.lines if line.assessment), None)
        if found is None:
            continue
        label = EmployerClass(found.employer_class).label
        if spans and spans[-1].label == label and months.after(spans[-1].last) == month.month:
            spans[-1] = ClassSpan(label, spans[-1].first, month.month)
        else:
            spans.append(ClassSpan(label, month.month, month.month))
    return spans


def size_label(source: SizeSource) -> str:
    """Return one row of the province's data in words."""
    since = f"，{months.label(source.from_month)} 起" if source.from_month else ""
    whose = "，上级法人" if source.of_parent else ""
    file = f"，{source.file_name}" if source.file_name else ""
    return f"{source.size}（数据日期 {source.dated.isoformat()}{since}{whose}{file}）"


__all__ = ["Cell", "Reduction", "Row", "Sums", "reduction_of", "size_label"]
