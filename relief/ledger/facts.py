"""What the book should say by the facts of this app, and how it differs from what is posted.

Assessments by the day from which they hold: whatever order the runs came in, the sums of all
value dates up to a day are what is in force on that day. Payments by the day of arrival, what
was paid back by the bank's day.
"""

from relief.ledger.accounts import Account
from relief.ledger.slots import Source, chosen

# The version in force on a day is that of the greatest as-of date, and of those the latest run's:
# so each as-of date is a step, and the difference to the step before is what it brings.
_ASSESSED = """
SELECT s.employer_id, s.insurance, s.month, v.account, s.as_of AS value_on, v.amount,
    '核定' || s.run_id AS document
FROM (
    SELECT employer_id, insurance, month, as_of, run_id,
        gross_due - coalesce(lag(gross_due) OVER w, 0) AS gross,
        relief - coalesce(lag(relief) OVER w, 0) AS relief
    FROM (
        SELECT DISTINCT ON (a.employer_id, a.month, a.insurance, a.as_of)
            a.employer_id, a.month, a.insurance, a.as_of, a.run_id, a.gross_due, a.relief
        FROM relief_assessment a
        WHERE {chosen} AND a.run_id IN (SELECT id FROM relief_run WHERE state = 'DONE') {lines}
        ORDER BY a.employer_id, a.month, a.insurance, a.as_of, a.run_id DESC
    ) version
    WINDOW w AS (PARTITION BY employer_id, month, insurance ORDER BY as_of)
) s
CROSS JOIN LATERAL (VALUES ('charged', -s.gross), ('relieved', s.relief)) v(account, amount)
WHERE v.amount <> 0
"""

ASSESSED = Source(
    name="assessments",
    sql=_ASSESSED.format(chosen=chosen("a"), lines=""),
    accounts=(Account.CHARGED, Account.RELIEVED),
    reason="核定结果",
)
PAID = Source(
    name="payments",
    sql=f"""
        SELECT p.employer_id, p.insurance, p.month, 'paid' AS account, p.arrived_on AS value_on,
            p.employer_amount AS amount, p.voucher AS document
        FROM relief_payment p WHERE {chosen("p")}
    """,
    accounts=(Account.PAID,),
    reason="缴费到账",
)
PAID_BACK = Source(
    name="paid_back",
    sql=f"""
        SELECT b.employer_id, b.insurance, b.month,
            CASE b.kind WHEN 'OFFSET' THEN 'offset' ELSE 'arrived' END AS account,
            b."on" AS value_on, -b.amount AS amount, b.reference AS document
        FROM relief_paidback b WHERE {chosen("b")}
    """,
    accounts=(Account.ARRIVED, Account.OFFSET),
    reason="退费及冲抵",
)
# A project's months are its own affair: its money stands in the month in which it was first to
# start. Each as-of date takes back what held before it, also from a former contractor.
_PROJECTS_FOUND = """
SELECT s.employer_id, 'injury' AS insurance, s.month, s.account, s.value_on, s.amount,
    s.document, s.project_id
FROM (
    SELECT side.employer_id, f.month, v.account, r.as_of AS value_on,
        side.sign * v.amount AS amount, '核定' || r.run_id AS document, r.project_id
    FROM (
        SELECT *, lag(employer_id) OVER w AS former_id, lag(premium) OVER w AS former_premium,
            lag(relief) OVER w AS former_relief
        FROM (
            SELECT DISTINCT ON (project_id, as_of)
                project_id, as_of, run_id, employer_id, premium, relief
            FROM relief_projectrelief
            WHERE run_id IN (SELECT id FROM relief_run WHERE state = 'DONE')
                AND project_id IN (SELECT project_id FROM relief_projectrelief p WHERE {chosen})
            ORDER BY project_id, as_of, run_id DESC
        ) version WINDOW w AS (PARTITION BY project_id ORDER BY as_of)
    ) r
    CROSS JOIN LATERAL (VALUES (r.employer_id, r.premium, r.relief, 1),
        (r.former_id, r.former_premium, r.former_relief, -1))
        AS side(employer_id, premium, relief, sign)
    CROSS JOIN LATERAL (VALUES ('charged', -side.premium), ('relieved', side.relief))
        AS v(account, amount)
    JOIN ({months}) f ON f.project_id = r.project_id
    WHERE side.employer_id IS NOT NULL
) s WHERE {outer} AND s.amount <> 0
"""
_FIRST_MONTHS = """
    SELECT DISTINCT ON (project_id) project_id, date_trunc('month', start_on)::date AS month
    FROM relief_projectversion ORDER BY project_id, id
"""
PROJECTS_ASSESSED = Source(
    name="project_reliefs",
    sql=_PROJECTS_FOUND.format(chosen=chosen("p"), outer=chosen("s"), months=_FIRST_MONTHS),
    accounts=(Account.CHARGED, Account.RELIEVED),
    reason="建设项目核定结果",
    of_projects=True,
)
# What is on file as paid: the latest version that stands.
PROJECTS_PAID = Source(
    name="project_payments",
    sql=f"""
        SELECT v.employer_id, 'injury' AS insurance, f.month, 'paid' AS account,
            v.paid_on AS value_on, v.premium AS amount, '项目' || p.code AS document, v.project_id
        FROM (
            SELECT DISTINCT ON (v.project_id) v.* FROM relief_projectversion v
            WHERE v.withdraws_id IS NULL AND NOT EXISTS (
                SELECT FROM relief_projectversion w WHERE w.withdraws_id = v.id)
            ORDER BY v.project_id, v.id DESC
        ) v
        JOIN relief_project p ON p.id = v.project_id
        JOIN ({_FIRST_MONTHS}) f ON f.project_id = v.project_id
        WHERE {chosen("v")}
    """,
    accounts=(Account.PAID,),
    reason="建设项目缴费到账",
    of_projects=True,
)
PROJECTS_PAID_BACK = Source(
    name="project_paid_back",
    sql=f"""
        SELECT b.employer_id, 'injury' AS insurance, f.month, 'arrived' AS account,
            b."on" AS value_on, -b.amount AS amount, b.reference AS document, b.project_id
        FROM relief_projectpaidback b
        JOIN ({_FIRST_MONTHS}) f ON f.project_id = b.project_id
        WHERE {chosen("b")}
    """,
    accounts=(Account.ARRIVED,),
    reason="建设项目退费",
    of_projects=True,
)
SOURCES = (
    ASSESSED,
    PAID,
    PAID_BACK,
    PROJECTS_ASSESSED,
    PROJECTS_PAID,
    PROJECTS_PAID_BACK,
)

