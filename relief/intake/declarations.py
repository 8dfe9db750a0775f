"""The kind `declarations`: what each person's bases were in a month.

A later file replaces a person's line of the month; the old line stays and names the new
one. Persons whom the file does not name stay as they were. Bases are stored as declared:
the limits apply in the assessment (policy D3). What an enterprise raises is held (D18).
"""

import json
from datetime import date
from itertools import chain

from django.utils import timezone

from registry import months
from registry.intake.staging import (
    MOST_CHANGES,
    Change,
    Merged,
    Staging,
    Total,
    known_employers,
)
from registry.slots import ImportKind
from registry.workbook.schema import Column, Kind, Schema
from relief import queries
from relief.intake import monthly
from relief.models import BaseHold, Insurance
from relief.policy import Policy, Rate
from relief.run import inputs
from relief.run.aggregate import aggregate
from relief.services import due, holds

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
    told_now = ", ".join(f"r.{name}" for name in _TOLD)
    told_before = ", ".join(f"o.{name}" for name in _TOLD)
    covered = _months(staging)
    staging.cursor.execute(
        f"""
        DROP TABLE IF EXISTS intake_line;
        CREATE TEMP TABLE intake_line ON COMMIT DROP AS
        SELECT nextval('relief_declarationline_id_seq') AS id, r."row", e.id AS employer_id,
            r.month, r.person_id, {told_now}, o.id AS old_id
        FROM intake_row r
        JOIN registry_employer e ON e.uscc = r.uscc
        LEFT JOIN relief_declarationline o
            ON o.employer_id = e.id AND o.month = r.month AND o.person_id = r.person_id
            AND o.replaced_by IS NULL AND o.month BETWEEN %(first)s AND %(last)s
        WHERE o.id IS NULL OR ({told_now}) IS DISTINCT FROM ({told_before})
        """,
        {"first": covered[0], "last": covered[-1]},
    )
    new, changed = _store(staging)
    staging.cursor.execute("SELECT count(*) FROM intake_row")
    unchanged = staging.cursor.fetchone()[0] - new - changed
    return _merged(staging, new, changed, unchanged)


def _withdraw(staging: Staging) -> Merged:
    """Say again what held before the lines of an import that are still in force.

    Whom nothing was known of before is taken out of the month: three bases of 0.
    """
    before = ", ".join(f"o.{name}" for name in _TOLD[1:])
    staging.cursor.execute(
        f"""
        DROP TABLE IF EXISTS intake_line;
        CREATE TEMP TABLE intake_line ON COMMIT DROP AS
        SELECT nextval('relief_declarationline_id_seq') AS id, n."row", n.employer_id,
            n.month, n.person_id, coalesce(o.person_name, n.person_name) AS person_name,
            {", ".join(f"coalesce(o.{base}, 0) AS {base}" for base in _TOLD[1:])},
            n.id AS old_id
        FROM relief_declarationline n
        LEFT JOIN relief_declarationline o
            ON o.employer_id = n.employer_id AND o.month = n.month
            AND o.person_id = n.person_id AND o.replaced_by = n.id
        WHERE n.source_id = %(withdrawn)s AND n.replaced_by IS NULL
            AND (n.person_name, {", ".join(f"n.{base}" for base in _TOLD[1:])})
                IS DISTINCT FROM (coalesce(o.person_name, n.person_name), {before})
        """,
        {"withdrawn": staging.withdrawn},
    )
    new, changed = _store(staging)
    staging.cursor.execute(
        "SELECT count(*) FROM relief_declarationline"
        " WHERE source_id = %s AND replaced_by IS NOT NULL AND id NOT IN"
        " (SELECT old_id FROM intake_line)",
        [staging.withdrawn],
    )
    return _merged(staging, new, changed, staging.cursor.fetchone()[0])


