"""The statement that assesses a range of employers, in its parts.

No date, rate or class stands here: the law comes in as rows (`inputs.law_rows`, `ruling_rows`).
Parameters: `first`, `last` (employer ids), `employer_ids` (or NULL), `first_month`, `last_month`,
`as_of`, `run`, `size_first_month`, `law`, `rulings`, and the marks `terms`, `sizes`, `lines`,
`declarations`, `payments`, `paid_back`. `run` is the run's own number; a simulation's is above all.
"""

# What holds from a month on, turned into ranges. Two rows of one month: the later stored holds.
# Months before the first row take the first: an employer is never without a type.
_RANGES = """
    SELECT id, uscc, unit_type, injury_rate, parent_uscc,
        CASE WHEN lag(from_month) OVER w IS NULL THEN '-infinity' ELSE from_month END AS since,
        coalesce(lead(from_month) OVER w, 'infinity') AS until
    FROM (
        SELECT DISTINCT ON (e.id, t.from_month)
            e.id, e.uscc, t.unit_type, t.injury_rate, t.parent_uscc, t.from_month
        FROM {employers} e JOIN registry_employerterms t ON t.employer_id = e.id
        WHERE t.id <= %(terms)s
        ORDER BY e.id, t.from_month, t.id DESC
    ) latest
    WINDOW w AS (PARTITION BY id ORDER BY from_month)
"""

# The latest (dated, id) wins for every month from its own first month on, so a row holds until
# the first month of any row that beats it; a range that ends before it starts never holds.
_SIZES = """
    SELECT uscc, size, since, coalesce(
        min(since) OVER (
            PARTITION BY uscc ORDER BY dated DESC, id DESC
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 'infinity') AS until
    FROM (
        SELECT s.uscc, s.size, s.dated, s.id,
            coalesce(s.from_month, %(size_first_month)s) AS since
        FROM classification_sizerecord s
        WHERE s.dated <= %(as_of)s AND s.id <= %(sizes)s AND s.uscc IN (
            SELECT uscc FROM unit
            UNION SELECT parent_uscc FROM own_terms WHERE parent_uscc <> ''
        )
    ) known
"""

STANDING = f"""
law AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(law)s::jsonb) AS l(
        insurance text, month date, employer_rate numeric, employee_rate numeric,
        lower numeric, upper numeric)
),
rulings AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(rulings)s::jsonb) AS r(
        unit_type text, size text, insurance text, month date, employer_class text,
        fraction numeric, clause text)
),
unit AS MATERIALIZED (
    SELECT id, uscc FROM registry_employer
    WHERE id BETWEEN %(first)s AND %(last)s
        AND (%(employer_ids)s::bigint[] IS NULL OR id = ANY(%(employer_ids)s::bigint[]))
),
own_terms AS MATERIALIZED ({_RANGES.format(employers="unit")}),
parent AS MATERIALIZED (
    SELECT id, uscc FROM registry_employer
    WHERE uscc IN (SELECT parent_uscc FROM own_terms WHERE parent_uscc <> '')
),
parent_terms AS MATERIALIZED ({_RANGES.format(employers="parent")}),
sizes AS MATERIALIZED ({_SIZES}),
-- A branch counts as its legal entity: the entity's type where it is registered, and its size.
standing AS MATERIALIZED (
    SELECT t.id AS employer_id, m.month, t.injury_rate,
        coalesce(p.unit_type, t.unit_type) AS unit_type, coalesce(s.size, '') AS size
    FROM own_terms t
    JOIN (SELECT DISTINCT month FROM law) m ON t.since <= m.month AND m.month < t.until
    LEFT JOIN parent_terms p
        ON p.uscc = t.parent_uscc AND p.since <= m.month AND m.month < p.until
    LEFT JOIN sizes s
        ON s.uscc = coalesce(nullif(t.parent_uscc, ''), t.uscc)
        AND s.since <= m.month AND m.month < s.until
)
"""

# Totals as they stood at the mark: a row replaced since then still counts.
DECLARED = """
declared AS MATERIALIZED (
    SELECT d.*, s.unit_type, s.size,
        coalesce(l.employer_rate, s.injury_rate) AS now_employer_rate,
        l.employee_rate AS now_employee_rate, l.lower AS now_lower, l.upper AS now_upper
    FROM (
        SELECT id, employer_id, month, insurance, headcount, base_total, gross_due, employee_due,
            employer_rate, employee_rate, lower, upper, replaced_by
        FROM relief_declaration
        WHERE replaced_by IS NULL AND id <= %(declarations)s
            AND employer_id BETWEEN %(first)s AND %(last)s
            AND month BETWEEN %(first_month)s AND %(last_month)s
        UNION ALL
        SELECT id, employer_id, month, insurance, headcount, base_total, gross_due, employee_due,
            employer_rate, employee_rate, lower, upper, replaced_by
        FROM relief_declaration
        WHERE replaced_by > %(declarations)s AND id <= %(declarations)s
            AND employer_id BETWEEN %(first)s AND %(last)s
            AND month BETWEEN %(first_month)s AND %(last_month)s
    ) d
    JOIN standing s ON s.employer_id = d.employer_id AND s.month = d.month
    JOIN law l ON l.insurance = d.insurance AND l.month = d.month
),
stale AS MATERIALIZED (
    SELECT * FROM declared
    WHERE (employer_rate, employee_rate, lower, upper)
        IS DISTINCT FROM (now_employer_rate, now_employee_rate, now_lower, now_upper)
)
"""

# Amounts are rounded per person and then added (D2); base 0 is not insured and not lifted (D3).
FRESH = """
fresh AS MATERIALIZED (
    SELECT k.id, k.employer_id, k.month, k.insurance,
        count(b.base) AS headcount,
        coalesce(sum(b.base), 0) AS base_total,
        coalesce(sum(round(b.base * k.now_employer_rate, 2)), 0) AS gross_due,
        coalesce(sum(round(b.base * k.now_employee_rate, 2)), 0) AS employee_due
    FROM stale k
    LEFT JOIN relief_declarationline n
        ON n.employer_id = k.employer_id AND n.month = k.month
        AND n.employer_id BETWEEN %(first)s AND %(last)s
        AND n.month BETWEEN %(first_month)s AND %(last_month)s
        AND n.id <= %(lines)s AND (n.replaced_by IS NULL OR n.replaced_by > %(lines)s)
    LEFT JOIN LATERAL (
        SELECT least(greatest(i.base, k.now_lower), k.now_upper) AS base
        FROM (SELECT CASE k.insurance
            WHEN 'pension' THEN n.pension_base
            WHEN 'unemployment' THEN n.unemployment_base
            WHEN 'injury' THEN n.injury_base END AS base) i
        WHERE i.base > 0
    ) b ON true
    GROUP BY k.id, k.employer_id, k.month, k.insurance
)
"""

PAID = """
paid AS MATERIALIZED (
    SELECT employer_id, month, insurance, sum(amount) AS paid FROM (
        SELECT employer_id, month, insurance, employer_amount AS amount FROM relief_payment
        WHERE employer_id BETWEEN %(first)s AND %(last)s AND id <= %(payments)s
            AND month BETWEEN %(first_month)s AND %(last_month)s AND arrived_on <= %(as_of)s
        UNION ALL
        SELECT employer_id, month, insurance, -amount FROM relief_paidback
        WHERE employer_id BETWEEN %(first)s AND %(last)s AND id <= %(paid_back)s
            AND month BETWEEN %(first_month)s AND %(last_month)s AND "on" <= %(as_of)s
    ) movement
    GROUP BY employer_id, month, insurance
)
"""

# Only finished runs count, and only earlier ones: runs are worked through one after the other.
IN_FORCE = """
in_force AS MATERIALIZED (
    SELECT DISTINCT ON (employer_id, month, insurance)
        employer_id, month, insurance, headcount, base_total, gross_due, relief_fraction, relief,
        net_due, employee_due, employer_class, clause
    FROM relief_assessment
    WHERE employer_id BETWEEN %(first)s AND %(last)s AND as_of <= %(as_of)s
        AND month BETWEEN %(first_month)s AND %(last_month)s
        AND run_id IN (SELECT id FROM relief_run WHERE state = 'DONE' AND id < %(run)s)
    ORDER BY employer_id, month, insurance, as_of DESC, run_id DESC
)
"""

FOUND = """
due AS MATERIALIZED (
    SELECT employer_id, month, insurance, headcount, base_total, gross_due, employee_due
    FROM declared d WHERE NOT EXISTS (SELECT FROM stale k WHERE k.id = d.id)
    UNION ALL
    SELECT employer_id, month, insurance, headcount, base_total, gross_due, employee_due
    FROM fresh
),
-- What is no longer declared at all comes down to nothing.
gone AS (
    SELECT f.employer_id, f.month, f.insurance, 0, 0.00, 0.00, 0.00
    FROM in_force f JOIN unit u ON u.id = f.employer_id
    WHERE f.headcount > 0 AND NOT EXISTS (
        SELECT FROM due d
        WHERE d.employer_id = f.employer_id AND d.month = f.month AND d.insurance = f.insurance)
),
found AS MATERIALIZED (
    SELECT d.employer_id, d.month, d.insurance, d.headcount, d.base_total, d.gross_due,
        r.fraction AS relief_fraction,
        round(d.gross_due * r.fraction, 2) AS relief,
        d.gross_due - round(d.gross_due * r.fraction, 2) AS net_due,
        d.employee_due, r.employer_class, r.clause,
        coalesce(p.paid, 0) AS paid,
        f.relief AS before_relief, f.net_due AS before_net_due,
        (d.headcount > 0 OR f.headcount > 0) AND (
            f.employer_id IS NULL
            OR f.headcount <> d.headcount OR f.base_total <> d.base_total
            OR f.gross_due <> d.gross_due OR f.relief_fraction <> r.fraction
            OR f.employee_due <> d.employee_due
            OR f.employer_class <> r.employer_class OR f.clause <> r.clause
        ) AS changed
    FROM (SELECT * FROM due UNION ALL SELECT * FROM gone) d
    JOIN standing s ON s.employer_id = d.employer_id AND s.month = d.month
    JOIN rulings r ON r.unit_type = s.unit_type AND r.size = s.size
        AND r.insurance = d.insurance AND r.month = d.month
    LEFT JOIN in_force f ON f.employer_id = d.employer_id AND f.month = d.month
        AND f.insurance = d.insurance
    LEFT JOIN paid p ON p.employer_id = d.employer_id AND p.month = d.month
        AND p.insurance = d.insurance
)
"""

