"""What the checks found when they last looked, as one viewer may see it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from registry import months, scope, secrets
from registry import queries as registry_queries
from registry.intake import queries as intake_queries
from registry.models import Employer
from registry.scope import Viewer
from registry.templatetags.relief_formats import mask_account, mask_id
from relief.models import CrossCheck, CrossCheckCount, CrossCheckFinding
from relief.queries.cross_checks import CHECKS
from relief.queries.cross_checks.kinds import Check, Column, Group, Shown

#: Other units named in one cell; the rest is counted.
MOST_OTHERS = 5


@dataclass(frozen=True)
class Listed:
    """One check with what it found in the viewer's area, and when it looked."""

    check: Check
    findings: int
    amount: Decimal | None
    checked_at: datetime | None
    failure: str
    waiting: bool  # somebody has asked for it anew


def overview(viewer: Viewer, *, group: Group | None = None) -> list[Listed]:
    """Return every check, or those of one page, with their counts; two queries."""
    rows = {row.code: row for row in CrossCheck.objects.filter(code__in=CHECKS)}
    # Counts carry district and zone under the employers' own names for them.
    counts = scope.limit(CrossCheckCount.objects.all(), viewer, employer="").order_by()
    sums = counts.values("check_code").annotate(count=Sum("findings"), total=Sum("amount"))
    found = {each["check_code"]: each for each in sums}
    listed = []
    for code, check in CHECKS.items():
        if group is not None and check.group is not group:
            continue
        row, sum_ = rows.get(code), found.get(code, {})
        listed.append(
            Listed(
                check=check,
                findings=sum_.get("count") or 0,
                amount=sum_.get("total") if check.amount_label else None,
                checked_at=row.checked_at if row else None,
                failure=row.failure if row else "",
                waiting=bool(row and row.asked_at),
            )
        )
    return listed


def findings(
    check: Check, viewer: Viewer, *, q: str = "", district: str = ""
) -> QuerySet[CrossCheckFinding]:
    """Return a check's findings that the viewer may see, the weightiest first.

    What is about no registered unit is the city's to see.
    """
    rows = CrossCheckFinding.objects.filter(check_code=check.code)
    rows = scope.limit(rows.select_related("employer__district"), viewer)
    if q := q.strip():
        code = secrets.plain(q)
        if check.about_units:
            named = Q(employer__name__icontains=q)
            coded = Q(employer__uscc__startswith=code)
        else:
            named, coded = Q(detail__name__icontains=q), Q(detail__uscc__startswith=code)
        rows = rows.filter(named | coded if code else named)
    if district and check.about_units:
        rows = rows.filter(employer__district=district)
    return rows.order_by("place")


@dataclass(frozen=True)
class Cell:
    """One value of a finding, as its column is shown.

    `others` are units in the viewer's sight with what is said of them, `more` how many
    others there are; `link` tells that the import may be opened.
    """

    column: Column
    value: Any
    others: Sequence[tuple[Employer, str]] = ()
    more: int = 0
    link: bool = False


@dataclass(frozen=True)
class Row:
    """One finding with its cells."""

    finding: CrossCheckFinding
    cells: list[Cell]


def rows_of(check: Check, found: Iterable[CrossCheckFinding], viewer: Viewer) -> list[Row]:
    """Return findings ready to be shown; two queries at most, whatever their number."""
    listed = list(found)
    names = {column.shown: column.name for column in check.columns}
    units: dict[int, Employer] = {}
    if Shown.OTHERS in names:
        ids = {o["employer"] for f in listed for o in f.detail.get(names[Shown.OTHERS]) or ()}
        seen = registry_queries.employers_for(viewer).filter(pk__in=ids).order_by()
        units = {employer.pk: employer for employer in seen}
    imports: set[int] = set()
    if Shown.IMPORT in names:
        asked = {f.detail.get(names[Shown.IMPORT]) for f in listed} - {None}
        may_see = intake_queries.imports_for(viewer).filter(pk__in=asked).order_by()
        imports = set(may_see.values_list("pk", flat=True))
    sees_identity = scope.may_see_identity(viewer)
    return [
        Row(f, [_cell(column, f, units, imports, sees_identity) for column in check.columns])
        for f in listed
    ]


def _cell(
    column: Column,
    finding: CrossCheckFinding,
    units: dict[int, Employer],
    imports: set[int],
    sees_identity: bool,
) -> Cell:
    value = finding.detail.get(column.name)
    if column.shown is Shown.PERSON:
        return Cell(column, value if sees_identity else mask_id(value))
    if column.shown is Shown.ACCOUNT:
        return Cell(column, mask_account(value))
    if column.shown is Shown.IMPORT:
        return Cell(column, value, link=value in imports)
    if column.shown is Shown.OTHERS:
        told = value or []
        seen = [(units[o["employer"]], o["text"]) for o in told if o["employer"] in units]
        return Cell(column, None, seen[:MOST_OTHERS], len(told) - len(seen[:MOST_OTHERS]))
    return Cell(column, value)


def plain(cell: Cell) -> str:
    """Return a cell as text, for a workbook."""
    if cell.column.shown is Shown.OTHERS:
        named = [f"{employer.name}{_said(text)}" for employer, text in cell.others]
        return "；".join([*named, *([f"另有 {cell.more} 户"] if cell.more else [])])
    if cell.value is None:
        return ""
    if cell.column.shown is Shown.MONTH:
        return months.label(date.fromisoformat(cell.value))
    if cell.column.shown is Shown.SHARE:
        return f"{Decimal(cell.value):+.1%}"
    return str(cell.value)


def _said(text: str) -> str:
    return f"（{text}）" if text else ""
