"""Totals of an employer's month, made from its persons' lines (policy D2, D3).

`relief_declaration` has three rows for every declared employer and month, stamped with the
rates and limits that they were made under; an insurance nobody is in has a row of zeros. A
raised base counts once its audit has cleared it, until then the former one (D18).
The run makes the totals anew where a stamp has become stale; this is for lines that changed.
"""

from django.db.backends.utils import CursorWrapper

from relief.run import held

_TOTALS = ("headcount", "base_total", "gross_due", "employee_due")
_STAMP = ("employer_rate", "employee_rate", "lower", "upper")

# One pass over the lines makes the sums of all three insurances side by side. The own rate is
# what holds in the month, or before the first month known, as the run reads it.
_SIDE_BY_SIDE = """
DROP TABLE IF EXISTS aggregate_rules, aggregate_held, aggregate_totals;
CREATE TEMP TABLE aggregate_rules ON COMMIT DROP AS
WITH law AS (
    SELECT * FROM jsonb_to_recordset(%(law)s::jsonb) AS l(
        insurance text, month date, employer_rate numeric, employee_rate numeric,
        lower numeric, upper numeric)
)
SELECT m.employer_id, m.month,
    {rules}
FROM {employer_months} m
LEFT JOIN LATERAL (
    SELECT injury_rate FROM registry_employerterms t WHERE t.employer_id = m.employer_id
    ORDER BY t.from_month <= m.month DESC, abs(t.from_month - m.month), t.id DESC LIMIT 1
) own ON true
{laws};
ANALYZE aggregate_rules;
CREATE TEMP TABLE aggregate_held ON COMMIT DROP AS {held};
ANALYZE aggregate_held;
CREATE TEMP TABLE aggregate_totals ON COMMIT DROP AS
WITH bases AS (
    SELECT r.employer_id, r.month,
        {lifted}
    FROM relief_declarationline n JOIN aggregate_rules r USING (employer_id, month)
    LEFT JOIN aggregate_held h ON h.line_id = n.id
    WHERE n.replaced_by IS NULL
        AND n.month BETWEEN %(first)s AND %(last)s
), sums AS (
    SELECT employer_id, month,
        {sums}
    FROM bases b
    GROUP BY employer_id, month
)
SELECT r.employer_id, r.month, t.*
FROM aggregate_rules r LEFT JOIN sums s USING (employer_id, month)
CROSS JOIN LATERAL (VALUES {rows}) AS t(insurance, {totals}, {stamp})
"""

_REPLACE = """
DROP TABLE IF EXISTS aggregate_changed;
CREATE TEMP TABLE aggregate_changed ON COMMIT DROP AS
SELECT nextval('relief_declaration_id_seq') AS id, t.*, d.id AS old_id
FROM aggregate_totals t LEFT JOIN relief_declaration d
    ON d.employer_id = t.employer_id AND d.month = t.month AND d.insurance = t.insurance
    AND d.replaced_by IS NULL
WHERE ({new}) IS DISTINCT FROM ({old});
UPDATE relief_declaration d SET replaced_by = c.id
FROM aggregate_changed c WHERE d.id = c.old_id;
INSERT INTO relief_declaration (id, employer_id, month, insurance, {columns})
SELECT id, employer_id, month, insurance, {columns} FROM aggregate_changed
ORDER BY employer_id, month, insurance
"""


def _statement(employer_months: str) -> str:
    """Return the first statement, its three insurances written out."""
    names = ("pension", "unemployment", "injury")
    return _SIDE_BY_SIDE.format(
        employer_months=employer_months,
        held=held.by_line("aggregate_rules"),
        totals=", ".join(_TOTALS),
        stamp=", ".join(_STAMP),
        rules=",\n    ".join(
            f"coalesce({i}.employer_rate, own.injury_rate) AS {i}_employer_rate,"
            f" {i}.employee_rate AS {i}_employee_rate,"
            f" {i}.lower AS {i}_lower, {i}.upper AS {i}_upper"
            for i in names
        ),
        laws="\n".join(
            f"JOIN law {i} ON {i}.month = m.month AND {i}.insurance = '{i}'" for i in names
        ),
        # A base of 0 means not insured: NULL here, which neither counts nor adds. A raised
        # base that waits for its audit counts with the former one (D18).
        lifted=",\n        ".join(
            f"CASE WHEN n.{i}_base > 0 THEN"
            f" least(greatest(coalesce(h.{i}, n.{i}_base), r.{i}_lower), r.{i}_upper) END AS {i},"
            f" r.{i}_employer_rate, r.{i}_employee_rate"
            for i in names
        ),
        sums=",\n        ".join(
            f"count(b.{i}) AS {i}_headcount, sum(b.{i}) AS {i}_base,"
            f" sum(round(b.{i} * b.{i}_employer_rate, 2)) AS {i}_gross,"
            f" sum(round(b.{i} * b.{i}_employee_rate, 2)) AS {i}_employee"
            for i in names
        ),
        rows=", ".join(
            f"('{i}', coalesce(s.{i}_headcount, 0), coalesce(s.{i}_base, 0.00),"
            f" coalesce(s.{i}_gross, 0.00), coalesce(s.{i}_employee, 0.00),"
            f" r.{i}_employer_rate, r.{i}_employee_rate, r.{i}_lower, r.{i}_upper)"
            for i in names
        ),
    )


def aggregate(cursor: CursorWrapper, *, employer_months: str, law: str) -> int:
    """Make the totals of some employers' months anew; return how many rows were added.

    `employer_months` names a temporary table with `employer_id` and `month`, without
    repetition; `law` is `inputs.law_rows` of its months. Rows that come out the same, stamp
    included, stay; the others are replaced and remain as history. Waits for a run that is
    renewing totals, and keeps others from it until the end of the transaction.
    """
    cursor.execute("LOCK TABLE relief_declaration IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute(f"SELECT min(month), max(month) FROM {employer_months}")
    first, last = cursor.fetchone()
    cursor.execute(_statement(employer_months), {"law": law, "first": first, "last": last})
    columns = (*_TOTALS, *_STAMP)
    cursor.execute(
        _REPLACE.format(
            columns=", ".join(columns),
            new=", ".join(f"t.{column}" for column in columns),
            old=", ".join(f"d.{column}" for column in columns),
        )
    )
    added: int = cursor.rowcount
    return added
