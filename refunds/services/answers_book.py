"""What an answer of the bank posts into the ledger: from the bank's way to where it ended.

The document of each entry is our line number, so that a day can be reconciled by line.
"""

from collections.abc import Sequence
from datetime import datetime

from refunds.services.answers_lines import End, How
from relief.ledger import services as ledger
from relief.ledger.services import Account

#: Debit, credit and reason of each end.
_SIDES = {
    How.PAID: (Account.AT_BANK, Account.ARRIVED, "银行确认退费到账"),
    How.BOUNCED: (Account.AT_BANK, Account.BOUNCED, "银行退回，未付出"),
    How.RETURNED: (Account.ARRIVED, Account.BOUNCED, "退票，款项退回"),
}
_ENDED = """
SELECT o.employer_id, o.insurance, w.day AS value_on, w.reason, t.line_no AS document,
    t.line_no || '.' || w.how AS reference, i.month, w.debit, w.credit, i.amount,
    o.project_id
FROM unnest(%(lines)s::bigint[], %(days)s::date[], %(hows)s::text[], %(debits)s::text[],
    %(credits)s::text[], %(reasons)s::text[]) AS w(line, day, how, debit, credit, reason)
JOIN refunds_attempt t ON t.id = w.line
JOIN refunds_obligation o ON o.id = t.obligation_id
JOIN refunds_obligationitem i ON i.obligation_id = o.id
"""


def post(ends: Sequence[End], *, at: datetime) -> None:
    """Post them all; the last write of the transaction."""
    sides = [_SIDES[end.how] for end in ends]
    ledger.post_moved(
        _ENDED,
        {
            "lines": [end.line.id for end in ends],
            "days": [end.on for end in ends],
            "hows": [end.how for end in ends],
            "debits": [debit for debit, _, _ in sides],
            "credits": [credit for _, credit, _ in sides],
            "reasons": [reason for _, _, reason in sides],
        },
        at=at,
        cause="银行回盘",
    )
