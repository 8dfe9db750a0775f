"""Which errors a week brought, and how many of its bad workbooks were mended without a call.

Every figure is counted from the rows when it is asked for; nothing is stored. A workbook
belongs to the week in which it was brought in. Withdrawals aren't workbooks and don't count.
What is counted is what the last check of a workbook found.

A bad workbook counts as mended if, within seven days of its coming in, all its parked rows
were brought right (not given up), or a later workbook of the same kind and sender was stored
without an error. The sender is the enterprise, else the officer's agency, else the account
of the command.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from registry.intake import queries
from registry.intake.weeks import Week
from registry.models import Import
from registry.scope import Viewer

#: How long people have to mend a workbook by themselves.
PATIENCE = timedelta(days=7)
TOP = 10

# Who brought a workbook in (`i`), as one word.
_SENDER = """coalesce('e' || i.employer_id, 'a' || (
    SELECT o.agency_id FROM registry_officer o WHERE o.id = i.by_id), 's' || i.os_user)"""


@dataclass(frozen=True)
class Count:
    """How often a code was met: wrong cells, workbooks, senders."""

    cells: int = 0
    workbooks: int = 0
    senders: int = 0


@dataclass(frozen=True)
class Ranked:
    """A code, in the week and in the week before."""

    code: str
    now: Count
    before: Count


@dataclass(frozen=True)
class Uploads:
    """Workbooks of one kind and sort of sender, or of all: bad ones, and what became of them.

    `cells` counts wrong cells; `alone` those mended without a call, `called` those about which
    somebody called; `open`: not mended yet, and their seven days aren't over.
    """

    workbooks: int = 0
    bad: int = 0
    senders: int = 0
    cells: int = 0
    mended: int = 0
    alone: int = 0
    called: int = 0
    open: int = 0

    @property
    def share_alone(self) -> int | None:
        """Return how many of a hundred bad workbooks were mended without a call, rounded down."""
        return self.alone * 100 // self.bad if self.bad else None


@dataclass(frozen=True)
class Sort:
    """Workbooks of a kind by who brought them in, in the week and in the week before."""

    kind: str
    by_enterprise: bool
    now: Uploads
    before: Uploads


def _moment(week: Week) -> datetime:
    """Return when a week begins here."""
    return timezone.make_aware(datetime.combine(week.monday, time.min))


def _brought_in(
    viewer: Viewer, week: Week, *, kind: str, by_enterprise: bool | None
) -> QuerySet[Import]:
    """Return what a week and the week before brought in that the viewer may see."""
    window = {"created_at__gte": _moment(week.before), "created_at__lt": _moment(week.after)}
    imports = queries.imports_for(viewer).filter(withdraws__isnull=True, **window)
    if kind:
        imports = imports.filter(kind=kind)
    if by_enterprise is not None:
        imports = imports.filter(employer__isnull=not by_enterprise)
    return imports.order_by()


def _asked(query: str, imports: QuerySet[Import], **params: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query that speaks of `seen`, the numbers of these imports."""
    seen, inner = imports.values("pk").query.sql_with_params()
    # The queryset's parameters have no names: they are given some.
    names = [f"seen_{place}" for place in range(len(inner))]
    named = seen % tuple(f"%({name})s" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            query.replace("{seen}", named), {**params, **dict(zip(names, inner, strict=True))}
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


# First by workbook, which an index has in order; the counts of different workbooks and
# senders are then those of a short list.
_CODES = f"""
WITH book AS MATERIALIZED (
    SELECT i.id, i.checks, i.created_at >= %(begins)s AS now, {_SENDER} AS sender
    FROM registry_import i WHERE i.id IN ({{seen}}) AND i.error_count > 0
), met AS (
    SELECT b.id, b.now, b.sender, p.code, count(*) AS cells
    FROM book b JOIN registry_importproblem p
        ON p.import_of_id = b.id AND p.check_number = b.checks
    GROUP BY b.id, b.now, b.sender, p.code
)
SELECT code, now, sum(cells)::bigint, count(*), count(DISTINCT sender)
FROM met GROUP BY code, now
"""


def codes(
    viewer: Viewer, week: Week, *, kind: str = "", by_enterprise: bool | None = None
) -> list[Ranked]:
    """Return the ten codes met in most workbooks of a week, the most frequent first.

    By workbooks and not by cells: one column pasted wrong makes a hundred thousand cells.
    """
    imports = _brought_in(viewer, week, kind=kind, by_enterprise=by_enterprise)
    counts = {
        (code, now): Count(*found)
        for code, now, *found in _asked(_CODES, imports, begins=_moment(week))
    }
    ranked = [
        Ranked(code, count, counts.get((code, False), Count()))
        for (code, now), count in counts.items()
        if now
    ]
    ranked.sort(key=lambda each: (-each.now.workbooks, -each.now.cells, each.code))
    return ranked[:TOP]


# What came after a workbook is found in one pass over all of its sender, from the last to the
# first: comparing each bad one with each good one takes seconds in a busy week.
_UPLOADS = f"""
WITH book AS (
    SELECT i.id, i.kind, i.employer_id IS NOT NULL AS by_enterprise, i.error_count,
        i.created_at, i.created_at >= %(begins)s AS now, {_SENDER} AS sender,
        CASE WHEN i.stage = 'STORED' AND i.error_count = 0 THEN i.finished_at END AS right_at,
        i.id IN ({{seen}}) AS seen
    FROM registry_import i
    WHERE i.created_at >= %(earliest)s AND i.created_at < %(latest)s AND i.withdraws_id IS NULL
), followed AS (
    SELECT *, min(right_at) OVER (
        PARTITION BY kind, sender ORDER BY id DESC
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS followed_at
    FROM book
), parked AS (
    SELECT w.import_of_id AS id, max(w.ended_at) AS brought_right_at
    FROM registry_parkedrow w WHERE w.import_of_id IN (SELECT id FROM book WHERE error_count > 0)
    GROUP BY w.import_of_id HAVING bool_and(w.resolved_by_id IS NOT NULL)
), ended AS (
    SELECT f.*, f.error_count > 0 AS bad,
        coalesce(least(f.followed_at, w.brought_right_at) <= f.created_at + %(patience)s, false)
            AS mended,
        EXISTS (SELECT FROM registry_importcall c WHERE c.import_of_id = f.id) AS called
    FROM followed f LEFT JOIN parked w USING (id)
    WHERE f.seen
)
SELECT GROUPING(kind, by_enterprise) > 0, kind, by_enterprise, now,
    count(*), count(*) FILTER (WHERE bad), count(DISTINCT sender) FILTER (WHERE bad),
    coalesce(sum(error_count), 0)::bigint,
    count(*) FILTER (WHERE bad AND mended), count(*) FILTER (WHERE bad AND mended AND NOT called),
    count(*) FILTER (WHERE bad AND called),
    count(*) FILTER (WHERE bad AND NOT mended AND created_at + %(patience)s > %(at)s)
FROM ended GROUP BY GROUPING SETS ((kind, by_enterprise, now), (now))
"""


def uploads(
    viewer: Viewer, week: Week, *, at: datetime, kind: str = "", by_enterprise: bool | None = None
) -> tuple[Uploads, Uploads, list[Sort]]:
    """Return what became of the workbooks of a week, of the week before, and both by sort."""
    imports = _brought_in(viewer, week, kind=kind, by_enterprise=by_enterprise)
    rows = _asked(
        _UPLOADS,
        imports,
        begins=_moment(week),
        earliest=_moment(week.before),
        latest=_moment(week.after) + PATIENCE,
        patience=PATIENCE,
        at=at,
    )
    found = {(kind, by, now): Uploads(*rest) for all_, kind, by, now, *rest in rows if not all_}
    whole = {now: Uploads(*rest) for all_, _, _, now, *rest in rows if all_}
    return whole.get(True, Uploads()), whole.get(False, Uploads()), _sorts(found)


def _sorts(found: dict[tuple[str, bool, bool], Uploads]) -> list[Sort]:
    sorts: Iterable[tuple[str, bool]] = sorted({(kind, by) for kind, by, _ in found})
    return [
        Sort(
            kind,
            by,
            found.get((kind, by, True), Uploads()),
            found.get((kind, by, False), Uploads()),
        )
        for kind, by in sorts
    ]
