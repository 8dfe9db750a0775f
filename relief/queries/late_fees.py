"""What was paid late or isn't paid yet, with its late fee: set-based, over the book.

`relief.calc.late_fee.late_parts` says the same for one line in Python; a test holds both equal.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from registry import months
from registry.money import total
from relief.calc import late_steps
from relief.calc.explain import Step, percent
from relief.calc.late_steps import Late
from relief.calc.tree import node
from relief.ledger.accounts import DUE, PAID_IN, Account, listed_sql
from relief.models import Insurance
from relief.policy import Confidence, Policy, Source
from relief.queries.due_dates import LATER, later_due_dates
from relief.queries.policies import policy_as_of
from relief.run import inputs

#: What was written off is owed no longer, as if it had been paid on that day.
_SETTLING = (*PAID_IN, Account.WRITTEN_OFF)
_OF_MONTHS = """value_on <= %(as_of)s AND project_id IS NULL
    AND (%(employer_ids)s::bigint[] IS NULL OR employer_id = ANY(%(employer_ids)s::bigint[]))"""

# `point`: what was open at the end of the due day, and after each day on which money moved since.
# What then opens is a lot, what closes pays the lots that have been open longest: both are laid
# end to end, and where a lot and a payment lie over each other is a part that was late.
PARTS = f"""
WITH law AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(law)s::jsonb) AS l(month date, due_on date, daily numeric)
),
{LATER},
line AS MATERIALIZED (
    SELECT n.*, coalesce(d.due_on, l.due_on) AS due_on, l.daily FROM (
        SELECT employer_id, month, insurance, -sum(amount) AS net_due
        FROM relief_ledgerleg WHERE account IN {listed_sql(DUE)} AND {_OF_MONTHS}
        GROUP BY employer_id, month, insurance HAVING -sum(amount) > 0
    ) n JOIN law l ON l.month = n.month
    LEFT JOIN later d
        ON d.employer_id = n.employer_id AND d.month = n.month AND d.insurance = n.insurance
    WHERE coalesce(d.due_on, l.due_on) < %(as_of)s
),
moved AS (
    SELECT employer_id, month, insurance, value_on, sum(amount) AS amount
    FROM relief_ledgerleg WHERE account IN {listed_sql(_SETTLING)} AND {_OF_MONTHS}
    GROUP BY employer_id, month, insurance, value_on
),
step AS MATERIALIZED (
    SELECT l.employer_id, l.month, l.insurance, l.due_on, m.value_on,
        greatest(l.net_due - sum(m.amount) OVER (
            PARTITION BY l.employer_id, l.month, l.insurance ORDER BY m.value_on), 0) AS open
    FROM line l JOIN moved m
        ON m.employer_id = l.employer_id AND m.month = l.month AND m.insurance = l.insurance
),
at_due AS (
    SELECT l.employer_id, l.month, l.insurance, l.due_on, coalesce(s.open, l.net_due) AS open
    FROM line l LEFT JOIN (
        SELECT DISTINCT ON (employer_id, month, insurance) employer_id, month, insurance, open
        FROM step WHERE value_on <= due_on
        ORDER BY employer_id, month, insurance, value_on DESC
    ) s ON s.employer_id = l.employer_id AND s.month = l.month AND s.insurance = l.insurance
),
point AS (
    SELECT employer_id, month, insurance, value_on,
        open - coalesce(lag(open) OVER (
            PARTITION BY employer_id, month, insurance ORDER BY value_on), 0) AS change
    FROM (
        SELECT employer_id, month, insurance, due_on AS value_on, open FROM at_due
        UNION ALL
        SELECT employer_id, month, insurance, value_on, open FROM step WHERE value_on > due_on
    ) known
),
laid AS MATERIALIZED (
    SELECT employer_id, month, insurance, value_on, change > 0 AS opens, abs(change) AS amount,
        sum(abs(change)) OVER (
            PARTITION BY employer_id, month, insurance, change > 0 ORDER BY value_on) AS upper
    FROM point WHERE change <> 0
),
part AS (
    SELECT o.employer_id, o.month, o.insurance, o.value_on AS since, c.value_on AS arrived,
        least(o.upper, c.upper) - greatest(o.upper - o.amount, c.upper - c.amount) AS principal
    FROM laid o JOIN laid c
        ON c.employer_id = o.employer_id AND c.month = o.month AND c.insurance = o.insurance
        AND o.upper > c.upper - c.amount AND c.upper > o.upper - o.amount
    WHERE o.opens AND NOT c.opens
    UNION ALL
    SELECT o.employer_id, o.month, o.insurance, o.value_on, NULL,
        o.upper - greatest(o.upper - o.amount, coalesce(p.paid, 0))
    FROM laid o LEFT JOIN (
        SELECT employer_id, month, insurance, sum(amount) AS paid FROM laid
        WHERE NOT opens GROUP BY employer_id, month, insurance
    ) p ON p.employer_id = o.employer_id AND p.month = o.month AND p.insurance = o.insurance
    WHERE o.opens AND o.upper > coalesce(p.paid, 0)
),
late AS (
    SELECT p.employer_id, p.month, p.insurance, p.principal, p.since + 1 AS first,
        coalesce(p.arrived - 1, %(as_of)s::date) AS last, p.arrived IS NOT NULL AS paid,
        coalesce(p.arrived - 1, %(as_of)s::date) - p.since AS days,
        round(p.principal * (coalesce(p.arrived - 1, %(as_of)s::date) - p.since) * l.daily, 2)
            AS fee
    FROM part p JOIN law l ON l.month = p.month
)
"""


def parameters(day: date, *, employer_ids: Iterable[int] | None = None) -> Mapping[str, Any]:
    """Return what `PARTS` reads: the day, the employers (None: all), due days and daily rates.

    :raises NoRuleInForce: if a declared month has no due day or no rate.
    """
    declared = inputs.declared_months()
    covered = months.span(*declared) if declared else ()
    ids = None if employer_ids is None else list(employer_ids)
    return {"as_of": day, "employer_ids": ids, "law": _law(policy_as_of(day), covered)}


def _law(policy: Policy, covered: Iterable[date]) -> str:
    rows = []
    for month in covered:
        due_on, _rule = policy.due_on(month)
        daily = policy.late_fee_rate(month).daily
        rows.append({"month": month.isoformat(), "due_on": due_on.isoformat(), "daily": str(daily)})
    return json.dumps(rows)


@dataclass(frozen=True)
class LateFee:
    """A part of a month that was late, in yuan; `first` and `last` are both counted."""

    employer_id: int
    month: date
    insurance: Insurance
    principal: Decimal
    first: date
    last: date
    days: int
    fee: Decimal
    paid: bool


def late_fees(
    day: date,
    *,
    employer_ids: Iterable[int] | None = None,
    asked: Mapping[str, Any] | None = None,
) -> list[LateFee]:
    """Return what was or is late as of a day, by employer, month and insurance; one statement.

    :param asked: `parameters` of that day and those employers, where they are at hand.
    :raises NoRuleInForce: if a declared month has no due day or no rate.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{PARTS}
            SELECT employer_id, month, insurance, principal, first, last, days, fee, paid
            FROM late WHERE fee > 0
            ORDER BY employer_id, month, insurance, first, last""",
            asked or parameters(day, employer_ids=employer_ids),
        )
        rows = cursor.fetchall()
    return [LateFee(row[0], row[1], Insurance(row[2]), *row[3:]) for row in rows]


@dataclass(frozen=True)
class OfUnit:
    """One unit's late fees as of a day as pages show them; amounts in yuan."""

    day: date
    lines: list[LateFee]
    total: Decimal
    daily: str
    clauses: list[str]
    tree: list[dict[str, Any]]


def of_unit(
    employer_id: int,
    day: date,
    *,
    asked: Mapping[str, Any] | None = None,
    place: tuple[date, Insurance] | None = None,
) -> OfUnit | None:
    """Return an employer's late fees with the rules they rest on, or None where there are none.

    :param place: the month and insurance that alone are meant; None: all of them.
    """
    lines = late_fees(day, employer_ids=[employer_id], asked=asked)
    if place is not None:
        lines = [line for line in lines if (line.month, line.insurance) == place]
    if not lines:
        return None
    law = policy_as_of(day)
    rates = [law.late_fee_rate(line.month) for line in lines]
    known = due_days(lines, law, day)
    return OfUnit(
        day=day,
        lines=lines,
        total=total(line.fee for line in lines),
        daily="、".join(dict.fromkeys(percent(rate.daily) for rate in rates)),
        clauses=list(
            dict.fromkeys(
                [rate.source.clause for rate in rates] + [due.clause for _day, due in known]
            )
        ),
        tree=[node(_explained(lines, known, law, day))],
    )


def explained(employer_id: int, day: date) -> Step:
    """Return a unit's late fees as of a day as steps; 0.00 without parts where there are none.

    :raises NoRuleInForce: if a declared month has no due day or no rate.
    """
    lines, law = late_fees(day, employer_ids=[employer_id]), policy_as_of(day)
    return _explained(lines, due_days(lines, law, day), law, day)


def due_days(lines: Sequence[LateFee], law: Policy, day: date) -> list[tuple[date, Source]]:
    """Return for each line when it was due as known on a day, and by which rule or document."""
    moved = later_due_dates(day, employer_ids={line.employer_id for line in lines})
    found = []
    for line in lines:
        later = moved.get((line.employer_id, line.month, line.insurance.value))
        if later is not None and later.due_on is not None:
            source = Source(later.document, later.decided_on, later.clause, Confidence.SEEN)
            found.append((later.due_on, source))
        else:
            ordinary, rule = law.due_on(line.month)
            found.append((ordinary, rule.source))
    return found


def _explained(
    lines: Sequence[LateFee], days: Sequence[tuple[date, Source]], law: Policy, day: date
) -> Step:
    lates = []
    for line, (due_on, due) in zip(lines, days, strict=True):
        rate = law.late_fee_rate(line.month)
        lates.append(
            Late(
                label=f"{months.label(line.month)} {line.insurance.label}",
                principal=line.principal,
                first=line.first,
                last=line.last,
                days=line.days,
                paid=line.paid,
                due_on=due_on,
                due_rule=due,
                daily=rate.daily,
                rate_rule=rate.source,
            )
        )
    return late_steps.steps(lates, day=day)
