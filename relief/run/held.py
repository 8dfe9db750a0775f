"""Raised bases that don't count yet, for the statements that add persons' lines up (policy D18).

A line counts with its declared base unless a hold names the former one; a hold has no effect
once its audit has cleared the raise. Holds of replaced lines find no line in force.
"""

_IN_EFFECT = """
FROM relief_basehold h
WHERE {of} AND NOT EXISTS (
    SELECT FROM relief_baseholdend e
    WHERE e.hold_id = h.id AND e.verdict = 'CLEARED'{known})
"""
_INSURANCES = ("pension", "unemployment", "injury")


def by_line(employer_months: str) -> str:
    """Return a SELECT of the former bases in effect, for the months in a temporary table.

    A row a line: `line_id`, and the former base of each insurance, NULL where the declared one
    counts. Parameters: `first`, `last` month.
    """
    columns = ", ".join(
        f"max(h.former) FILTER (WHERE h.insurance = '{name}') AS {name}" for name in _INSURANCES
    )
    of = (
        "h.month BETWEEN %(first)s AND %(last)s AND (h.employer_id, h.month) IN"
        f" (SELECT employer_id, month FROM {employer_months})"
    )
    return f"SELECT h.line_id, {columns} {_IN_EFFECT.format(of=of, known='')} GROUP BY h.line_id"


#: The same for a shard, a row a line and insurance, as it stood at the marks.
AT_MARKS = "SELECT h.line_id, h.insurance, h.former " + _IN_EFFECT.format(
    of="""h.employer_id BETWEEN %(first)s AND %(last)s
    AND h.month BETWEEN %(first_month)s AND %(last_month)s AND h.id <= %(holds)s""",
    known=" AND e.id <= %(hold_ends)s",
)
