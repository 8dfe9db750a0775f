"""The statement that assesses the construction projects of a range of contractors.

Beside the lines of the months: a project's months come from its filed contract, whatever months
the run was asked for. Neither a date nor a rate stands here (`relief.run.project_law`); the class
comes from the same step as the assessments' (`statements.STANDING`, `JUDGED`). `relief.calc.project` says
the same in Python, and a test holds both equal.

Parameters beside those of `STANDING`: `projects` (a mark), `run`, `otherwise`, `started_from`,
`by_month`, `count_by`, `clause`, `too_early`, `outside`.
"""

import json
from typing import Any

from django.db import connection

from relief.calc.project import LONGEST_CLAUSE, Flag
from relief.policy import EmployerClass
from relief.run.statements import JUDGED, STANDING

#: Projects that ever named a contractor of the range.
_OF_RANGE = """project_id IN (
    SELECT project_id FROM relief_projectversion
    WHERE employer_id BETWEEN %(first)s AND %(last)s AND id <= %(projects)s)"""

# The latest version that stands; where all were taken back, the latest there was. What is due is
# the premium at the rate at which it was filed first: in whole fen, half up, as `premium_at`.
_VERSION = f"""
on_file AS MATERIALIZED (
    SELECT v.id, v.project_id, v.employer_id, v.price, v.premium, v.paid_on, v.start_on, v.end_on,
        w.id IS NOT NULL AS is_gone
    FROM relief_projectversion v
    LEFT JOIN relief_projectversion w ON w.withdraws_id = v.id AND w.id <= %(projects)s
    WHERE v.id <= %(projects)s AND v.withdraws_id IS NULL AND v.{_OF_RANGE}
),
version AS MATERIALIZED (
    SELECT latest.id, project_id, employer_id, paid_on, start_on, end_on, is_gone,
        premium AS paid, CASE WHEN due <= price THEN due ELSE premium END AS premium
    FROM (
        SELECT DISTINCT ON (project_id) * FROM on_file
        ORDER BY project_id, is_gone, id DESC
    ) latest
    CROSS JOIN LATERAL (
        SELECT f.price AS former_price FROM on_file f
        WHERE f.project_id = latest.project_id AND f.premium = latest.premium AND f.id <= latest.id
            AND (NOT f.is_gone OR f.id = latest.id)
            AND NOT EXISTS (
                SELECT FROM on_file other
                WHERE other.project_id = f.project_id AND NOT other.is_gone
                    AND other.id > f.id AND other.id < latest.id
                    AND other.premium <> latest.premium)
        ORDER BY f.id LIMIT 1
    ) first
    CROSS JOIN LATERAL (
        SELECT (div(200 * premium * price + former_price, 2 * former_price) / 100)::numeric(28, 2)
            AS due
    ) rate
    WHERE employer_id IN (SELECT id FROM unit)
)
"""

# Each month of the contract that any document speaks of, with its days and what is waived.
_RULED = """
ruled AS MATERIALIZED (
    SELECT v.project_id, j.month, j.employer_class, j.fraction, j.clause,
        least(v.end_on, (j.month + interval '1 month')::date - 1)
            - greatest(v.start_on, j.month) + 1 AS days
    FROM version v JOIN judged j ON j.employer_id = v.employer_id
        AND j.month BETWEEN date_trunc('month', v.start_on)::date AND v.end_on
    WHERE NOT v.is_gone
),
summed AS (
    SELECT project_id,
        count(*) FILTER (WHERE fraction > 0) AS months_relieved,
        coalesce(sum(days) FILTER (WHERE fraction > 0), 0) AS days_relieved,
        sum(fraction) AS months_weighted, sum(days * fraction) AS days_weighted,
        coalesce(avg(fraction) FILTER (WHERE fraction > 0), 0) AS mean,
        (array_agg(employer_class ORDER BY month))[1] AS employer_class,
        (array_agg(clause ORDER BY month))[1] AS first_clause,
        count(DISTINCT employer_class) AS classes,
        bool_or(employer_class = 'pending') AS is_pending
    FROM ruled GROUP BY project_id
),
waiving AS (
    SELECT project_id, string_agg(clause, '；' ORDER BY since) AS clauses FROM (
        SELECT project_id, clause, min(month) AS since FROM ruled
        WHERE fraction > 0 GROUP BY project_id, clause
    ) each GROUP BY project_id
)
"""

_COUNTED = f"""
counted AS MATERIALIZED (
    SELECT v.*, s.months_relieved, s.days_relieved, s.months_weighted, s.days_weighted, s.mean,
        s.classes, s.first_clause, w.clauses, o.clause AS other_clause,
        NOT v.is_gone AND v.start_on >= %(started_from)s AS eligible,
        coalesce(s.employer_class, o.employer_class, '{EmployerClass.PENDING}') AS employer_class,
        coalesce(s.is_pending, o.employer_class = '{EmployerClass.PENDING}', true) AS is_pending,
        CASE WHEN v.is_gone THEN 0 ELSE
            (extract(year FROM age(date_trunc('month', v.end_on), date_trunc('month', v.start_on)))
            * 12 + extract(month FROM
                age(date_trunc('month', v.end_on), date_trunc('month', v.start_on))))::integer + 1
        END AS months_total,
        CASE WHEN v.is_gone THEN 0 ELSE v.end_on - v.start_on + 1 END AS days_total
    FROM version v
    LEFT JOIN summed s ON s.project_id = v.project_id
    LEFT JOIN waiving w ON w.project_id = v.project_id
    LEFT JOIN judged o ON o.employer_id = v.employer_id AND o.month = %(otherwise)s
)
"""

_COLUMNS = """version_id, employer_id, premium, months_total, months_relieved, days_total,
    days_relieved, relief_fraction, relief_by_month, relief_by_day, relief, count_by,
    employer_class, clause, flags, is_gone"""

# Computed once and rounded once (E15), whatever the months' fractions are.
_RESULT = f"""
result AS MATERIALIZED (
    SELECT *, CASE WHEN %(by_month)s THEN relief_by_month ELSE relief_by_day END AS relief,
        %(count_by)s::text AS count_by
    FROM (
        SELECT project_id, id AS version_id, employer_id, is_gone, months_total, days_total,
            CASE WHEN is_gone THEN 0.00 ELSE premium END AS premium,
            CASE WHEN eligible THEN coalesce(months_relieved, 0) ELSE 0 END AS months_relieved,
            CASE WHEN eligible THEN coalesce(days_relieved, 0) ELSE 0 END AS days_relieved,
            CASE WHEN eligible THEN round(coalesce(mean, 0), 4) ELSE 0 END AS relief_fraction,
            CASE WHEN eligible THEN
                coalesce(round(premium * months_weighted / months_total, 2), 0.00)
                ELSE 0.00 END AS relief_by_month,
            CASE WHEN eligible THEN
                coalesce(round(premium * days_weighted / days_total, 2), 0.00)
                ELSE 0.00 END AS relief_by_day,
            employer_class,
            CASE WHEN is_gone THEN '' WHEN NOT eligible THEN %(too_early)s
                WHEN clauses IS NOT NULL THEN left(%(clause)s || '；' || clauses, {LONGEST_CLAUSE})
                WHEN first_clause IS NOT NULL THEN first_clause
                ELSE coalesce(%(outside)s::jsonb ->> employer_class, other_clause, '')
            END AS clause,
            CASE WHEN NOT eligible THEN 0 ELSE
                CASE WHEN paid_on < %(started_from)s THEN {Flag.PAID_BEFORE:d} ELSE 0 END
                | CASE WHEN classes > 1 THEN {Flag.CLASS_CHANGES:d} ELSE 0 END
                | CASE WHEN is_pending THEN {Flag.PENDING:d} ELSE 0 END
                | CASE WHEN premium <> paid THEN {Flag.PRICE_CHANGED:d} ELSE 0 END
            END AS flags
        FROM counted
    ) c
),
before AS (
    SELECT DISTINCT ON (project_id) * FROM relief_projectrelief
    WHERE project_id IN (SELECT project_id FROM version) AND as_of <= %(as_of)s
        AND run_id IN (SELECT id FROM relief_run WHERE state = 'DONE' AND id < %(run)s)
    ORDER BY project_id, as_of DESC, run_id DESC
),
found AS MATERIALIZED (
    SELECT r.*, b.id AS before_id, coalesce(b.relief, 0.00) AS before_relief,
        ({", ".join("r." + name.strip() for name in _COLUMNS.split(","))}) IS DISTINCT FROM
        ({", ".join("b." + name.strip() for name in _COLUMNS.split(","))})
            AND (b.id IS NOT NULL OR NOT r.is_gone) AS changed
    FROM result r LEFT JOIN before b ON b.project_id = r.project_id
)
"""

_WRITTEN = f"""
, written AS (
    INSERT INTO relief_projectrelief (project_id, as_of, run_id, {_COLUMNS})
    SELECT project_id, %(as_of)s, %(run)s, {_COLUMNS} FROM found WHERE changed
    ORDER BY project_id
)
"""

