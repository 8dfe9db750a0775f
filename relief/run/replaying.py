"""The statement that works a range of a past run once more and compares: it writes nothing."""

from relief.run.statements import READ
from relief.run.summing import SUMS, TOTALS

_AMOUNTS = """headcount, base_total, gross_due, relief_fraction, relief, net_due, employee_due,
    employer_class, clause"""

#: Rows that come to something else than the run wrote, the first of them, and the shard's totals.
REPLAY = f"""
WITH {READ},
written AS MATERIALIZED (
    SELECT employer_id, month, insurance, {_AMOUNTS} FROM relief_assessment
    WHERE run_id = %(run)s AND as_of = %(as_of)s
        AND employer_id BETWEEN %(first)s AND %(last)s
        AND month BETWEEN %(first_month)s AND %(last_month)s
),
other AS MATERIALIZED (
    SELECT employer_id, month, insurance,
        f.net_due AS found_net_due, f.relief AS found_relief,
        w.net_due AS written_net_due, w.relief AS written_relief
    FROM (SELECT employer_id, month, insurance, {_AMOUNTS} FROM found WHERE changed) f
    FULL JOIN written w USING (employer_id, month, insurance)
    WHERE (f.headcount, f.base_total, f.gross_due, f.relief_fraction, f.relief, f.net_due,
            f.employee_due, f.employer_class, f.clause)
        IS DISTINCT FROM (w.headcount, w.base_total, w.gross_due, w.relief_fraction, w.relief,
            w.net_due, w.employee_due, w.employer_class, w.clause)
),
{SUMS}
SELECT {TOTALS} || jsonb_build_object(
    'written', (SELECT count(*) FROM written),
    'departing', (SELECT count(*) FROM other),
    'others', (SELECT coalesce(jsonb_agg(o), '[]') FROM (
        SELECT employer_id, month, insurance, found_net_due::text, found_relief::text,
            written_net_due::text, written_relief::text
        FROM other ORDER BY employer_id, month, insurance LIMIT 20) o))
FROM by_employer
"""
