"""What the database itself refuses about money on its way back; the SQL of `models`' triggers.

These hold against defects in services, hand-written SQL and the shell alike.
docs/decisions/obligation-and-attempt.md says what each can prove and what it can't.
"""

import pgtrigger

from refunds.guards_projects import PAID, PAID_AT_MOST, PROJECTS_COVERED

#: One number for every lock that serialises changes of what is owed.
MONEY_LOCK = 7_202_002

# Σ of what is still owed and of what went back already never exceeds what arrived, per
# employer, month and insurance. What is used of an offset has gone back already; what a month
# took by an offset is no money that it could give back. The lock makes two transactions at once wait for each other;
# the query after it sees what the other committed.
_ITEMS_COVERED = (
    """
PERFORM pg_advisory_xact_lock({lock});
IF EXISTS (
    SELECT 1
    FROM (
        SELECT DISTINCT o.employer_id, o.insurance, i.month
        FROM {keys} i JOIN refunds_obligation o ON o.id = i.obligation_id
        WHERE o.project_id IS NULL
    ) k
    WHERE (
        SELECT coalesce(sum(i.amount - CASE o.state WHEN 'OFFSETTING' THEN (
            SELECT coalesce(sum(u.amount), 0) FROM refunds_offsetuse u WHERE u.item_id = i.id
        ) ELSE 0 END), 0)
        FROM refunds_obligationitem i JOIN refunds_obligation o ON o.id = i.obligation_id
        WHERE o.employer_id = k.employer_id AND o.insurance = k.insurance AND i.month = k.month
            AND o.project_id IS NULL AND o.state NOT IN ('PAID', 'OFFSET', 'SUPERSEDED')
    ) + (
        SELECT coalesce(sum(b.amount), 0) FROM relief_paidback b
        WHERE b.employer_id = k.employer_id AND b.insurance = k.insurance AND b.month = k.month
            AND NOT (b.kind = 'OFFSET' AND b.reference LIKE '%.in')
    ) > (
        SELECT coalesce(sum(p.employer_amount), 0) FROM relief_payment p
        WHERE p.employer_id = k.employer_id AND p.insurance = k.insurance AND p.month = k.month
    )
) THEN
    RAISE EXCEPTION 'refunds: more would go back than arrived' USING ERRCODE = 'check_violation';
END IF;
"""
    + PROJECTS_COVERED
)


def items_within_arrived() -> pgtrigger.Trigger:
    """Return the trigger that compares new items with what arrived and went back."""
    within_amount = """
    IF EXISTS (
        SELECT 1 FROM refunds_obligation o
        JOIN refunds_obligationitem i ON i.obligation_id = o.id
        WHERE o.id IN (SELECT obligation_id FROM new_items)
        GROUP BY o.id, o.amount HAVING sum(i.amount) > o.amount
    ) THEN
        RAISE EXCEPTION 'refunds: items exceed their obligation'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
    """
    return pgtrigger.Trigger(
        name="items_within_arrived",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_items"),
        func=_ITEMS_COVERED.format(lock=MONEY_LOCK, keys="new_items", paid=PAID) + within_amount,
    )


def reopened_within_arrived() -> pgtrigger.Trigger:
    """Return the trigger that asks the same when a paid refund comes back from the bank."""
    keys = "(SELECT * FROM refunds_obligationitem WHERE obligation_id = NEW.id)"
    return pgtrigger.Trigger(
        name="reopened_within_arrived",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("OLD.state = 'PAID' AND NEW.state <> 'PAID'"),
        func=_ITEMS_COVERED.format(lock=MONEY_LOCK, keys=keys, paid=PAID_AT_MOST) + "RETURN NULL;",
    )


def amount_is_sum_of_items() -> pgtrigger.Trigger:
    """Return the deferred trigger that makes an obligation equal its months, at commit."""
    return pgtrigger.Trigger(
        name="amount_is_sum_of_items",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func="""
        IF NEW.amount IS DISTINCT FROM (
            SELECT sum(i.amount) FROM refunds_obligationitem i WHERE i.obligation_id = NEW.id
        ) THEN
            RAISE EXCEPTION 'refunds: obligation % is not the sum of its items', NEW.id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )


def two_people() -> pgtrigger.Trigger:
    """Return the trigger by which nobody decides on what they handed in themselves, and
    nobody confirms the new account of a refund they released."""
    return pgtrigger.Trigger(
        name="two_people",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
        IF EXISTS (
            SELECT 1 FROM refunds_submission s JOIN registry_officer f ON f.user_id = s.by_user_id
            WHERE s.id = NEW.submission_id AND f.id = NEW.officer_id
        ) THEN
            RAISE EXCEPTION 'refunds: nobody approves what they handed in'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.level IN ('ACCOUNT', 'ACCOUNT2') AND EXISTS (
            SELECT 1 FROM refunds_approval a JOIN refunds_submission s ON s.id = a.submission_id
            JOIN refunds_submission mine ON mine.id = NEW.submission_id
            WHERE s.obligation_id = mine.obligation_id
                AND a.level = 'SECOND' AND a.officer_id = NEW.officer_id
        ) THEN
            RAISE EXCEPTION 'refunds: who released a refund does not confirm its new account'
                USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.level IN ('ACCOUNT', 'ACCOUNT2')) <> EXISTS (
            SELECT 1 FROM refunds_submission s
            WHERE s.id = NEW.submission_id AND s.kind = 'CORRECTION'
        ) THEN
            RAISE EXCEPTION 'refunds: wrong level for this submission'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.level = 'ACCOUNT2' AND NOT EXISTS (
            SELECT 1 FROM refunds_approval a
            WHERE a.submission_id = NEW.submission_id AND a.level = 'ACCOUNT' AND a.granted
        ) THEN
            RAISE EXCEPTION 'refunds: nobody has checked the new account'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.level = 'SECOND' AND NOT EXISTS (
            SELECT 1 FROM refunds_approval a
            WHERE a.submission_id = NEW.submission_id AND a.level = 'FIRST' AND a.granted
        ) THEN
            RAISE EXCEPTION 'refunds: the first approval is missing'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def attempt_is_approved() -> pgtrigger.Trigger:
    """Return the trigger at the door to the bank: no line without the agreement of every level
    that the tier in force asks for, each another person, to exactly what stands there today
    (the SQL functions of `guards_approval`); of the same amount, fund and account.

    All lines of a statement are looked at by one query: thousands join a batch at once."""
    return pgtrigger.Trigger(
        name="attempt_is_approved",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_lines"),
        declare=[("wrong", "text")],
        func="""
        SELECT found.wrong INTO wrong FROM (
            SELECT CASE
                WHEN n.submission_id IS DISTINCT FROM s.latest THEN 'not the latest account'
                WHEN (g.asked <@ g.levels) IS NOT TRUE THEN 'approvals are missing'
                -- Before there were cases, one officer confirmed a new account.
                WHEN s.latest <> s.chosen AND NOT (
                    SELECT CASE WHEN EXISTS (
                        SELECT 1 FROM refunds_accountchange c WHERE c.submission_id = s.latest
                    ) THEN r.levels @> '{ACCOUNT,ACCOUNT2}'::varchar[]
                    ELSE 'ACCOUNT' = ANY (r.levels) END
                    FROM refunds_granted_row(s.latest) r
                ) THEN 'the new account is not confirmed'
                WHEN NOT EXISTS (
                    SELECT 1 FROM refunds_submission m
                    JOIN refunds_obligation o ON o.id = m.obligation_id
                    JOIN refunds_batch b ON b.id = n.batch_id
                    WHERE m.id = s.latest AND o.amount = n.amount AND b.insurance = o.insurance
                        AND m.holder = n.holder AND m.bank = n.bank
                        AND m.bank_code = n.bank_code AND m.account = n.account
                ) THEN 'amount, fund or account differ from what was approved'
            END AS wrong
            FROM new_lines n
            CROSS JOIN LATERAL (
                SELECT max(id) FILTER (WHERE kind = 'CHOICE') AS chosen, max(id) AS latest
                FROM refunds_submission WHERE obligation_id = n.obligation_id
            ) s
            LEFT JOIN LATERAL refunds_granted_row(s.chosen) g ON true
        ) found WHERE found.wrong IS NOT NULL LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'refunds: %', wrong USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )
