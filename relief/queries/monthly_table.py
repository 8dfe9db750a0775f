"""A page of a draft's table as it is shown: cells, what is wrong with them, last month beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Min, Q, QuerySet, Sum

from registry.intake import errors
from registry.money import ZERO
from relief.intake import typed as typed_cells
from relief.intake.declarations import SCHEMA
from relief.intake.typed import BASES, CELLS
from relief.models import DeclarationLine, MonthlyDraft, MonthlyDraftRow
from relief.services.monthly.editing import Typed, fingerprint

PER_PAGE = 50
SHOWS = (
    ("", "全部人员"),
    ("faulty", "只看有错的"),
    ("added", "只看增员"),
    ("removed", "只看减员"),
    ("kept", "不看减员"),
)
_READS = ("read_pension", "read_unemployment", "read_injury")
_COUNTED = ("persons", "added", "removed", "faulty")
_INSURED = Q(read_pension__gt=0) | Q(read_unemployment__gt=0) | Q(read_injury__gt=0)


@dataclass(frozen=True)
class Cell:
    """One input: what stands in it, what is wrong with it, what it was last month."""

    name: str
    header: str
    value: str
    error: str = ""
    last: Decimal | None = None
    fixed: bool = False

    @property
    def is_base(self) -> bool:
        """Whether it holds an amount."""
        return self.name in BASES


@dataclass(frozen=True)
class Row:
    """A person as the table shows them."""

    pk: int
    position: int
    origin: str
    removed: bool
    called: str
    was: str
    cells: tuple[Cell, ...]
    clash: str = ""


@dataclass(frozen=True)
class Table:
    """The rows of a page, and the way through the others."""

    rows: Sequence[Row]
    page: Page[MonthlyDraftRow]


@dataclass(frozen=True)
class Sums:
    """What the whole table comes to, as far as its cells can be read."""

    persons: int
    added: int
    removed: int
    faulty: int
    bases: tuple[Decimal, ...] = field(default=(ZERO, ZERO, ZERO))

    @property
    def lines(self) -> list[tuple[str, Decimal]]:
        """The sums of bases with their names."""
        return list(zip(("养老", "失业", "工伤"), self.bases, strict=True))


def rows_of(draft: MonthlyDraft, *, q: str = "", show: str = "") -> QuerySet[MonthlyDraftRow]:
    """Return the rows of a draft in their order; by part of the name or end of the ID number."""
    rows = draft.rows.order_by("position", "pk")
    if q:
        rows = rows.filter(Q(person_name__icontains=q) | Q(person_id__iendswith=q))
    if show == "faulty":
        rows = rows.filter(Q(faults__gt=0) | Q(pk__in=_repeated(draft)), removed=False)
    elif show == "added":
        rows = rows.filter(origin=MonthlyDraftRow.Origin.ADDED)
    elif show in ("removed", "kept"):
        rows = rows.filter(removed=show == "removed")
    return rows


def _repeated(draft: MonthlyDraft) -> list[int]:
    """Return the rows that name a person whom an earlier row has named."""
    named = draft.rows.filter(removed=False).exclude(read_id="")
    first = named.values("read_id").annotate(first=Min("pk"), times=Count("pk")).filter(times__gt=1)
    firsts = {row["read_id"]: row["first"] for row in first}
    if not firsts:
        return []
    rows = named.filter(read_id__in=firsts).values_list("pk", "read_id")
    return [pk for pk, person_id in rows if firsts[person_id] != pk]


def page_of(
    draft: MonthlyDraft,
    *,
    q: str,
    show: str,
    number: str,
    row_id: str = "",
    typed: Mapping[int, Mapping[str, str]] | None = None,
) -> Table:
    """Return a page of the table, or the one on which a row stands; a handful of queries.

    `typed` has cells by row that were typed and not saved.
    """
    rows = rows_of(draft, q=q, show=show)
    if row_id.isdecimal() and (sought := draft.rows.filter(pk=row_id).first()):
        before = rows.filter(
            Q(position__lt=sought.position) | Q(position=sought.position, pk__lt=sought.pk)
        )
        number = str(before.count() // PER_PAGE + 1)
    page = Paginator(rows, PER_PAGE).get_page(number)
    found = list(page)
    last = _last_month(draft, found)
    repeated = _firsts(draft, found)
    shown = [
        _row(row, last.get(row.read_id), repeated.get(row.pk), (typed or {}).get(row.pk))
        for row in found
    ]
    return Table(shown, page)


def _last_month(draft: MonthlyDraft, rows: Sequence[MonthlyDraftRow]) -> dict[str, DeclarationLine]:
    lines = DeclarationLine.objects.filter(
        employer_id=draft.employer_id,
        month=draft.last_month,
        person_id__in=[row.read_id for row in rows if row.read_id],
        replaced_by__isnull=True,
    )
    return {line.person_id: line for line in lines}


def _firsts(draft: MonthlyDraft, rows: Sequence[MonthlyDraftRow]) -> dict[int, int]:
    """Return, for rows that repeat a person, where that person stands first."""
    named = draft.rows.filter(removed=False, read_id__in={r.read_id for r in rows if r.read_id})
    first: dict[str, tuple[int, int]] = {}
    for pk, person_id, position in named.order_by("pk").values_list("pk", "read_id", "position"):
        first.setdefault(person_id, (pk, position))
    return {
        row.pk: first[row.read_id][1]
        for row in rows
        if not row.removed and row.read_id in first and first[row.read_id][0] != row.pk
    }


def _row(
    row: MonthlyDraftRow,
    last: DeclarationLine | None,
    repeats: int | None,
    typed: Mapping[str, str] | None,
) -> Row:
    values = dict(typed) if typed else {name: str(getattr(row, name)) for name in CELLS}
    problems = {} if row.removed else typed_cells.read(values).problems
    told = {name: typed_cells.sentence(problem) for name, problem in problems.items()}
    if repeats is not None and "person_id" not in told:
        header = SCHEMA.header("person_id")
        entry = errors.CATALOGUE["repeated_row"]
        told["person_id"] = entry.remedy.format(header=header, row=repeats)
    known = row.origin != MonthlyDraftRow.Origin.ADDED
    cells = tuple(
        Cell(
            name=name,
            header=SCHEMA.header(name),
            value=values[name],
            error=told.get(name, ""),
            last=getattr(last, name) if last is not None and name in BASES else None,
            fixed=known and name == "person_id",
        )
        for name in CELLS
    )
    return Row(
        pk=row.pk,
        position=row.position,
        origin=row.origin,
        removed=row.removed,
        called=values["person_name"].strip() or "（未填姓名）",
        was=fingerprint(row),
        cells=cells,
        clash=_clash(row, values) if typed else "",
    )


def _clash(row: MonthlyDraftRow, mine: Mapping[str, str]) -> str:
    """Return what another has made of a row while it was being changed."""
    told = "，".join(
        f"{SCHEMA.header(name)}为“{getattr(row, name)}”"
        for name in CELLS
        if getattr(row, name) != mine[name]
    )
    return f"第 {row.position} 行 {row.person_name}：其他人已改{told}，您填写的还没有保存"


def sums(draft: MonthlyDraft, *, typed: Sequence[Typed] = ()) -> Sums:
    """Return what the table comes to; `typed` counts in place of what is stored of those rows."""
    rows = draft.rows.exclude(pk__in=[row.row_id for row in typed]) if typed else draft.rows.all()
    kept = Q(removed=False)
    # No name may be a column's: Django would take the one for the other.
    found: dict[str, Any] = rows.aggregate(
        persons_count=Count("pk", filter=kept & _INSURED),
        added_count=Count("pk", filter=Q(origin="ADDED") & kept & ~Q(read_id="")),
        removed_count=Count("pk", filter=Q(removed=True)),
        faulty_count=Count("pk", filter=kept & Q(faults__gt=0)),
        **{f"{name}_sum": Sum(name, filter=kept) for name in _READS},
    )
    bases = [found[f"{name}_sum"] or ZERO for name in _READS]
    counts = {name: found[f"{name}_count"] for name in _COUNTED}
    if typed:
        _add_typed(draft, typed, counts, bases)
    else:
        counts["faulty"] += len(_repeated(draft))
    return Sums(**counts, bases=tuple(bases))


def _add_typed(
    draft: MonthlyDraft, typed: Sequence[Typed], counts: dict[str, int], bases: list[Decimal]
) -> None:
    stored = {row.pk: row for row in draft.rows.filter(pk__in=[row.row_id for row in typed])}
    for sent in typed:
        row = stored.get(sent.row_id)
        if row is None:
            continue
        if row.removed:
            counts["removed"] += 1
            continue
        cells = {name: sent.cells.get(name, getattr(row, name)) for name in CELLS}
        read = typed_cells.read(cells)
        counts["persons"] += any(read.bases)
        counts["added"] += bool(row.origin == "ADDED" and read.person_id)
        counts["faulty"] += bool(read.problems)
        for place, base in enumerate(read.bases):
            bases[place] += base or ZERO
