"""The book for `export_table`: one row a leg, in the order in which it was written."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.conf import settings

from registry.slots import ExportTable


def _legs(day: date) -> tuple[str, Mapping[str, Any]]:
    return (
        """
        SELECT l.entry_id AS entry,
            to_char(p.at AT TIME ZONE %(zone)s, 'YYYY-MM-DD"T"HH24:MI:SS') AS posted_at,
            l.insurance AS fund, e.uscc, l.month AS period, l.insurance, l.account,
            greatest(l.amount, 0) AS debit, greatest(-l.amount, 0) AS credit,
            t.reason, t.document
        FROM relief_ledgerleg l
        JOIN relief_ledgerentry t ON t.id = l.entry_id
        JOIN relief_ledgerposting p ON p.id = l.posting_id
        JOIN registry_employer e ON e.id = l.employer_id
        WHERE l.value_on <= %(as_of)s
        ORDER BY l.entry_id, l.id
        """,
        {"as_of": day, "zone": settings.TIME_ZONE},
    )


LEDGER = ExportTable(
    name="ledger",
    columns=(
        "entry",
        "posted_at",
        "fund",
        "uscc",
        "period",
        "insurance",
        "account",
        "debit",
        "credit",
        "reason",
        "document",
    ),
    rows=_legs,
    money=frozenset({"debit", "credit"}),
    months=frozenset({"period"}),
)
