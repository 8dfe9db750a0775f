"""Where each difference between paid and due is: in exactly one place, or it says so.

The book's accounts of one month and insurance come to 0.00, so

    paid − due = on its way back − written off − receivable

and what is receivable is asked for by a notice, isn't due yet, or has no place: then the workers
haven't come by. Nothing can fall between: what is left over is shown as `nowhere`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from relief.ledger.accounts import Account
from relief.models import Insurance
from relief.queries import recoveries
from relief.queries.amounts import SETTLED
from relief.queries.due_dates import LATER

_BACK = (Account.OVERPAID, Account.ORDERED, Account.AT_BANK, Account.BOUNCED)


def _held(*accounts: Account) -> str:
    named = ", ".join(f"'{account.value}'" for account in accounts)
    return f"coalesce(sum(amount) FILTER (WHERE account IN ({named})), 0.00)"


# While money is on its way back, what is receivable beside it is only asked for once it has left.
PLACED = f"""
{SETTLED},
law AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(law)s::jsonb) AS l(month date, due_on date)
),
{LATER},
held AS MATERIALIZED (
    SELECT employer_id, month, insurance,
        -{_held(Account.OVERPAID)} AS waiting, -{_held(Account.ORDERED)} AS ordered,
        -{_held(Account.AT_BANK)} AS at_bank, -{_held(Account.BOUNCED)} AS bounced,
        {_held(Account.WRITTEN_OFF)} AS written_off,
        {_held(Account.RECEIVABLE, Account.LATE_FEE)} AS receivable,
        {_held(Account.RELIEVED)} AS relieved
    FROM relief_ledgerleg
    WHERE account IN ('{Account.RECEIVABLE.value}', '{Account.LATE_FEE.value}',
            '{Account.WRITTEN_OFF.value}', '{Account.RELIEVED.value}', {", ".join(f"'{each.value}'" for each in _BACK)})
        AND value_on <= %(as_of)s AND project_id IS NULL
        AND (%(employer_ids)s::bigint[] IS NULL OR employer_id = ANY(%(employer_ids)s::bigint[]))
    GROUP BY employer_id, month, insurance
),
asked AS MATERIALIZED (
    SELECT n.employer_id, i.month, i.insurance, i.amount
    FROM relief_recoverynotice n JOIN relief_recoveryitem i ON i.notice_id = n.id
    WHERE n.state = 'OPEN'
        AND (%(employer_ids)s::bigint[] IS NULL OR n.employer_id = ANY(%(employer_ids)s::bigint[]))
),
split AS (
    SELECT s.employer_id, s.month, s.insurance, s.paid, s.net_due,
        h.waiting, h.ordered, h.at_bank, h.bounced, h.written_off, h.receivable, h.relieved,
        least(greatest(h.receivable, 0), h.waiting + h.ordered + h.at_bank + h.bounced) AS after,
        a.amount AS asked_for,
        l.due_on IS NULL
            OR coalesce(d.due_on, l.due_on) + %(calm_days)s::integer >= %(as_of)s AS is_early
    FROM settled s
    JOIN held h ON h.employer_id = s.employer_id AND h.month = s.month
        AND h.insurance = s.insurance
    LEFT JOIN asked a ON a.employer_id = s.employer_id AND a.month = s.month
        AND a.insurance = s.insurance
    LEFT JOIN law l ON l.month = s.month
    LEFT JOIN later d ON d.employer_id = s.employer_id AND d.month = s.month
        AND d.insurance = s.insurance
),
placed AS (
    SELECT employer_id, month, insurance, paid, net_due, waiting, ordered, at_bank, bounced,
        written_off, after,
        CASE WHEN receivable > after THEN least(receivable - after, coalesce(asked_for, 0))
            ELSE 0 END AS asked,
        CASE WHEN receivable > after AND is_early
            THEN receivable - after - least(receivable - after, coalesce(asked_for, 0))
            ELSE 0 END AS early,
        -- Only what was paid for a month with relief goes back by this policy (R53).
        CASE WHEN receivable < 0 AND relieved = 0 THEN -receivable ELSE 0 END AS outside,
        CASE WHEN receivable < 0 AND relieved > 0 THEN -receivable
            WHEN receivable > after AND NOT is_early
            THEN least(receivable - after, coalesce(asked_for, 0)) - (receivable - after)
            ELSE 0 END AS nowhere
    FROM split
)
"""


#: Columns of `placed` that are places, with their Chinese names; signs as in `Placed.places`.
PLACES: dict[str, str] = {
    "waiting": "应退：等单位选择或审核（含冲抵中）",
    "ordered": "应退：已批准，等付款",
    "at_bank": "应退：银行在途",
    "bounced": "应退：银行退回，等新账户",
    "written_off": "已核销",
    "asked": "应补：已发补缴通知",
    "early": "应补：还没到期",
    "after": "应补：退费到账后再通知",
    "outside": "多缴，当月没有减免：按日常退费办理",
    "nowhere": "系统正在处理",
}
#: These are to be paid by the unit.
_TO_PAY = frozenset({"written_off", "asked", "early", "after"})


@dataclass(frozen=True)
class Placed:
    """One month and insurance with where its difference is, in yuan.

    `waiting` to `bounced` go back to the unit; `asked`, `early` and `after` are to be paid by it:
    asked for by a notice, not due yet, or to be asked for once money on its way back has left.
    `outside`: too much was paid for a month without relief, which this policy gives no say in.
    `nowhere` is more (or less, negative) that no worker has come by yet.
    """

    employer_id: int
    month: date
    insurance: Insurance
    paid: Decimal
    net_due: Decimal
    waiting: Decimal
    ordered: Decimal
    at_bank: Decimal
    bounced: Decimal
    written_off: Decimal
    after: Decimal
    asked: Decimal
    early: Decimal
    outside: Decimal
    nowhere: Decimal

    @property
    def difference(self) -> Decimal:
        """Paid less due: positive goes back, negative is to be paid."""
        return self.paid - self.net_due

    @property
    def placed(self) -> Decimal:
        """What the places come to; equals the difference."""
        back = self.waiting + self.ordered + self.at_bank + self.bounced
        owed = self.written_off + self.asked + self.early + self.after
        return back - owed + self.outside + self.nowhere

    def places(self) -> list[tuple[str, Decimal]]:
        """Return where it is, in words, with how much; positive goes back to the unit."""
        return [
            (label, -amount if name in _TO_PAY else amount)
            for name, label in PLACES.items()
            if (amount := getattr(self, name))
        ]


_SOMETHING = """paid <> net_due OR waiting <> 0 OR ordered <> 0 OR at_bank <> 0 OR bounced <> 0
    OR written_off <> 0 OR after <> 0 OR nowhere <> 0"""


def placed(
    day: date,
    *,
    employer_ids: Iterable[int] | None = None,
    asked: Mapping[str, Any] | None = None,
) -> list[Placed]:
    """Return every difference of some employers (None: all) with its place; one statement.

    :param asked: `recoveries.parameters` of that day and those employers, where at hand.
    :raises NoRuleInForce: if a declared month has no due day.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""{PLACED} SELECT employer_id, month, insurance, paid, net_due, waiting, ordered,
                at_bank, bounced, written_off, after, asked, early, outside, nowhere
            FROM placed WHERE {_SOMETHING} ORDER BY employer_id, month, insurance""",
            asked or recoveries.parameters(day, employer_ids=employer_ids),
        )
        rows = cursor.fetchall()
    return [Placed(row[0], row[1], Insurance(row[2]), *row[3:]) for row in rows]


MOST_LISTED = 200

_COUNTED = ", ".join(
    f"'{name}', jsonb_build_object('lines', count(*) FILTER (WHERE {name} <> 0),"
    f" 'amount', coalesce(sum({name}), 0)::text)"
    for name in PLACES
)
_LOOK = f"""{PLACED},
line AS MATERIALIZED (SELECT * FROM placed)
SELECT jsonb_build_object('difference', coalesce(sum(paid - net_due), 0)::text, {_COUNTED}),
    (SELECT coalesce(jsonb_agg(jsonb_build_array(employer_id, month, insurance, nowhere::text)), '[]')
        FROM (SELECT * FROM line WHERE nowhere <> 0
            ORDER BY abs(nowhere) DESC, employer_id, month, insurance LIMIT {MOST_LISTED}) first)
FROM line
"""


def look(day: date) -> tuple[dict[str, Any], list[list[Any]]]:
    """Return lines and yuan by place over the whole city, and the largest lines without one."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(_LOOK, recoveries.parameters(day))
        totals, nowhere = cursor.fetchone()
    return json.loads(totals), json.loads(nowhere)


def shown(totals: Mapping[str, Any]) -> list[tuple[str, int, Decimal]]:
    """Return each place that holds something: its name, lines and yuan; what goes back to units
    is positive, what they have to pay negative."""
    rows = []
    for name, label in PLACES.items():
        lines, amount = totals[name]["lines"], Decimal(totals[name]["amount"])
        if lines:
            rows.append((label, lines, -amount if name in _TO_PAY else amount))
    return rows
