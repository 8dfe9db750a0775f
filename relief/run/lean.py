"""The simulation's statement for employers about whom nothing was declared since the last run.

Then what is in force holds the very totals that a run would read, and only the rulings have to be
looked at: a third of the work. When that may be said decides `relief.services.simulations`; a
test holds both ways equal to the digest.
"""

from relief.calc.reasons import CLASSED_BY, with_ground_sql
from relief.run.differing import CONTENT, MORE, ROWS, Reason, cube, difference
from relief.run.statements import IN_FORCE, PAID, STANDING
from relief.run.summing import TOTALS, sums

_CLAUSE = with_ground_sql("r.clause", CLASSED_BY, "s.document")
# Only what the sums read is carried along; a line's other columns go into its content here.
_FOUND = f"""
found AS MATERIALIZED (
    SELECT employer_id, month, insurance, 1 AS headcount, employer_class, gross_due, relief,
        gross_due - relief AS net_due, paid, before_relief, before_net_due, changed, is_reclassed,
        CASE WHEN changed THEN {CONTENT.replace("net_due", "gross_due - relief")} END AS content
    FROM (
        SELECT f.employer_id, f.month, f.insurance, f.headcount, f.base_total, f.gross_due,
            f.employee_due, r.employer_class, {_CLAUSE} AS clause, r.fraction AS relief_fraction,
            CASE WHEN r.fraction = f.relief_fraction THEN f.relief
                ELSE round(f.gross_due * r.fraction, 2) END AS relief,
            coalesce(p.paid, 0.00) AS paid, f.relief AS before_relief,
            f.net_due AS before_net_due, r.employer_class <> f.employer_class AS is_reclassed,
            r.fraction <> f.relief_fraction OR r.employer_class <> f.employer_class
                OR ({_CLAUSE}) <> f.clause AS changed
        FROM in_force f
        JOIN standing s ON s.employer_id = f.employer_id AND s.month = f.month
        JOIN rulings r ON r.month = f.month AND r.insurance = f.insurance
            AND r.unit_type = s.unit_type AND r.size = s.size
        LEFT JOIN paid p
            ON p.employer_id = f.employer_id AND p.month = f.month AND p.insurance = f.insurance
        WHERE f.headcount > 0
        OFFSET 0  -- each line worked out once
    ) line
)
"""
# The total of persons stays as it was, and so what was due follows from what was waived.
_BEFORE = "sum(gross_due) - sum(before_relief)"
_DIFFERENCE = difference(
    f"CASE WHEN is_reclassed THEN {Reason.CLASS:d} ELSE {Reason.RULE:d} END", "content"
)

SIMULATE_LEAN = (
    f"WITH {STANDING}, {PAID}, {IN_FORCE}, {_FOUND}, {_DIFFERENCE}, {sums(_BEFORE)},"
    f" {cube(_BEFORE)} SELECT {TOTALS} {MORE}, {ROWS} FROM by_employer"
)
