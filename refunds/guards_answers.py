"""What the database itself refuses about the bank's word; the SQL of `models.answered`."""

import pgtrigger


def word_is_fixed() -> pgtrigger.Trigger:
    """Return the trigger by which what was entered stays, and what was decided too."""
    return pgtrigger.Trigger(
        name="fixed",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="""
        IF OLD.state <> 'PROPOSED' OR (
            OLD.attempt_id, OLD.outcome, OLD.settled_on, OLD.reason, OLD.document,
            OLD.prepared_by_id, OLD.prepared_at
        ) IS DISTINCT FROM (
            NEW.attempt_id, NEW.outcome, NEW.settled_on, NEW.reason, NEW.document,
            NEW.prepared_by_id, NEW.prepared_at
        ) THEN
            RAISE EXCEPTION 'refunds: the bank''s word stays as it was entered and decided'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )
