"""What the database itself refuses about reconciliation; the SQL of `models.reconciling`."""

import pgtrigger

from registry.guards import of_the_city


def difference_is_fixed() -> pgtrigger.Trigger:
    """Return the trigger by which only a difference's state and owner ever change."""
    return pgtrigger.ReadOnly(name="fixed", exclude=["state", "owner", "ended_at"])


def correction_is_fixed() -> pgtrigger.Trigger:
    """Return the trigger by which what was proposed stays, and what was decided too."""
    return pgtrigger.Trigger(
        name="fixed",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="""
        IF OLD.state <> 'PROPOSED' OR (
            OLD.difference_id, OLD.action, OLD.reason, OLD.document, OLD.prepared_by_id,
            OLD.prepared_at
        ) IS DISTINCT FROM (
            NEW.difference_id, NEW.action, NEW.reason, NEW.document, NEW.prepared_by_id,
            NEW.prepared_at
        ) THEN
            RAISE EXCEPTION 'refunds: a correction stays as it was proposed and decided'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def day_closed_by_its_posts() -> pgtrigger.Trigger:
    """Return the trigger by which fund finance or audit of the city closes a day."""
    return pgtrigger.Trigger(
        name="posts",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
        IF NOT {of_the_city("NEW.closed_by_id", "FUND_FINANCE", "AUDIT")} THEN
            RAISE EXCEPTION 'refunds: this officer does not close days'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def day_closes_at_nothing() -> pgtrigger.Trigger:
    """Return the trigger by which no day closes over an open difference, nor by the hand that
    drafted what was paid on it."""
    return pgtrigger.Trigger(
        name="closes_at_nothing",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
        IF EXISTS (
            SELECT 1 FROM refunds_difference d
            WHERE d.account = NEW.account AND d.day = NEW.day AND d.state IN ('OPEN', 'PROPOSED')
        ) THEN
            RAISE EXCEPTION 'refunds: differences of the day are still open'
                USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            SELECT 1 FROM refunds_attempt a JOIN refunds_batch b ON b.id = a.batch_id
            WHERE b.payer_account = NEW.account AND a.settled_on = NEW.day
                AND b.drafted_by_id = NEW.closed_by_id
        ) THEN
            RAISE EXCEPTION 'refunds: who drafted a payment does not close its day'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )
