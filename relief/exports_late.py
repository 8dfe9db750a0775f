"""The table of late fees for `export_table`: one streamed SELECT over the book."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from registry.slots import ExportTable
from relief.queries import late_fees


def _rows(day: date) -> tuple[str, Mapping[str, Any]]:
    return (
        f"""
        {late_fees.PARTS}
        SELECT e.uscc, l.month, l.insurance, l.principal, l.first, l.last, l.days, l.fee
        FROM late l JOIN registry_employer e ON e.id = l.employer_id
        WHERE l.fee > 0
        ORDER BY e.uscc COLLATE "C", l.month, l.insurance COLLATE "C", l.first, l.last
        """,
        late_fees.parameters(day),
    )


LATE_FEES = ExportTable(
    name="late-fees",
    columns=("uscc", "period", "insurance", "principal", "from", "to", "days", "fee"),
    rows=_rows,
    money=frozenset({"principal", "fee"}),
    months=frozenset({"period"}),
)
