"""The statement that assesses a range of employers, in its parts.

No date, rate or class stands here: the law comes in as rows (`inputs.law_rows`, `ruling_rows`).
Parameters: `first`, `last` (employer ids), `employer_ids` (or NULL), `first_month`, `last_month`,
`as_of`, `run`, `size_first_month`, `law`, `rulings`, and the marks `terms`, `sizes`, `lines`,
`declarations`, `payments`, `paid_back`, `holds`, `hold_ends`, `classes`,
`estimates`. `run` is the run's own number; a
simulation's is above all.
"""

from relief.calc.reasons import ASSESSED_BY, CLASSED_BY, with_ground_sql
from relief.run.differing import CUBE, DIFFERENCE, KEPT, MORE, REASON, ROWS
from relief.run.held import AT_MARKS
from relief.run.inputs import BY_HAND
from relief.run.summing import SUMS, TOTALS

# What holds from a month on, turned into ranges. Two rows of one month: the later stored holds.
# Months before the first row take the first: an employer is never without a type.
RANGES = """
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
        WHERE s.dated <= %(as_of)s AND s.id <= %(sizes)s AND s.withdraws_id IS NULL
            AND NOT EXISTS (
                SELECT FROM classification_sizerecord w
                WHERE w.withdraws_id = s.id AND w.id <= %(sizes)s)
            AND s.uscc IN (
            SELECT uscc FROM unit
            UNION SELECT parent_uscc FROM own_terms WHERE parent_uscc <> ''
        )
    ) known
"""

# What two officers have decided, by month: the latest decision that speaks of it (R3, D16).
_BY_HAND = """
    SELECT DISTINCT ON (p.uscc, m.month) p.uscc, m.month, p.document,
        nullif(p.counts_as, 'by_rules') AS counts_as
    FROM classification_classdecision d
    JOIN classification_classproposal p ON p.id = d.proposal_id
    JOIN (SELECT DISTINCT month FROM law) m
        ON p.from_month <= m.month AND m.month <= coalesce(p.to_month, 'infinity')
    WHERE d.agreed AND d.id <= %(classes)s AND d.decided_on <= %(as_of)s AND p.uscc IN (
        SELECT uscc FROM unit
        UNION SELECT parent_uscc FROM own_terms WHERE parent_uscc <> '')
    ORDER BY p.uscc, m.month, d.decided_on DESC, d.id DESC
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
own_terms AS MATERIALIZED ({RANGES.format(employers="unit")}),
parent AS MATERIALIZED (
    SELECT id, uscc FROM registry_employer
    WHERE uscc IN (SELECT parent_uscc FROM own_terms WHERE parent_uscc <> '')
),
parent_terms AS MATERIALIZED ({RANGES.format(employers="parent")}),
sizes AS MATERIALIZED ({_SIZES}),
by_hand AS MATERIALIZED ({_BY_HAND}),
-- A branch counts as its legal entity: the entity's type where it is registered, and its size.
-- What was decided by hand goes first, a branch's own decision before its legal entity's.
standing AS MATERIALIZED (
    SELECT t.id AS employer_id, m.month, t.injury_rate,
        coalesce('{BY_HAND}' || coalesce(o.counts_as, e.counts_as), p.unit_type, t.unit_type)
            AS unit_type,
        CASE WHEN coalesce(o.counts_as, e.counts_as) IS NULL THEN coalesce(s.size, '') ELSE '' END
            AS size,
        CASE WHEN o.counts_as IS NOT NULL THEN o.document
            WHEN e.counts_as IS NOT NULL THEN e.document END AS document
    FROM own_terms t
    -- Before the first month of size data nothing is waived; an employer keeps its size there.
    JOIN (SELECT DISTINCT month, greatest(month, %(size_first_month)s) AS sized FROM law) m
        ON t.since <= m.month AND m.month < t.until
    LEFT JOIN parent_terms p
        ON p.uscc = t.parent_uscc AND p.since <= m.month AND m.month < p.until
    LEFT JOIN sizes s
        ON s.uscc = coalesce(nullif(t.parent_uscc, ''), t.uscc)
        AND s.since <= m.sized AND m.sized < s.until
    LEFT JOIN by_hand o ON o.uscc = t.uscc AND o.month = m.month
    LEFT JOIN by_hand e ON e.uscc = t.parent_uscc AND e.month = m.month
)
"""

JUDGED = f"""
-- Every employer, month and insurance with the rules that hold there.
judged AS MATERIALIZED (
    SELECT s.employer_id, s.month, r.insurance, r.employer_class, r.fraction,
        {with_ground_sql("r.clause", CLASSED_BY, "s.document")} AS clause,
        coalesce(r.employer_rate, s.injury_rate) AS employer_rate, r.employee_rate,
        r.lower, r.upper
    FROM standing s JOIN (
        SELECT r.*, l.employer_rate, l.employee_rate, l.lower, l.upper
        FROM rulings r JOIN law l ON l.month = r.month AND l.insurance = r.insurance
        OFFSET 0  -- first the small tables with each other
    ) r ON r.month = s.month AND r.unit_type = s.unit_type AND r.size = s.size
)
"""

