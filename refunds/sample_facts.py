"""What is known of the lines of a batch when audit's sample is drawn: a handful of queries."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from refunds.models import Batch
from refunds.risks import Line

# One row per line that is still in the batch. `account_days`: since the unit began to use the
# account, as far as rows recorded then say so: a date typed into an import makes no account old
# where the unit had another before.
_LINES = """
WITH line AS MATERIALIZED (
    SELECT t.id, t.account, t.amount, o.id AS obligation_id, o.receipt, o.employer_id, o.insurance,
        o.project_id, e.district_id
    FROM refunds_attempt t
    JOIN refunds_obligation o ON o.id = t.obligation_id
    JOIN registry_employer e ON e.id = o.employer_id
    WHERE t.batch_id = %(batch)s AND t.state = 'QUEUED'
), known AS NOT MATERIALIZED (
    SELECT b.* FROM registry_bankaccount b
    WHERE b.reverses_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM registry_bankaccount r WHERE r.reverses_id = b.id)
)
SELECT l.id, l.account, l.receipt, l.amount,
    (
        SELECT bool_or(p.payer_number = l.account) FROM relief_payment p
        WHERE p.employer_id = l.employer_id AND p.insurance = l.insurance
            AND l.project_id IS NULL AND p.payer_number <> ''
            AND p.month IN (
                SELECT i.month FROM refunds_obligationitem i
                WHERE i.obligation_id = l.obligation_id
            )
    ),
    (
        SELECT CASE
            WHEN first.id IS NULL THEN 0
            WHEN EXISTS (
                SELECT 1 FROM known b
                WHERE b.employer_id = l.employer_id AND b.id < first.id AND b.number <> l.account
            ) THEN %(today)s::date - (first.recorded_at AT TIME ZONE 'Asia/Shanghai')::date
            ELSE %(today)s::date - first.enabled_on
        END
        FROM (SELECT 1) one LEFT JOIN LATERAL (
            SELECT b.id, b.recorded_at, b.enabled_on FROM known b
            WHERE b.employer_id = l.employer_id AND b.number = l.account
            ORDER BY b.id LIMIT 1
        ) first ON true
    ),
    NOT EXISTS (
        SELECT 1 FROM refunds_attempt paid JOIN refunds_obligation o ON o.id = paid.obligation_id
        WHERE o.employer_id = l.employer_id AND paid.state = 'PAID'
    ),
    a.officer_id, b.officer_id, l.district_id
FROM line l
CROSS JOIN LATERAL (
    SELECT max(s.id) AS id FROM refunds_submission s
    WHERE s.obligation_id = l.obligation_id AND s.kind = 'CHOICE'
) c
LEFT JOIN refunds_approval a ON a.submission_id = c.id AND a.level = 'FIRST' AND a.granted
LEFT JOIN refunds_approval b ON b.submission_id = c.id AND b.level = 'SECOND' AND b.granted
ORDER BY l.id
"""

# Per account and not joined above, the accounts named one by one: the planner knows nothing of
# lines written a moment ago, and would look through all accounts for each of them.
_ASKED = (
    "SELECT DISTINCT account FROM refunds_attempt WHERE batch_id = %(batch)s AND state = 'QUEUED'"
)
_SHARERS = """
SELECT account, count(DISTINCT employer_id) - 1 FROM (
    SELECT b.number AS account, b.employer_id FROM registry_bankaccount b
    WHERE b.number = ANY(%(accounts)s) AND b.reverses_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM registry_bankaccount r WHERE r.reverses_id = b.id)
    UNION ALL
    SELECT s.account, o.employer_id FROM refunds_submission s
    JOIN refunds_obligation o ON o.id = s.obligation_id
    WHERE s.account = ANY(%(accounts)s)
) users
GROUP BY account
"""
_SUMS = """
SELECT t.account, sum(t.amount) FROM refunds_attempt t
WHERE t.account = ANY(%(accounts)s) AND t.state IN ('QUEUED', 'SENT', 'UNKNOWN', 'PAID')
    AND (t.batch_id = %(batch)s OR t.sealed_at >= %(split_from)s)
GROUP BY t.account
"""

# How often each first officer met each second one, by district.
PAIRS = """
SELECT e.district_id, a.officer_id, b.officer_id, count(*), sum(o.amount)
FROM refunds_approval b
JOIN refunds_approval a ON a.submission_id = b.submission_id AND a.level = 'FIRST' AND a.granted
JOIN refunds_submission s ON s.id = b.submission_id
JOIN refunds_obligation o ON o.id = s.obligation_id
JOIN registry_employer e ON e.id = o.employer_id
WHERE b.level = 'SECOND' AND b.granted AND b.at >= %(since)s AND b.at < %(until)s
GROUP BY 1, 2, 3
"""

Pairs = Mapping[tuple[str, int, int], int]


def _days(rules: Mapping[str, Mapping[str, Any]], code: str) -> timedelta:
    return timedelta(days=int(rules.get(code, {}).get("days", 0)))


def pairs(*, since: date, until: date) -> dict[tuple[str, int, int], int]:
    """Return, by district, first and second officer, how many refunds passed from one to the
    other from one day up to before another."""
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, {"since": since, "until": until})
        return {(row[0], row[1], row[2]): row[3] for row in cursor.fetchall()}


def compare(
    found: Pairs, *, district: str, first: int, second: int
) -> tuple[int, int, Decimal | None]:
    """Return how many refunds the first officer passed on, how many of them to the second, and
    the second's share of what the district's other first officers passed on."""
    here = {key: count for key, count in found.items() if key[0] == district}
    passed_on = sum(count for key, count in here.items() if key[1] == first)
    others = sum(count for key, count in here.items() if key[1] != first)
    to_second = sum(count for key, count in here.items() if key[1] != first and key[2] == second)
    usual = Decimal(to_second) / others if others else None
    return passed_on, here.get((district, first, second), 0), usual


def lines_of(
    batch: Batch, *, rules: Mapping[str, Mapping[str, Any]], today: date
) -> dict[int, Line]:
    """Return what is known of each line that is still in a batch, by the attempt."""
    asked: dict[str, Any] = {
        "batch": batch.pk,
        "today": today,
        "split_from": today - _days(rules, "SPLIT"),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, asked)
        asked["accounts"] = [account for (account,) in cursor.fetchall()]
        cursor.execute(_SHARERS, asked)
        sharers: dict[str, int] = dict(cursor.fetchall())
        cursor.execute(_SUMS, asked)
        sums: dict[str, Decimal] = dict(cursor.fetchall())
        cursor.execute(_LINES, asked)
        rows = cursor.fetchall()
    found = pairs(since=today - _days(rules, "SAME_PAIR"), until=today + timedelta(days=1))
    compared: dict[tuple[str, int, int], tuple[int, int, Decimal | None]] = {}
    lines = {}
    for key, account, receipt, amount, paid, age, new, first, second, district in rows:
        meeting = (district, first, second)
        if meeting not in compared:
            compared[meeting] = compare(found, district=district, first=first, second=second)
        passed_on, together, usual = compared[meeting]
        lines[key] = Line(
            receipt=receipt,
            amount=amount,
            paid_from_here=paid,
            account_days=age,
            sharers=sharers.get(account, 0),
            account_sum=sums.get(account, amount),
            first_refund=new,
            pair_of=passed_on,
            pair_count=together,
            pair_usual=usual,
        )
    return lines
