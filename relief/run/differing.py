"""What a shard changed, by employer and insurance, with the reasons; and its sums for a simulation.

Parts of the statement in `relief.run.statements`; `found` there holds one row a line. The law is
not in here: a reason is only which of a line's columns are other than before.
"""

from enum import IntFlag


class Reason(IntFlag):
    """Why a line came to something else; several may be true of one employer's months."""

    FIRST = 1
    CLASS = 2
    RULE = 4
    DECLARED = 8
    EMPTIED = 16

    @property
    def labels(self) -> list[str]:
        """The Chinese names of all that are in it."""
        return [_LABELS[reason] for reason in Reason if reason in self]


_LABELS = {
    Reason.FIRST: "首次核定",
    Reason.CLASS: "归类变更",
    Reason.RULE: "减免规定变更",
    Reason.DECLARED: "申报、费率或基数变更",
    Reason.EMPTIED: "不再申报",
}

#: Which of `Reason` are true of a changed line, as SQL.
REASON = f"""CASE
    WHEN before_headcount IS NULL THEN {Reason.FIRST:d}
    WHEN headcount = 0 THEN {Reason.EMPTIED:d}
    ELSE CASE WHEN before_class <> employer_class THEN {Reason.CLASS:d} ELSE 0 END
        | CASE WHEN before_class = employer_class
            AND (before_fraction <> relief_fraction OR before_clause <> clause)
            THEN {Reason.RULE:d} ELSE 0 END
        | CASE WHEN (headcount, base_total, gross_due, employee_due) IS DISTINCT FROM
            (before_headcount, before_base_total, before_gross_due, before_employee_due)
            THEN {Reason.DECLARED:d} ELSE 0 END
    END"""

#: Columns of a difference in their order, as they are stored, digested and compared.
COLUMNS = (
    "employer_id",
    "insurance",
    "lines",
    "first_month",
    "last_month",
    "reasons",
    "before_relief",
    "relief",
    "before_net_due",
    "net_due",
    "content",
)
_NAMES = ", ".join(COLUMNS)

#: Every column of a line as one number of 64 bits, as SQL.
CONTENT = """hash_record_extended(ROW(month, headcount, base_total, gross_due, relief_fraction,
    relief, net_due, employee_due, employer_class, clause), 0)"""


def difference(reason: str, content: str) -> str:
    """Return the step that adds changed lines up by employer and insurance.

    :param reason: SQL of a line's `Reason`; `content` that of its `CONTENT`.
    """
    return f"""
difference AS MATERIALIZED (
    SELECT employer_id, insurance, count(*) AS lines,
        min(month) AS first_month, max(month) AS last_month, bit_or({reason}) AS reasons,
        coalesce(sum(before_relief), 0.00) AS before_relief, sum(relief) AS relief,
        coalesce(sum(before_net_due), 0.00) AS before_net_due, sum(net_due) AS net_due,
        bit_xor({content}) AS content
    FROM found WHERE changed
    GROUP BY employer_id, insurance
)
"""


DIFFERENCE = difference(REASON, CONTENT)

KEPT = f"""
kept_difference AS (
    INSERT INTO relief_rundifference (run_id, {_NAMES})
    SELECT %(run)s, {_NAMES} FROM difference ORDER BY employer_id, insurance
)
"""

_CELL = """sum(changed) AS changed, sum(gross_due) AS gross_due, sum(before_relief) AS before_relief,
    sum(relief) AS relief, sum(before_net_due) AS before_net_due, sum(net_due) AS net_due"""


def cube(before_net_due: str = "coalesce(sum(before_net_due), 0)") -> str:
    """Return the steps that add up by what a simulation's page may be turned about; every line
    is in exactly one cell of each.

    :param before_net_due: SQL of what was due before, where that is known without adding up.
    """
    return f"""
by_month AS (
    SELECT employer_class, month, insurance,
        count(*) FILTER (WHERE changed) AS changed, sum(gross_due) AS gross_due,
        coalesce(sum(before_relief), 0) AS before_relief, sum(relief) AS relief,
        {before_net_due} AS before_net_due, sum(gross_due) - sum(relief) AS net_due
    FROM found GROUP BY employer_class, month, insurance
),
by_district AS (
    SELECT e.district_id, b.employer_class, b.insurance, {_CELL}
    FROM (SELECT *, gross_due - relief AS net_due FROM by_employer) b
    JOIN registry_employer e ON e.id = b.employer_id
    GROUP BY e.district_id, b.employer_class, b.insurance
)
"""


CUBE = cube()
#: Parts one column from the next in `ROWS`: no code, number or day has it in it.
BETWEEN = "|"
#: Every difference as text, a line each, by employer and insurance: what is digested and stored.
ROWS = f"""(SELECT string_agg(concat_ws('{BETWEEN}', {_NAMES}), E'\\n'
    ORDER BY employer_id, insurance COLLATE "C") FROM difference)"""

#: Added to a shard's totals, as SQL.
MORE = """|| jsonb_build_object(
    'by_month', (SELECT coalesce(jsonb_agg(jsonb_build_array(
            employer_class, month, insurance, changed, gross_due::text, before_relief::text,
            relief::text, before_net_due::text, net_due::text)), '[]') FROM by_month),
    'by_district', (SELECT coalesce(jsonb_agg(jsonb_build_array(
            employer_class, district_id, insurance, changed, gross_due::text, before_relief::text,
            relief::text, before_net_due::text, net_due::text)), '[]') FROM by_district))
"""
