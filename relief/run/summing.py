"""The sums of what a shard found: `found` in `relief.run.statements` holds one row a line."""


def sums(before_net_due: str = "coalesce(sum(before_net_due), 0)") -> str:
    """Return the steps that add every line up once, by employer and insurance, and the largest
    changes; the rest is rolled up from there.

    :param before_net_due: SQL of what was due before, where that is known without adding up.
    """
    return f"""
by_employer AS MATERIALIZED (
    SELECT employer_id, employer_class, insurance,
        count(*) FILTER (WHERE headcount > 0) AS lines,
        count(*) FILTER (WHERE changed) AS changed,
        count(*) FILTER (WHERE changed AND headcount = 0) AS emptied,
        sum(gross_due) AS gross_due, sum(relief) AS relief,
        coalesce(sum(before_relief), 0) AS before_relief,
        {before_net_due} AS before_net_due,
        coalesce(sum(paid - net_due) FILTER (WHERE paid > net_due), 0) AS overpaid
    FROM found GROUP BY employer_id, employer_class, insurance
),
change AS (
    SELECT employer_id, sum(gross_due - relief) AS net_due, sum(before_net_due) AS before_net_due
    FROM by_employer GROUP BY employer_id
    HAVING sum(changed) > 0 AND sum(gross_due - relief) <> sum(before_net_due)
    ORDER BY abs(sum(gross_due - relief) - sum(before_net_due)) DESC, employer_id
    LIMIT 20
)
"""


SUMS = sums()
#: A shard's totals, as SQL.
TOTALS = """jsonb_build_object(
    'employers', count(DISTINCT employer_id) FILTER (WHERE lines + emptied > 0),
    'lines', coalesce(sum(lines + emptied), 0),
    'changed', coalesce(sum(changed), 0),
    'emptied', coalesce(sum(emptied), 0),
    'undetermined', count(DISTINCT employer_id)
        FILTER (WHERE employer_class = 'pending' AND lines > 0),
    'relief', coalesce(sum(relief), 0)::text,
    'overpaid', coalesce(sum(overpaid), 0)::text,
    'groups', (SELECT coalesce(jsonb_agg(g), '[]') FROM (
        SELECT employer_class, insurance, sum(lines) AS lines, sum(changed) AS changed,
            sum(gross_due)::text AS gross_due, sum(relief)::text AS relief,
            sum(gross_due - relief)::text AS net_due,
            sum(before_relief)::text AS before_relief,
            sum(before_net_due)::text AS before_net_due, sum(overpaid)::text AS overpaid
        FROM by_employer GROUP BY employer_class, insurance) g),
    'largest', (SELECT coalesce(jsonb_agg(c), '[]') FROM (
        SELECT employer_id, net_due::text AS net_due, before_net_due::text AS before_net_due
        FROM change) c)
)"""