#: Only lines that one run has found anything new for: parameter `run`.
_OF_RUN = f"""AND EXISTS (
    SELECT FROM relief_assessment mine WHERE mine.run_id = %(run)s AND {chosen("mine")}
        AND mine.employer_id = {{alias}}.employer_id AND mine.month = {{alias}}.month
        AND mine.insurance = {{alias}}.insurance)"""


def difference(source: Source, *, of_run: bool = False) -> str:
    """Return the CTEs of which the last, `difference`, is what is still to be posted.

    `employer_id, insurance, month, account, value_on, amount, document, project_id`, without the
    counter side; one document for all of an employer, fund and day. Parameters: `first`, `last`,
    `employer_ids`, `accounts`, `day` (today), `document` (where the facts name none), and `run`
    if only the lines of a run's assessments are compared.
    """
    sql, lines = source.sql, ""
    if of_run:
        sql = _ASSESSED.format(chosen=chosen("a"), lines=_OF_RUN.format(alias="a"))
        lines = _OF_RUN.format(alias="l")
    posted_on = "l.value_on" if source.dated else "%(day)s::date"
    should_on = "s.value_on" if source.dated else "%(day)s::date"
    project = "s.project_id" if source.of_projects else "NULL::bigint AS project_id"
    legs = "IS NOT NULL" if source.of_projects else "IS NULL"
    return f"""
    difference AS MATERIALIZED (
        SELECT employer_id, insurance, month, account, value_on, sum(amount) AS amount,
            coalesce(min(min(document)) OVER (PARTITION BY employer_id, insurance, value_on),
                %(document)s) AS document, project_id
        FROM (
            SELECT s.employer_id, s.insurance, s.month, s.account, {should_on} AS value_on,
                s.amount, s.document, {project}
            FROM ({sql}) s
            UNION ALL
            SELECT l.employer_id, l.insurance, l.month, l.account, {posted_on}, -l.amount, NULL,
                l.project_id
            FROM relief_ledgerleg l
            WHERE {chosen("l")} AND l.account = ANY(%(accounts)s) AND l.project_id {legs} {lines}
        ) compared
        GROUP BY employer_id, insurance, month, account, value_on, project_id
        HAVING sum(amount) <> 0
    )
    """


#: What was imported just now: its rows are nobody else's business until the commit.
IMPORTED = """
    difference AS MATERIALIZED (
        SELECT p.employer_id, p.insurance, p.month, 'paid' AS account, p.arrived_on AS value_on,
            p.employer_amount AS amount, p.voucher AS document, NULL::bigint AS project_id
        FROM relief_payment p WHERE p.source_id = %(source)s AND p.employer_amount <> 0
    )
"""
