"""What the database itself refuses about offsets: the SQL of `models.offsets`' triggers."""

import pgtrigger

from refunds.guards import MONEY_LOCK


def use_is_covered() -> pgtrigger.Trigger:
    """Return the trigger by which an item gives no more than it holds, only while its refund
    is being offset, to another month; and nothing is undone twice."""
    return pgtrigger.Trigger(
        name="use_is_covered",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("gives", "record"), ("former", "record"), ("used", "numeric")],
        func=f"""
        PERFORM pg_advisory_xact_lock({MONEY_LOCK});
        SELECT i.obligation_id, i.month, i.amount, o.state INTO gives
        FROM refunds_obligationitem i JOIN refunds_obligation o ON o.id = i.obligation_id
        WHERE i.id = NEW.item_id;
        IF gives.obligation_id IS DISTINCT FROM NEW.obligation_id
            OR gives.month = NEW.to_month THEN
            RAISE EXCEPTION 'refunds: an offset goes from an item to another month'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.undoes_id IS NOT NULL THEN
            SELECT u.item_id, u.to_month, u.undoes_id, u.amount + (
                SELECT coalesce(sum(b.amount), 0) FROM refunds_offsetuse b WHERE b.undoes_id = u.id
            ) AS stands INTO former
            FROM refunds_offsetuse u WHERE u.id = NEW.undoes_id;
            IF former.item_id <> NEW.item_id OR former.to_month <> NEW.to_month
                OR former.undoes_id IS NOT NULL OR former.stands + NEW.amount < 0 THEN
                RAISE EXCEPTION 'refunds: more would be undone than was offset'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END IF;
        SELECT coalesce(sum(u.amount), 0) INTO used
        FROM refunds_offsetuse u WHERE u.item_id = NEW.item_id;
        IF gives.state <> 'OFFSETTING' OR used + NEW.amount > gives.amount THEN
            RAISE EXCEPTION 'refunds: this refund has no such amount to offset'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def use_is_open() -> pgtrigger.Trigger:
    """Return the trigger by which a month takes no more than it still lacks on the day of the
    use. It looks before the use is posted: the posting follows in the same transaction."""
    return pgtrigger.Trigger(
        name="use_is_open",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_uses"),
        func="""
        IF EXISTS (
            SELECT 1
            FROM (
                SELECT o.employer_id, o.insurance, u.to_month, u."on", sum(u.amount) AS amount
                FROM new_uses u JOIN refunds_obligation o ON o.id = u.obligation_id
                WHERE u.amount > 0 GROUP BY 1, 2, 3, 4
            ) k
            WHERE k.amount > coalesce((
                SELECT a.net_due FROM relief_assessment a JOIN relief_run r ON r.id = a.run_id
                WHERE a.employer_id = k.employer_id AND a.insurance = k.insurance
                    AND a.month = k.to_month AND a.as_of <= k."on" AND r.state = 'DONE'
                ORDER BY a.as_of DESC, a.run_id DESC LIMIT 1
            ), 0) - (
                SELECT coalesce(sum(p.employer_amount), 0) FROM relief_payment p
                WHERE p.employer_id = k.employer_id AND p.insurance = k.insurance
                    AND p.month = k.to_month AND p.arrived_on <= k."on"
            ) + (
                SELECT coalesce(sum(b.amount), 0) FROM relief_paidback b
                WHERE b.employer_id = k.employer_id AND b.insurance = k.insurance
                    AND b.month = k.to_month AND b."on" <= k."on"
            )
        ) THEN
            RAISE EXCEPTION 'refunds: a month would take more than it lacks'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )


def use_is_posted() -> pgtrigger.Trigger:
    """Return the deferred trigger by which a use stands in both months' money at the commit."""
    return pgtrigger.Trigger(
        name="use_is_posted",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        declare=[("whole", "record")],
        func="""
        SELECT o.receipt || '.OFFSET.' || NEW.number AS reference, o.employer_id, o.insurance,
            i.month
        INTO whole FROM refunds_obligation o JOIN refunds_obligationitem i ON i.id = NEW.item_id
        WHERE o.id = NEW.obligation_id;
        IF (
            SELECT count(*) FROM relief_paidback b
            WHERE b.reference IN (whole.reference || '.out', whole.reference || '.in')
                AND b.kind = 'OFFSET' AND b.employer_id = whole.employer_id
                AND b.insurance = whole.insurance AND b."on" = NEW."on"
                AND (b.month, b.amount) IN (
                    (whole.month, NEW.amount), (NEW.to_month, -NEW.amount))
        ) <> 2 THEN
            RAISE EXCEPTION 'refunds: an offset is not in the money of both months'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )


def left_unused() -> pgtrigger.Trigger:
    """Return the trigger by which a refund of which a part is used leaves the offset only by
    ending it: it neither waits for a choice again nor counts as replaced."""
    return pgtrigger.Trigger(
        name="left_unused",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition(
            "OLD.state = 'OFFSETTING' AND NEW.state NOT IN ('OFFSETTING', 'OFFSET')"
        ),
        func="""
        IF (SELECT coalesce(sum(amount), 0) FROM refunds_offsetuse
            WHERE obligation_id = NEW.id) <> 0 THEN
            RAISE EXCEPTION 'refunds: a part of it is used already'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )
