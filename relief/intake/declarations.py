"""The kind `declarations`: what each person's bases were in a month.

A later file replaces a person's line of the month; the old line stays and names the new
one. Persons whom the file does not name stay as they were. Bases are stored as declared:
the limits apply in the assessment (policy D3).
"""

import json
from datetime import date
from itertools import chain

from django.utils import timezone

from registry import months
from registry.intake.staging import Merged, Staging, known_employers
from registry.slots import ImportKind
from registry.workbook.schema import Column, Kind, Schema
from relief import queries
from relief.policy import Policy, Rate
from relief.run import inputs
from relief.run.aggregate import aggregate
from relief.services import due

SCHEMA = Schema(
    kind="declarations",
    title="缴费申报明细",
    columns=(
        Column("uscc", "统一社会信用代码", Kind.USCC, example="91510402MA62A0001Q"),
        Column("month", "费款所属期", Kind.MONTH, example="2020-02"),
        Column("person_id", "证件号码", Kind.RESIDENT_ID, example="510402199003070019"),
        Column("person_name", "姓名", Kind.TEXT, length=(1, 60), example="张三"),
        Column("pension_base", "养老缴费基数", Kind.MONEY, example="3236.50"),
        Column("unemployment_base", "失业缴费基数", Kind.MONEY, example="3236.50"),
        Column("injury_base", "工伤缴费基数", Kind.MONEY, example="3236.50"),
    ),
    unique=("uscc", "month", "person_id"),
)

_TOLD = ("person_name", "pension_base", "unemployment_base", "injury_base")


def _policy(staging: Staging) -> Policy:
    return queries.policy_as_of(timezone.localdate(staging.at))


def _months(staging: Staging) -> list[date]:
    staging.cursor.execute("SELECT DISTINCT month FROM intake_row WHERE month IS NOT NULL")
    return sorted(month for (month,) in staging.cursor.fetchall())


def _ruled(policy: Policy) -> tuple[str, str]:
    """Return the first and last month that can be declared, as people write them."""
    rates = [
        rule for document in policy.documents for rule in document.rules if isinstance(rule, Rate)
    ]
    first = min((rate.first for rate in rates if rate.first), default=None)
    last = max((rate.last for rate in rates if rate.last), default=None)
    return (months.label(first) if first else "…", months.label(last) if last else "…")


def _law(policy: Policy, covered: list[date]) -> str:
    """Return rates and limits of just these months, as JSON for SQL; others may have none."""
    by_month = (json.loads(inputs.law_rows(policy, month, month)) for month in covered)
    return json.dumps(list(chain.from_iterable(by_month)))


def _examine(staging: Staging) -> None:
    known_employers(staging)
    policy = _policy(staging)
    first, last = _ruled(policy)
    staging.refuse(
        "month_without_rules",
        "month",
        "r.month = ANY(%(unruled)s::date[])",
        found="to_char(r.month, 'YYYY-MM')",
        hint="jsonb_build_object('first', %(first)s::text, 'last', %(last)s::text)",
        params={
            "unruled": [month for month in _months(staging) if not policy.has_rules(month)],
            "first": first,
            "last": last,
        },
    )


def _merge(staging: Staging) -> Merged:
    cursor = staging.cursor
    told = ", ".join(_TOLD)
    told_now = ", ".join(f"r.{name}" for name in _TOLD)
    told_before = ", ".join(f"o.{name}" for name in _TOLD)
    covered = _months(staging)
    cursor.execute(
        f"""
        DROP TABLE IF EXISTS intake_line, intake_month;
        CREATE TEMP TABLE intake_line ON COMMIT DROP AS
        SELECT nextval('relief_declarationline_id_seq') AS id, r."row", e.id AS employer_id,
            r.month, r.person_id, {told_now}, o.id AS old_id
        FROM intake_row r
        JOIN registry_employer e ON e.uscc = r.uscc
        LEFT JOIN relief_declarationline o
            ON o.employer_id = e.id AND o.month = r.month AND o.person_id = r.person_id
            AND o.replaced_by IS NULL AND o.month BETWEEN %(first)s AND %(last)s
        WHERE o.id IS NULL OR ({told_now}) IS DISTINCT FROM ({told_before});
        CREATE TEMP TABLE intake_month ON COMMIT DROP AS
        SELECT DISTINCT employer_id, month FROM intake_line;
        ANALYZE intake_month;
        """,
        {"first": covered[0], "last": covered[-1]},
    )
    # Only one line of a person and month may be in force: the old ones give way first.
    cursor.execute(
        """
        UPDATE relief_declarationline o SET replaced_by = l.id
        FROM intake_line l
        WHERE o.id = l.old_id AND o.month = l.month AND l.old_id IS NOT NULL
            AND o.month BETWEEN %(first)s AND %(last)s
        """,
        {"first": covered[0], "last": covered[-1]},
    )
    cursor.execute(
        f"""
        INSERT INTO relief_declarationline
            (id, employer_id, month, person_id, {told}, source_id, "row")
        SELECT id, employer_id, month, person_id, {told}, %(source)s, "row"
        FROM intake_line ORDER BY month, employer_id, person_id
        """,
        {"source": staging.import_.pk},
    )
    accepted = cursor.rowcount
    if accepted:
        aggregate(cursor, employer_months="intake_month", law=_law(_policy(staging), covered))
        due.mark_declared(
            employer_months="intake_month", cause_id=staging.import_.pk, at=staging.at
        )
    cursor.execute("SELECT count(*) FROM intake_row")
    return Merged(accepted, cursor.fetchone()[0] - accepted)


KIND = ImportKind(schema=SCHEMA, examine=_examine, merge=_merge, family="declarations", order=3)
