"""What the database itself refuses about the bank's word, and about what has no word of it."""

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


def ends_by_the_banks_word() -> pgtrigger.Trigger:
    """Return the trigger by which a line is paid or sent back only where an answer that says so is
    kept: only the bank's word lets another line go out."""
    return pgtrigger.Trigger(
        name="ends_by_the_banks_word",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_lines", new="new_lines"),
        func="""
        IF EXISTS (
            SELECT FROM new_lines n JOIN old_lines o ON o.id = n.id
            WHERE n.state IN ('PAID', 'BOUNCED') AND n.state <> o.state AND NOT EXISTS (
                SELECT FROM refunds_bankanswerline l
                WHERE l.attempt_id = n.id AND l.finding = ANY (
                    CASE n.state WHEN 'PAID' THEN '{paid}' ELSE '{bounced,returned}' END::varchar[]
                )
            )
        ) THEN
            RAISE EXCEPTION 'refunds: the bank has not said so' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )


def stands_as_its_line() -> pgtrigger.Trigger:
    """Return the trigger by which a refund is in a batch, at the bank, paid or sent back only where
    a line of it is. A file may say of one line that it was paid and came back: then the answer
    that said so stands for having been paid."""
    return pgtrigger.Trigger(
        name="stands_as_its_line",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        referencing=pgtrigger.Referencing(old="old_refunds", new="new_refunds"),
        func="""
        IF EXISTS (
            SELECT FROM new_refunds n JOIN old_refunds o ON o.id = n.id
            WHERE n.state IN ('IN_BATCH', 'AT_BANK', 'PAID', 'BOUNCED') AND n.state <> o.state
                AND NOT EXISTS (
                    SELECT FROM refunds_attempt t WHERE t.obligation_id = n.id AND CASE n.state
                        WHEN 'IN_BATCH' THEN t.state = 'QUEUED'
                        WHEN 'AT_BANK' THEN t.state IN ('QUEUED', 'SENT', 'UNKNOWN')
                        WHEN 'BOUNCED' THEN t.state = 'BOUNCED'
                        ELSE t.state = 'PAID' OR EXISTS (
                            SELECT FROM refunds_bankanswerline l
                            WHERE l.attempt_id = t.id AND l.finding = 'paid'
                        )
                    END
                )
        ) THEN
            RAISE EXCEPTION 'refunds: no line of the refund is there'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )
