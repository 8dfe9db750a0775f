"""The table `deferrals` of `export_table`: one row a deferred month and insurance."""

from deferral.queries.standing import rows_on
from registry.slots import ExportTable

DEFERRALS = ExportTable(
    name="deferrals",
    columns=(
        "receipt",
        "uscc",
        "insurance",
        "period",
        "employer_part",
        "employee_part",
        "due",
        "paid",
        "open",
        "state",
    ),
    rows=rows_on,
    money=frozenset({"employer_part", "employee_part", "due", "paid", "open"}),
    months=frozenset({"period"}),
)