def _store(staging: Staging) -> tuple[int, int]:
    """Store `intake_line`: return how many lines are new and how many take another's place."""
    cursor = staging.cursor
    told = ", ".join(_TOLD)
    cursor.execute(
        """
        DROP TABLE IF EXISTS intake_month, intake_before;
        CREATE TEMP TABLE intake_month ON COMMIT DROP AS
        SELECT DISTINCT employer_id, month FROM intake_line;
        ANALYZE intake_month;
        INSERT INTO intake_touched SELECT employer_id, month, month FROM intake_month;
        SELECT min(month), max(month), count(old_id), count(*) FROM intake_line
        """
    )
    first, last, changed, rows = cursor.fetchone()
    if not rows:
        return 0, 0
    if staging.detailed:
        cursor.execute(f"CREATE TEMP TABLE intake_before ON COMMIT DROP AS {_SUMS}")
    # Only one line of a person and month may be in force: the old ones give way first.
    cursor.execute(
        """
        UPDATE relief_declarationline o SET replaced_by = l.id
        FROM intake_line l
        WHERE o.id = l.old_id AND o.month = l.month AND l.old_id IS NOT NULL
            AND o.month BETWEEN %(first)s AND %(last)s
        """,
        {"first": first, "last": last},
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
    holds.hold_stored(cursor, import_=staging.import_, at=staging.at)
    cursor.execute("SELECT DISTINCT month FROM intake_month ORDER BY month")
    covered = [month for (month,) in cursor.fetchall()]
    aggregate(cursor, employer_months="intake_month", law=_law(_policy(staging), covered))
    due.mark_declared(employer_months="intake_month", cause_id=staging.import_.pk, at=staging.at)
    return rows - changed, changed


#: What the touched months come to: one row an insurance.
_SUMS = """
SELECT d.insurance, sum(d.headcount) AS headcount, sum(d.base_total) AS base_total,
    sum(d.gross_due) AS gross_due
FROM relief_declaration d JOIN intake_month m USING (employer_id, month)
WHERE d.replaced_by IS NULL GROUP BY d.insurance
"""


def _merged(staging: Staging, new: int, changed: int, unchanged: int) -> Merged:
    facts = monthly.facts(staging, policy=_policy(staging)) if staging.detailed else {}
    if not staging.detailed or not new + changed:
        return Merged(new, changed, unchanged, facts=facts)
    return Merged(
        new,
        changed,
        unchanged,
        changes=_changes(staging),
        totals=_totals(staging),
        facts=facts,
    )


def _totals(staging: Staging) -> list[Total]:
    """Return persons, bases and amounts of the touched months, before and after."""
    staging.cursor.execute(
        f"""
        SELECT a.insurance, coalesce(b.headcount, 0), a.headcount,
            coalesce(b.base_total, 0.00), a.base_total, coalesce(b.gross_due, 0.00), a.gross_due
        FROM ({_SUMS}) a LEFT JOIN intake_before b USING (insurance)
        """
    )
    found = {row[0]: row[1:] for row in staging.cursor.fetchall()}
    totals = []
    for insurance, label in Insurance.choices:
        if insurance in found:
            heads_before, heads, base_before, base, gross_before, gross = found[insurance]
            totals += [
                Total(f"{label}：人次", f"{heads_before:,}", f"{heads:,}"),
                Total(f"{label}：缴费基数（元）", f"{base_before:,.2f}", f"{base:,.2f}"),
                Total(f"{label}：单位应缴（元）", f"{gross_before:,.2f}", f"{gross:,.2f}"),
            ]
    if held := BaseHold.objects.filter(source=staging.import_).count():
        totals.append(Total("基数上调待稽核，暂按原基数（项）", "0", f"{held:,}"))
    return totals


def _changes(staging: Staging) -> list[Change]:
    """Return the first persons whose bases differ from what was declared for the month."""
    bases = _TOLD[1:]
    staging.cursor.execute(
        f"""
        SELECT l."row", l.month, l.person_id, l.person_name,
            {", ".join(f"o.{base}" for base in bases)}, {", ".join(f"l.{base}" for base in bases)}
        FROM intake_line l JOIN relief_declarationline o
            ON o.id = l.old_id AND o.month = l.month AND o.employer_id = l.employer_id
        ORDER BY l."row", l.month LIMIT {MOST_CHANGES}
        """
    )
    changes = []
    for row, month, person_id, name, *amounts in staging.cursor.fetchall():
        subject = f"{name}（尾号{person_id[-4:]}）{months.label(month)}"
        before, after = amounts[: len(bases)], amounts[len(bases) :]
        changes += [
            Change(row, subject, SCHEMA.header(base), f"{old:,.2f}", f"{new:,.2f}")
            for base, old, new in zip(bases, before, after, strict=True)
            if old != new
        ]
    return changes[:MOST_CHANGES]


KIND = ImportKind(
    schema=SCHEMA,
    examine=_examine,
    merge=_merge,
    withdraw=_withdraw,
    family="declarations",
    order=3,
    portal=True,
)
