"""The three accounts of a day side by side, and what kind of difference there is.

One statement for a day, however many lines. Amounts in yuan, paid out above zero, come back
below. Parameters: `account`, `day`, `statement` (its id or NULL), `fund`.
"""

# What the answers say of each line of the account, by the bank's day.
_ANSWERED = """
answered AS MATERIALIZED (
    SELECT t.line_no AS key, l.settled::date AS day,
        CASE l.finding WHEN 'paid' THEN t.amount ELSE -t.amount END AS amount
    FROM refunds_bankanswerline l
    JOIN refunds_attempt t ON t.id = l.attempt_id
    JOIN refunds_batch b ON b.id = t.batch_id
    WHERE b.payer_account = %(account)s AND l.finding IN ('paid', 'returned')
)
"""

# Statements in force: of a day's versions the last.
_STATED = """
in_force AS MATERIALIZED (
    SELECT DISTINCT ON (day) id, day FROM refunds_bankstatement
    WHERE account = %(account)s ORDER BY day, version DESC
),
stated AS MATERIALIZED (
    SELECT f.day, -s.amount AS amount, s.kind,
        CASE WHEN EXISTS (
            SELECT FROM refunds_attempt t JOIN refunds_batch b ON b.id = t.batch_id
            WHERE t.line_no = s.line_no AND b.payer_account = %(account)s
        ) THEN s.line_no ELSE '对账单第' || s.row || '行' END AS key
    FROM in_force f JOIN refunds_statementline s ON s.statement_id = f.id
)
"""

# The ledger knows funds, not accounts: its document is our line, and the line's batch has one.
_ARRIVED = """relief_ledgerleg l JOIN relief_ledgerentry e ON e.id = l.entry_id
    LEFT JOIN refunds_attempt t ON t.line_no = e.document
    LEFT JOIN refunds_batch b ON b.id = t.batch_id
    WHERE l.account = 'arrived' AND l.insurance = %(fund)s
        AND coalesce(b.payer_account, %(account)s) = %(account)s"""

_BOOKED = f"""
booked AS MATERIALIZED (
    SELECT e.document AS key, -sum(l.amount) AS amount
    FROM {_ARRIVED} AND l.value_on = %(day)s
    GROUP BY e.document
    HAVING sum(l.amount) <> 0
)
"""

_SIDE_BY_SIDE = """
side_by_side AS MATERIALIZED (
    SELECT key,
        coalesce(sum(ledger), 0) AS ledger,
        coalesce(sum(answers), 0) AS answers,
        coalesce(sum(statement), 0) AS statement,
        coalesce(sum(payments), 0) AS payments,
        bool_or(on_statement) AS on_statement
    FROM (
        SELECT key, amount AS ledger, NULL::numeric AS answers, NULL::numeric AS statement,
            0 AS payments, false AS on_statement
        FROM booked
        UNION ALL
        SELECT key, NULL, amount, NULL, 0, false FROM answered WHERE day = %(day)s
        UNION ALL
        SELECT key, NULL, NULL, amount, (kind = 'PAYMENT')::int, true
        FROM stated WHERE day = %(day)s
    ) three
    GROUP BY key
),
over_all_days AS MATERIALIZED (
    SELECT key, sum(answers) AS answers, sum(statement) AS statement, bool_or(said) AS said
    FROM (
        SELECT key, amount AS answers, 0 AS statement, true AS said FROM answered
        UNION ALL
        SELECT key, 0, amount, false FROM stated
    ) every
    WHERE key IN (SELECT key FROM side_by_side)
    GROUP BY key
),
judged AS MATERIALIZED (
    SELECT s.*, CASE
        WHEN s.ledger <> s.answers THEN 'LEDGER'
        WHEN s.statement = s.answers THEN ''
        WHEN s.key LIKE '对账单第%%' THEN 'NOT_OURS'
        WHEN o.answers = o.statement AND o.said THEN 'OTHER_DAY'
        WHEN o.answers = o.statement THEN 'THERE_AND_BACK'
        WHEN s.payments > 1 THEN 'TWICE'
        WHEN NOT s.on_statement THEN 'NOT_ON_STATEMENT'
        WHEN s.answers = 0 THEN 'NOT_ANSWERED'
        ELSE 'AMOUNT'
    END AS kind
    FROM side_by_side s LEFT JOIN over_all_days o USING (key)
)
"""

_ALL = f"WITH {_ANSWERED}, {_STATED}, {_BOOKED}, {_SIDE_BY_SIDE}"

#: Every line on which the three differ: kind, key, ledger, answers, statement.
DIFFERENCES = f"""
{_ALL}
SELECT kind, key, ledger, answers, statement FROM judged WHERE kind <> '' ORDER BY key
"""

#: How many lines there are, how many agree, and the three sums.
TOTALS = f"""
{_ALL}
SELECT count(*), count(*) FILTER (WHERE kind = ''), coalesce(sum(ledger), 0),
    coalesce(sum(answers), 0), coalesce(sum(statement), 0)
FROM judged
"""

#: Days of an account on which any of the three moved, or a statement came.
DAYS = f"""
WITH {_ANSWERED}
SELECT day FROM answered
UNION SELECT day FROM refunds_bankstatement WHERE account = %(account)s
UNION SELECT l.value_on FROM {_ARRIVED}
    AND l.value_on IS NOT NULL
"""
