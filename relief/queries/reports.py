"""Reading a report out of assessments and book, and the employers behind a figure.

Assessments are those in force; money is what the book says by the day. Construction projects have
money of their own and are no month of an employer: they are reported apart.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

from registry.models import Employer, UnitType
from registry.money import ZERO
from relief.ledger.accounts import PAID_IN, Account, listed_sql
from relief.models import Report
from relief.policy import EmployerClass
from relief.reports.cube import Asked, Kind
from relief.run.statements import RANGES

_BACK = (Account.OVERPAID, Account.ORDERED, Account.AT_BANK, Account.BOUNCED)


def _held(*accounts: Account) -> str:
    return f"coalesce(sum(amount) FILTER (WHERE account IN {listed_sql(accounts)}), 0.00)"


_LINES = f"""
CREATE TEMP TABLE report_line ON COMMIT DROP AS
WITH in_force AS (
    SELECT DISTINCT ON (employer_id, month, insurance)
        employer_id, month, insurance, headcount, employer_class, gross_due, relief, net_due
    FROM relief_assessment
    WHERE as_of <= %(day)s AND run_id = ANY(ARRAY(
        SELECT id FROM relief_run WHERE state = 'DONE' AND id <= %(run)s))
    ORDER BY employer_id DESC, month DESC, insurance DESC, as_of DESC, run_id DESC
),
terms AS ({RANGES.format(employers="registry_employer")}),
money AS (
    SELECT employer_id, month, insurance, {_held(*PAID_IN)} AS paid, -{_held(*_BACK)} AS waiting,
        -{_held(Account.ARRIVED)} AS arrived, -{_held(Account.OFFSET)} AS offset_out,
        {_held(Account.WRITTEN_OFF)} AS written_off
    FROM relief_ledgerleg
    WHERE value_on <= %(day)s AND project_id IS NULL
        AND account IN {listed_sql((*PAID_IN, *_BACK, Account.WRITTEN_OFF))}
    GROUP BY employer_id, month, insurance
)
SELECT f.employer_id, e.district_id AS district, f.month, f.insurance, f.headcount,
    CASE WHEN f.employer_class = '{EmployerClass.SME.value}'
        AND t.unit_type = '{UnitType.INDIVIDUAL_BUSINESS.value}'
        THEN '{Kind.INDIVIDUAL.value}' ELSE f.employer_class END AS kind,
    f.gross_due, f.relief, f.net_due, coalesce(m.paid, 0.00) AS paid,
    CASE WHEN m.paid > f.net_due THEN m.paid - f.net_due ELSE 0.00 END AS overpaid,
    CASE WHEN coalesce(m.paid, 0) < f.net_due THEN f.net_due - coalesce(m.paid, 0) ELSE 0.00 END
        AS underpaid,
    coalesce(m.waiting, 0.00) AS waiting, coalesce(m.arrived, 0.00) AS arrived,
    coalesce(m.offset_out, 0.00) AS offset_out, coalesce(m.written_off, 0.00) AS written_off
FROM in_force f
JOIN registry_employer e ON e.id = f.employer_id
LEFT JOIN terms t ON t.id = f.employer_id AND t.since <= f.month AND f.month < t.until
LEFT JOIN money m
    ON m.employer_id = f.employer_id AND m.month = f.month AND m.insurance = f.insurance
WHERE f.headcount > 0 OR m.paid <> 0;
ANALYZE report_line;
"""
_SPAN = "SELECT min(month), max(month) FROM report_line"
_CELLS = """
SELECT coalesce(jsonb_agg(jsonb_build_array(kind, insurance, district, month, persons::text,
    gross_due::text, relief::text, net_due::text, paid::text, overpaid::text, underpaid::text,
    waiting::text, arrived::text, offset_out::text, written_off::text)), '[]')
