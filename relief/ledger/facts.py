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
SOURCES = (ASSESSED, PAID, PAID_BACK)

#: Only lines that one run has found anything new for: parameter `run`.
_OF_RUN = f"""AND EXISTS (
    SELECT FROM relief_assessment mine WHERE mine.run_id = %(run)s AND {chosen("mine")}
        AND mine.employer_id = {{alias}}.employer_id AND mine.month = {{alias}}.month
        AND mine.insurance = {{alias}}.insurance)"""


def difference(source: Source, *, of_run: bool = False) -> str:
    """Return the CTEs of which the last, `difference`, is what is still to be posted.

    `employer_id, insurance, month, account, value_on, amount, document`, without the counter
    side; one document for all of an employer, fund and day. Parameters: `first`, `last`,
    `employer_ids`, `accounts`, `day` (today), `document` (where the facts name none), and `run`
    if only the lines of a run's assessments are compared.
    """
    sql, lines = source.sql, ""
    if of_run:
        sql = _ASSESSED.format(chosen=chosen("a"), lines=_OF_RUN.format(alias="a"))
        lines = _OF_RUN.format(alias="l")
    posted_on = "l.value_on" if source.dated else "%(day)s::date"
    should_on = "s.value_on" if source.dated else "%(day)s::date"
    return f"""
    difference AS MATERIALIZED (
        SELECT employer_id, insurance, month, account, value_on, sum(amount) AS amount,
            coalesce(min(min(document)) OVER (PARTITION BY employer_id, insurance, value_on),
                %(document)s) AS document
        FROM (
            SELECT s.employer_id, s.insurance, s.month, s.account, {should_on} AS value_on,
                s.amount, s.document
            FROM ({sql}) s
            UNION ALL
            SELECT l.employer_id, l.insurance, l.month, l.account, {posted_on}, -l.amount, NULL
            FROM relief_ledgerleg l
            WHERE {chosen("l")} AND l.account = ANY(%(accounts)s) {lines}
        ) compared
        GROUP BY employer_id, insurance, month, account, value_on
        HAVING sum(amount) <> 0
    )
    """


#: What was imported just now: its rows are nobody else's business until the commit.
IMPORTED = """
    difference AS MATERIALIZED (
        SELECT p.employer_id, p.insurance, p.month, 'paid' AS account, p.arrived_on AS value_on,
            p.employer_amount AS amount, p.voucher AS document
        FROM relief_payment p WHERE p.source_id = %(source)s AND p.employer_amount <> 0
    )
"""