# Totals as they stood at the mark: a row replaced since then still counts.
DECLARED = """
declared AS MATERIALIZED (
    SELECT d.*, (d.employer_rate, d.employee_rate, d.lower, d.upper)
        IS DISTINCT FROM (j.employer_rate, j.employee_rate, j.lower, j.upper) AS is_stale,
        j.employer_rate AS now_employer_rate, j.employee_rate AS now_employee_rate,
        j.lower AS now_lower, j.upper AS now_upper
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
    JOIN judged j
        ON j.employer_id = d.employer_id AND j.month = d.month AND j.insurance = d.insurance
),
stale AS MATERIALIZED (SELECT * FROM declared WHERE is_stale)
"""

# Amounts are rounded per person and then added (D2); base 0 is not insured and not lifted (D3);
# of a raised base that waits for its audit the former one counts (D18).
FRESH = f"""
held AS MATERIALIZED ({AT_MARKS}),
fresh AS MATERIALIZED (
    SELECT k.id, k.employer_id, k.month, k.insurance,
        count(b.base)::integer AS headcount,
        coalesce(sum(b.base), 0) AS base_total,
        coalesce(sum(round(b.base * k.now_employer_rate, 2)), 0) AS gross_due,
        coalesce(sum(round(b.base * k.now_employee_rate, 2)), 0) AS employee_due
    FROM stale k
    LEFT JOIN (
        SELECT id, employer_id, month, pension_base, unemployment_base, injury_base
        FROM relief_declarationline
        WHERE replaced_by IS NULL AND id <= %(lines)s
            AND employer_id BETWEEN %(first)s AND %(last)s
            AND month BETWEEN %(first_month)s AND %(last_month)s
        UNION ALL
        SELECT id, employer_id, month, pension_base, unemployment_base, injury_base
        FROM relief_declarationline
        WHERE replaced_by > %(lines)s AND id <= %(lines)s
            AND employer_id BETWEEN %(first)s AND %(last)s
            AND month BETWEEN %(first_month)s AND %(last_month)s
    ) n ON n.employer_id = k.employer_id AND n.month = k.month
    LEFT JOIN held h ON h.line_id = n.id AND h.insurance = k.insurance
    LEFT JOIN LATERAL (
        SELECT least(greatest(coalesce(h.former, i.base), k.now_lower), k.now_upper) AS base
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
# Read once, so never stored in between.
IN_FORCE = """
in_force AS (
    SELECT DISTINCT ON (employer_id, month, insurance)
        employer_id, month, insurance, headcount, base_total, gross_due, relief_fraction, relief,
        net_due, employee_due, employer_class, clause
    FROM relief_assessment
    WHERE employer_id BETWEEN %(first)s AND %(last)s AND as_of <= %(as_of)s
        AND month BETWEEN %(first_month)s AND %(last_month)s
        -- An array, not a join: the rows stay in the order of their index.
        AND run_id = ANY(ARRAY(SELECT id FROM relief_run WHERE state = 'DONE' AND id < %(run)s))
    -- The index read backwards: no sort.
    ORDER BY employer_id DESC, month DESC, insurance DESC, as_of DESC, run_id DESC
)
"""

# A month that nobody is declared for counts as two officers have assessed it (R50a).
ESTIMATED = """
estimated AS MATERIALIZED (
    SELECT * FROM (
        SELECT DISTINCT ON (l.employer_id, l.month, l.insurance)
            l.employer_id, l.month, l.insurance, l.headcount, l.base_total, l.gross_due,
            l.employee_due, l.clause AS ground
        FROM relief_estimatedassessment l JOIN relief_estimatedecision c ON c.order_id = l.order_id
        WHERE l.employer_id BETWEEN %(first)s AND %(last)s
            AND l.month BETWEEN %(first_month)s AND %(last_month)s
            AND c.agreed AND c.id <= %(estimates)s AND c.decided_on <= %(as_of)s
        ORDER BY l.employer_id, l.month, l.insurance, c.decided_on DESC, c.id DESC
    ) latest
    WHERE headcount > 0 AND (employer_id, month) NOT IN (
        SELECT employer_id, month FROM counted WHERE headcount > 0)
),
"""

# What is no longer declared at all comes down to nothing, under the rules that hold.
FOUND = f"""
counted AS MATERIALIZED (
    SELECT employer_id, month, insurance, headcount, base_total, gross_due, employee_due
    FROM declared WHERE NOT is_stale
    UNION ALL
    SELECT employer_id, month, insurance, headcount, base_total, gross_due, employee_due
    FROM fresh
),
{ESTIMATED.strip()}
due AS (
    SELECT *, NULL AS ground FROM counted
    WHERE (employer_id, month) NOT IN (SELECT employer_id, month FROM estimated)
    UNION ALL
    SELECT employer_id, month, insurance, headcount, base_total, gross_due, employee_due, ground
    FROM estimated
),
found AS MATERIALIZED (
    SELECT *, gross_due - relief AS net_due,
        (headcount > 0 OR before_headcount > 0) AND (
            before_headcount IS NULL
            OR before_headcount <> headcount OR before_base_total <> base_total
            OR before_gross_due <> gross_due OR before_fraction <> relief_fraction
            OR before_employee_due <> employee_due
            OR before_class <> employer_class OR before_clause <> clause
        ) AS changed
    FROM (
        SELECT j.employer_id, j.month, j.insurance, j.employer_class,
            {with_ground_sql("j.clause", ASSESSED_BY, "d.ground")} AS clause,
            j.fraction AS relief_fraction,
            coalesce(d.headcount, 0) AS headcount,
            coalesce(d.base_total, 0.00) AS base_total,
            coalesce(d.gross_due, 0.00) AS gross_due,
            coalesce(d.employee_due, 0.00) AS employee_due,
            coalesce(round(d.gross_due * j.fraction, 2), 0.00) AS relief,
            coalesce(p.paid, 0.00) AS paid,
            f.headcount AS before_headcount, f.base_total AS before_base_total,
            f.gross_due AS before_gross_due, f.relief_fraction AS before_fraction,
            f.employee_due AS before_employee_due, f.employer_class AS before_class,
            f.clause AS before_clause, f.relief AS before_relief, f.net_due AS before_net_due
        FROM judged j
        LEFT JOIN due d
            ON d.employer_id = j.employer_id AND d.month = j.month AND d.insurance = j.insurance
        LEFT JOIN in_force f
            ON f.employer_id = j.employer_id AND f.month = j.month AND f.insurance = j.insurance
        LEFT JOIN paid p
            ON p.employer_id = j.employer_id AND p.month = j.month AND p.insurance = j.insurance
        WHERE d.employer_id IS NOT NULL OR f.headcount > 0
    ) line
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

# A run that looks back must not change what later runs have found: where the next later one
# found nothing new and so wrote nothing, what held until now is written down for its day.
PINNED = """
later AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(later)s::jsonb) AS l(
        as_of date, first_month date, last_month date, employer_ids jsonb)
),
pinned AS (
    INSERT INTO relief_assessment (
        employer_id, month, insurance, as_of, run_id, headcount, base_total, gross_due,
        relief_fraction, relief, net_due, employee_due, employer_class, clause)
    SELECT p.employer_id, p.month, p.insurance, p.later, %(run)s, coalesce(before_headcount, 0),
        coalesce(before_base_total, 0), coalesce(before_gross_due, 0),
        coalesce(before_fraction, relief_fraction), coalesce(before_relief, 0),
        coalesce(before_net_due, 0), coalesce(before_employee_due, 0),
        coalesce(before_class, employer_class), coalesce(before_clause, clause)
    FROM (
        SELECT f.*, (
            SELECT min(l.as_of) FROM later l
            WHERE f.month BETWEEN l.first_month AND l.last_month
                AND (l.employer_ids = '[]' OR l.employer_ids @> to_jsonb(f.employer_id))
        ) AS later
        FROM found f WHERE f.changed
    ) p
    WHERE p.later IS NOT NULL AND NOT EXISTS (
        SELECT FROM relief_assessment a JOIN relief_run r ON r.id = a.run_id
        WHERE a.employer_id = p.employer_id AND a.month = p.month AND a.insurance = p.insurance
            AND a.as_of > %(as_of)s AND a.as_of <= p.later AND r.state = 'DONE' AND r.id < %(run)s)
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

_SUMMARY = f"{SUMS} SELECT {TOTALS} FROM by_employer"

READ = f"{STANDING}, {JUDGED}, {DECLARED}, {FRESH}, {PAID}, {IN_FORCE}, {FOUND}"
_KEEP = f"{KEEP_FRESH}, {WRITTEN}, {DIFFERENCE}, {KEPT}"
#: Returns the shard's totals and writes nothing.
SIMULATE = f"WITH {READ}, {_SUMMARY}"
#: The same with every difference and the sums that a simulation's page shows.
SIMULATE_WHOLE = (
    f"WITH {READ}, {DIFFERENCE}, {SUMS}, {CUBE} SELECT {TOTALS} {MORE}, {ROWS} FROM by_employer"
)
#: Returns one employer's lines, changed or not, with what they were before; writes nothing.
LINES = f"WITH {READ} SELECT *, {REASON} AS reason FROM found ORDER BY month, insurance"
#: Returns the same totals, adds the assessments that changed and keeps the renewed totals.
ASSESS = f"WITH {READ}, {_KEEP}, {_SUMMARY}"
#: The same for a run that looks back behind finished ones; needs the parameter `later`.
ASSESS_BACK = f"WITH {READ}, {_KEEP}, {PINNED}, {_SUMMARY}"