FROM (
    SELECT kind, insurance, district, month, sum(headcount) AS persons,
        sum(gross_due) AS gross_due, sum(relief) AS relief, sum(net_due) AS net_due,
        sum(paid) AS paid, sum(overpaid) AS overpaid, sum(underpaid) AS underpaid,
        sum(waiting) AS waiting, sum(arrived) AS arrived, sum(offset_out) AS offset_out,
        sum(written_off) AS written_off
    FROM report_line GROUP BY kind, insurance, district, month
    ORDER BY kind, insurance, district, month
) c
"""
_PLACE = """(extract(year FROM month) - extract(year FROM %(first)s::date))::int * 12
    + (extract(month FROM month) - extract(month FROM %(first)s::date))::int"""
_PATTERNS = f"""
SELECT coalesce(jsonb_agg(jsonb_build_array(district, units, parts)), '[]') FROM (
    SELECT district, parts, count(*) AS units FROM (
        SELECT employer_id, district,
            jsonb_agg(jsonb_build_array(kind, insurance, mask) ORDER BY kind, insurance) AS parts
        FROM (
            SELECT employer_id, district, kind, insurance,
                bit_or(1::bigint << ({_PLACE})) AS mask
            FROM report_line WHERE headcount > 0
            GROUP BY employer_id, district, kind, insurance
        ) part GROUP BY employer_id, district
    ) unit GROUP BY district, parts ORDER BY district, units DESC, parts
) pattern
"""
_COLUMNS = ("gross_due", "relief", "paid", "overpaid", "underpaid")
_ARRAYS = ", ".join(
    f"array_agg(coalesce(l.{name}, 0.00) ORDER BY m.month), coalesce(sum(l.{name}), 0.00)"
    for name in _COLUMNS
)
_KEPT = ", ".join(f"{name}, all_{name}" for name in _COLUMNS)
_KEEP = f"""
INSERT INTO relief_reportline (report_id, employer_id, district, kind, insurance, {_KEPT})
SELECT %(report)s, k.employer_id, k.district, k.kind, k.insurance, {_ARRAYS}
FROM (SELECT DISTINCT employer_id, district, kind, insurance FROM report_line) k
CROSS JOIN generate_series(%(first)s::date, %(last)s::date, interval '1 month') AS g(at)
CROSS JOIN LATERAL (SELECT g.at::date AS month) m
LEFT JOIN report_line l ON l.employer_id = k.employer_id AND l.kind = k.kind
    AND l.insurance = k.insurance AND l.month = m.month
GROUP BY k.employer_id, k.district, k.kind, k.insurance
ORDER BY k.employer_id, k.kind, k.insurance
"""
_BOOK = f"""
SELECT -{_held(Account.CHARGED)}, {_held(Account.RELIEVED)}
FROM relief_ledgerleg
WHERE value_on <= %(day)s AND project_id IS NULL AND account IN ('charged', 'relieved')
"""
_ADDED = "SELECT coalesce(sum(gross_due), 0), coalesce(sum(relief), 0) FROM report_line"


@dataclass(frozen=True)
class Read:
    """What was read for a report; `book` holds the book's sum and the assessments' of each."""

    first_month: date
    last_month: date
    cells: list[Any]
    patterns: list[Any]
    book: dict[str, list[str]]


def read(*, day: date, run: int, terms: int) -> Read | None:
    """Return the sums of what is in force on a day by runs up to a number, or None if nothing is.

    Call it in a transaction; what was read stays in a temporary table for `keep_lines`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB'")
        cursor.execute(_LINES, {"day": day, "run": run, "terms": terms})
        cursor.execute(_SPAN)
        first, last = cursor.fetchone()
        if first is None:
            return None
        cursor.execute(_CELLS)
        cells = json.loads(cursor.fetchone()[0])
        cursor.execute(_PATTERNS, {"first": first})
        patterns = json.loads(cursor.fetchone()[0])
        cursor.execute(_BOOK, {"day": day})
        booked = cursor.fetchone()
        cursor.execute(_ADDED)
        added = cursor.fetchone()
    book = {
        name: [f"{of_book:.2f}", f"{of_lines:.2f}"]
        for name, of_book, of_lines in zip(("gross_due", "relief"), booked, added, strict=True)
    }
    return Read(first, last, cells, patterns, book)


def keep_lines(report: Report) -> None:
    """Store the employers behind a report's cells, from what `read` left behind."""
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            {"report": report.pk, "first": report.first_month, "last": report.last_month},
        )


def kept() -> QuerySet[Report]:
    """Return every report without its cells: that of today first, then the latest run's."""
    rows = Report.objects.select_related("run").defer("cells", "patterns")
    return rows.order_by(F("run").desc(nulls_first=True))


# The employers behind a figure