# What later runs have found is kept where this one, looking back, would change it by itself.
_PINNED = f"""
, later AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%(later)s::jsonb) AS l(as_of date, employer_ids jsonb)
),
pinned AS (
    INSERT INTO relief_projectrelief (project_id, as_of, run_id, {_COLUMNS})
    SELECT p.project_id, p.later, %(run)s,
        coalesce(b.version_id, p.version_id), coalesce(b.employer_id, p.employer_id),
        coalesce(b.premium, 0), coalesce(b.months_total, 0), coalesce(b.months_relieved, 0),
        coalesce(b.days_total, 0), coalesce(b.days_relieved, 0),
        coalesce(b.relief_fraction, 0), coalesce(b.relief_by_month, 0),
        coalesce(b.relief_by_day, 0), coalesce(b.relief, 0), coalesce(b.count_by, p.count_by),
        coalesce(b.employer_class, p.employer_class), coalesce(b.clause, ''),
        coalesce(b.flags, 0), coalesce(b.is_gone, true)
    FROM (
        SELECT f.*, (
            SELECT min(l.as_of) FROM later l
            WHERE l.employer_ids = '[]' OR l.employer_ids @> to_jsonb(f.employer_id)
        ) AS later
        FROM found f WHERE f.changed
    ) p
    LEFT JOIN before b ON b.project_id = p.project_id
    WHERE p.later IS NOT NULL AND NOT EXISTS (
        SELECT FROM relief_projectrelief a JOIN relief_run r ON r.id = a.run_id
        WHERE a.project_id = p.project_id AND a.as_of > %(as_of)s AND a.as_of <= p.later
            AND r.state = 'DONE' AND r.id < %(run)s)
)
"""

_HASHED = f"""hash_record_extended(ROW(project_id, {_COLUMNS}), 0)"""
_TOTALS = f"""
SELECT jsonb_build_object(
    'count', count(*) FILTER (WHERE NOT is_gone),
    'changed', count(*) FILTER (WHERE changed),
    'flagged', count(*) FILTER (WHERE flags > 0),
    'relief', coalesce(sum(relief), 0)::text,
    'before_relief', coalesce(sum(before_relief), 0)::text,
    'content', coalesce(bit_xor({_HASHED}) FILTER (WHERE changed), 0)::text)
FROM found
"""
_READ = f"WITH {STANDING}, {JUDGED}, {_VERSION}, {_RULED}, {_COUNTED}, {_RESULT}"
SIMULATE = f"{_READ} {_TOTALS}"
ASSESS = f"{_READ} {_WRITTEN} {_TOTALS}"
ASSESS_BACK = f"{_READ} {_WRITTEN} {_PINNED} {_TOTALS}"
#: How many rows of a run are other than what is found now.
REPLAY = f"""{_READ}
SELECT count(*) FROM (
    SELECT project_id, {_COLUMNS} FROM found WHERE changed
) f
FULL JOIN (
    SELECT project_id, {_COLUMNS} FROM relief_projectrelief
    WHERE run_id = %(run)s AND as_of = %(as_of)s
        AND employer_id BETWEEN %(first)s AND %(last)s
) w ON w.project_id = f.project_id
WHERE ({", ".join("f." + name.strip() for name in _COLUMNS.split(","))})
    IS DISTINCT FROM ({", ".join("w." + name.strip() for name in _COLUMNS.split(","))})
"""
#: What a fingerprint of a shard says of its projects.
FINGERPRINT = f"SELECT string_agg(id::text, ',' ORDER BY id) FROM relief_projectversion WHERE id <= %(projects)s AND {_OF_RANGE}"
_ANY = f"SELECT EXISTS (SELECT FROM relief_projectversion WHERE id <= %(projects)s AND {_OF_RANGE})"

Totals = dict[str, Any]
NONE: Totals = {
    "count": 0,
    "changed": 0,
    "flagged": 0,
    "relief": "0",
    "before_relief": "0",
    "content": "0",
}


def any_there(parameters: dict[str, Any]) -> bool:
    """Return whether a range of employers has, or had, a project at all."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY, parameters)
        return bool(cursor.fetchone()[0])


def work(statement: str, parameters: dict[str, Any]) -> Totals:
    """Run `SIMULATE`, `ASSESS` or `ASSESS_BACK` and return the totals of the range's projects."""
    if not any_there(parameters):
        return dict(NONE)
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: Totals = json.loads(cursor.fetchone()[0])
    return found


def departing(parameters: dict[str, Any]) -> int:
    """Return how many projects of a past run's range come to something else now."""
    if not any_there(parameters):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(REPLAY, parameters)
        return int(cursor.fetchone()[0])
