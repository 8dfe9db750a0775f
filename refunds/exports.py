"""The table `refunds` of `export_table`: one row a refund, with its latest line at the bank.

As of a day: what was opened by then, in the state its timeline had reached.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from registry.slots import ExportTable

_REFUNDS = """
SELECT o.receipt, e.uscc, o.insurance, o.amount,
    coalesce(moved.after, o.state), coalesce(tried.number, ''), coalesce(tried.line_no, ''),
    coalesce(tried.account, asked.account, ''), coalesce(moved.note, '')
FROM refunds_obligation o
JOIN registry_employer e ON e.id = o.employer_id
LEFT JOIN LATERAL (
    SELECT m.after, CASE WHEN m.after IN ('RETURNED', 'BOUNCED', 'SUPERSEDED')
        THEN m.note ELSE '' END AS note
    FROM casework_move m
    WHERE m.matter_kind = 'refund' AND m.matter_id = o.id AND m.at < %(until)s
    ORDER BY m.id DESC LIMIT 1
) moved ON true
LEFT JOIN LATERAL (
    SELECT b.number, a.line_no, a.account
    FROM refunds_attempt a JOIN refunds_batch b ON b.id = a.batch_id
    WHERE a.obligation_id = o.id AND a.sealed_at < %(until)s
    ORDER BY a.number DESC LIMIT 1
) tried ON true
LEFT JOIN LATERAL (
    SELECT s.account FROM refunds_submission s
    WHERE s.obligation_id = o.id AND s.at < %(until)s
    ORDER BY s.number DESC LIMIT 1
) asked ON true
WHERE o.opened_at < %(until)s
ORDER BY e.uscc COLLATE "C", o.insurance COLLATE "C", o.round
"""


def _refunds(day: date) -> tuple[str, Mapping[str, Any]]:
    until = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    return _REFUNDS, {"until": until}


REFUNDS = ExportTable(
    name="refunds",
    columns=(
        "refund",
        "uscc",
        "insurance",
        "amount",
        "state",
        "batch",
        "line",
        "account",
        "reason",
    ),
    rows=_refunds,
    money=frozenset({"amount"}),
)