WRITTEN = """
written AS (
    INSERT INTO relief_assessment (
        employer_id, month, insurance, as_of, run_id, headcount, base_total, gross_due,
        relief_fraction, relief, net_due, employee_due, employer_class, clause)
    SELECT employer_id, month, insurance, %(as_of)s, %(run)s, headcount, base_total, gross_due,
        relief_fraction, relief, net_due, employee_due, employer_class, clause
    FROM found WHERE changed
    ORDER BY employer_id, month, insurance
)
"""

# New totals replace stale ones for the runs to come. `replaced` must be whole before the insert:
# only one row per employer, month and insurance may be in force.
KEEP_FRESH = """
numbered AS MATERIALIZED (
    SELECT nextval('relief_declaration_id_seq') AS new_id, f.*, k.now_employer_rate,
        k.now_employee_rate, k.now_lower, k.now_upper
    FROM fresh f JOIN stale k ON k.id = f.id
    WHERE k.replaced_by IS NULL
),
replaced AS (
    UPDATE relief_declaration d SET replaced_by = n.new_id
    FROM numbered n WHERE d.id = n.id AND d.replaced_by IS NULL
    RETURNING d.replaced_by
),
kept AS (
    INSERT INTO relief_declaration (
        id, employer_id, month, insurance, headcount, base_total, gross_due, employee_due,
        employer_rate, employee_rate, lower, upper)
    SELECT new_id, employer_id, month, insurance, headcount, base_total, gross_due, employee_due,
        now_employer_rate, now_employee_rate, now_lower, now_upper
    FROM numbered WHERE new_id IN (SELECT replaced_by FROM replaced)
)
"""

SUMMARY = """
SELECT jsonb_build_object(
    'employers', count(DISTINCT employer_id) FILTER (WHERE headcount > 0 OR changed),
    'lines', count(*) FILTER (WHERE headcount > 0 OR changed),
    'changed', count(*) FILTER (WHERE changed),
    'undetermined', count(DISTINCT employer_id)
        FILTER (WHERE employer_class = 'pending' AND headcount > 0),
    'relief', coalesce(sum(relief), 0)::text,
    'overpaid', coalesce(sum(paid - net_due) FILTER (WHERE paid > net_due), 0)::text,
    'groups', (SELECT coalesce(jsonb_agg(g), '[]') FROM (
        SELECT employer_class, insurance,
            count(*) FILTER (WHERE headcount > 0) AS lines,
            count(*) FILTER (WHERE changed) AS changed,
            sum(gross_due)::text AS gross_due, sum(relief)::text AS relief,
            sum(net_due)::text AS net_due,
            coalesce(sum(before_relief), 0)::text AS before_relief,
            coalesce(sum(before_net_due), 0)::text AS before_net_due,
            coalesce(sum(paid - net_due) FILTER (WHERE paid > net_due), 0)::text AS overpaid
        FROM found GROUP BY employer_class, insurance) g),
    'largest', (SELECT coalesce(jsonb_agg(c), '[]') FROM (
        SELECT employer_id, sum(net_due)::text AS net_due,
            coalesce(sum(before_net_due), 0)::text AS before_net_due
        FROM found WHERE changed
        GROUP BY employer_id
        HAVING sum(net_due) <> coalesce(sum(before_net_due), 0)
        ORDER BY abs(sum(net_due) - coalesce(sum(before_net_due), 0)) DESC, employer_id
        LIMIT 20) c)
)
FROM found
"""

_READ = f"{STANDING}, {DECLARED}, {FRESH}, {PAID}, {IN_FORCE}, {FOUND}"
#: Returns the shard's totals and writes nothing.
SIMULATE = f"WITH {_READ} {SUMMARY}"
#: Returns the same totals, adds the assessments that changed and keeps the renewed totals.
ASSESS = f"WITH {_READ}, {KEEP_FRESH}, {WRITTEN} {SUMMARY}"
