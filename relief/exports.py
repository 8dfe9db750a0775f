"""The tables of this app for `export_table`, each one streamed SELECT.

Credit codes are sorted by character, not by the database's language.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from registry.slots import ExportTable
from relief.exports_late import LATE_FEES
from relief.exports_ledger import LEDGER
from relief.queries.amounts import SETTLED

MONTHS = frozenset({"period"})


def _assessments(day: date) -> tuple[str, Mapping[str, Any]]:
    # trim_scale (PostgreSQL 13) makes 0.5000 the plain ratio 0.5.
    return (
        """
        SELECT e.uscc, a.month, a.insurance, a.headcount, a.base_total, a.gross_due,
            trim_scale(a.relief_fraction)::text, a.relief, a.net_due, a.employee_due, a.clause
        FROM (
            SELECT DISTINCT ON (employer_id, month, insurance) *
            FROM relief_assessment
            WHERE as_of <= %(as_of)s AND run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
            ORDER BY employer_id, month, insurance, as_of DESC, run_id DESC
        ) a JOIN registry_employer e ON e.id = a.employer_id
        WHERE a.headcount > 0
        ORDER BY e.uscc COLLATE "C", a.month, a.insurance COLLATE "C"
        """,
        {"as_of": day},
    )


def _difference(sign: str) -> str:
    return f"""
        {SETTLED}
        SELECT e.uscc, s.month, s.insurance, s.paid, s.net_due, {sign}(s.paid - s.net_due)
        FROM settled s JOIN registry_employer e ON e.id = s.employer_id
        WHERE {sign}(s.paid - s.net_due) > 0
        ORDER BY e.uscc COLLATE "C", s.month, s.insurance COLLATE "C"
    """


def _overpayments(day: date) -> tuple[str, Mapping[str, Any]]:
    return _difference("+"), {"as_of": day, "employer_ids": None}


def _underpayments(day: date) -> tuple[str, Mapping[str, Any]]:
    return _difference("-"), {"as_of": day, "employer_ids": None}


def _project_reliefs(day: date) -> tuple[str, Mapping[str, Any]]:
    return (
        """
        SELECT p.code, e.uscc, r.premium, r.months_total, r.months_relieved,
            trim_scale(r.relief_fraction)::text, r.relief, r.clause
        FROM (
            SELECT DISTINCT ON (project_id) *
            FROM relief_projectrelief
            WHERE as_of <= %(as_of)s AND run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
            ORDER BY project_id, as_of DESC, run_id DESC
        ) r
        JOIN relief_project p ON p.id = r.project_id
        JOIN registry_employer e ON e.id = r.employer_id
        WHERE NOT r.is_gone
        ORDER BY p.code COLLATE "C"
        """,
        {"as_of": day},
    )


TABLES = (
    ExportTable(
        name="assessments",
        columns=(
            "uscc",
            "period",
            "insurance",
            "headcount",
            "base_total",
            "gross_due",
            "relief_fraction",
            "relief",
            "net_due",
            "employee_due",
            "clause",
        ),
        rows=_assessments,
        money=frozenset({"base_total", "gross_due", "relief", "net_due", "employee_due"}),
        months=MONTHS,
    ),
    ExportTable(
        name="overpayments",
        columns=("uscc", "period", "insurance", "paid", "net_due", "overpaid"),
        rows=_overpayments,
        money=frozenset({"paid", "net_due", "overpaid"}),
        months=MONTHS,
    ),
    ExportTable(
        name="underpayments",
        columns=("uscc", "period", "insurance", "paid", "net_due", "underpaid"),
        rows=_underpayments,
        money=frozenset({"paid", "net_due", "underpaid"}),
        months=MONTHS,
    ),
    ExportTable(
        name="project-reliefs",
        columns=(
            "project",
            "uscc",
            "premium",
            "months_total",
            "months_relieved",
            "relief_fraction",
            "relief",
            "clause",
        ),
        rows=_project_reliefs,
        money=frozenset({"premium", "relief"}),
    ),
    LATE_FEES,
    LEDGER,
)