@dataclass(frozen=True)
class Behind:
    """One employer's part of a figure, in yuan."""

    employer: Employer
    gross_due: Decimal
    relief: Decimal
    net_due: Decimal
    paid: Decimal
    overpaid: Decimal
    underpaid: Decimal


#: Sorted by which the list of employers may be.
SORTS = {"relief": "减免", "gross_due": "减免前应缴", "overpaid": "多缴", "underpaid": "少缴"}
_WITHIN = """
FROM relief_reportline
WHERE report_id = %(report)s
    AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s::text[]))
    AND (%(insurances)s::text[] IS NULL OR insurance = ANY(%(insurances)s::text[]))
    AND (%(districts)s::text[] IS NULL OR district = ANY(%(districts)s::text[]))
"""


def _sum(name: str, months: int, first: int, last: int) -> str:
    """Return SQL that adds some months of an amount up: by their places, so none is unfolded."""
    if (first, last) == (1, months):
        return f"sum(all_{name})"
    places = range(max(first, 1), min(last, months) + 1)
    return "sum(" + (" + ".join(f"{name}[{place}]" for place in places) or "0.00") + ")"


def behind(
    report: Report, asked: Asked, *, sort: str, start: int, count: int
) -> tuple[list[Behind], int, dict[str, Decimal]]:
    """Return a page of the employers behind a figure, how many there are, and what they add up to.

    :param asked: as of the figure; `first` and `last` are months of the report.
    :param sort: one of `SORTS`, the largest first.
    """
    total_months = _place(report, report.last_month.isoformat())
    first = _place(report, asked.first) if asked.first else 1
    last = _place(report, asked.last) if asked.last else total_months
    sums = ", ".join(f"{_sum(name, total_months, first, last)} AS {name}" for name in _COLUMNS)
    parameters = {
        "report": report.pk,
        "kinds": _listed(asked.kinds),
        "insurances": _listed(asked.insurances),
        "districts": _listed(asked.districts),
        "start": start,
        "count": count,
    }
    by = sort if sort in SORTS else "relief"
    grouped = f"SELECT employer_id, {sums} {_WITHIN} GROUP BY employer_id"
    there = "gross_due <> 0 OR paid <> 0"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH unit AS MATERIALIZED ({grouped})
            SELECT (SELECT count(*) FROM unit WHERE {there}), s.* FROM (
                SELECT {", ".join(f"coalesce(sum({name}), 0.00)" for name in _COLUMNS)} FROM unit
            ) s""",
            parameters,
        )
        number, *totals = cursor.fetchone()
        cursor.execute(
            f"""SELECT * FROM ({grouped}) unit WHERE {there}
            ORDER BY {by} DESC, employer_id OFFSET %(start)s LIMIT %(count)s""",
            parameters,
        )
        rows = cursor.fetchall()
    employers = Employer.objects.select_related("district").in_bulk([row[0] for row in rows])
    found = [
        Behind(employers[pk], gross, relief, gross - relief, paid, overpaid, underpaid)
        for pk, gross, relief, paid, overpaid, underpaid in rows
    ]
    return found, number, dict(zip(_COLUMNS, totals, strict=True))


def _listed(values: frozenset[str]) -> list[str] | None:
    return sorted(values) or None


def _place(report: Report, month: str) -> int:
    """Return a month's place in the arrays of a report, from 1."""
    found, first = date.fromisoformat(month), report.first_month
    return (found.year - first.year) * 12 + found.month - first.month + 1


def agrees(book: Mapping[str, Sequence[str]]) -> bool | None:
    """Return whether the book says the same as the assessments; None where it wasn't asked."""
    if not book:
        return None
    return all(Decimal(of_book) == Decimal(added) for of_book, added in book.values())


def projects(day: date) -> tuple[int, Decimal]:
    """Return how many construction projects have relief on a day, and how much, in yuan."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*), coalesce(sum(relief), 0.00) FROM (
                SELECT DISTINCT ON (project_id) relief FROM relief_projectrelief
                WHERE as_of <= %(day)s
                    AND run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
                ORDER BY project_id, as_of DESC, run_id DESC
            ) found WHERE relief > 0
            """,
            {"day": day},
        )
        count, relief = cursor.fetchone()
    return count, relief or ZERO
