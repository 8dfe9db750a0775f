"""What the database itself refuses about the third look before release."""

import pgtrigger

from registry.guards import of_the_city

# Raises unless the officer is an active auditor of the city level without part in the refund
# that `found` names.
_AUDITOR = f"""
IF NOT {of_the_city("NEW.officer_id", "AUDIT")} THEN
    RAISE EXCEPTION 'refunds: only audit of the city level' USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT 1 FROM refunds_submission s
    LEFT JOIN refunds_approval a ON a.submission_id = s.id
    LEFT JOIN registry_officer f ON f.user_id = s.by_user_id
    WHERE s.obligation_id = found.obligation_id
        AND (a.officer_id = NEW.officer_id OR f.id = NEW.officer_id)
) OR NEW.officer_id = found.drafted_by THEN
    RAISE EXCEPTION 'refunds: nobody audits what they had part in'
        USING ERRCODE = 'check_violation';
END IF;
"""


def committed_then_bound_then_revealed() -> pgtrigger.Trigger:
    """Return the trigger that keeps a seed's order: the digest first, then the batch while it
    has no line, then once the secret that belongs to the digest."""
    return pgtrigger.Trigger(
        name="committed_then_bound_then_revealed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
        IF TG_OP = 'INSERT' THEN
            IF NEW.batch_id IS NOT NULL OR NEW.secret <> '' OR NEW.revealed_at IS NOT NULL THEN
                RAISE EXCEPTION 'refunds: a seed is committed first'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END IF;
        IF NEW.batch_id IS DISTINCT FROM OLD.batch_id AND (
            OLD.batch_id IS NOT NULL OR EXISTS (
                SELECT 1 FROM refunds_attempt t WHERE t.batch_id = NEW.batch_id
            )
        ) THEN
            RAISE EXCEPTION 'refunds: the list is known already' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.secret <> OLD.secret AND (
            OLD.secret <> '' OR OLD.batch_id IS NULL
            OR NEW.commitment <> encode(sha256(convert_to(NEW.secret, 'UTF8')), 'hex')
        ) THEN
            RAISE EXCEPTION 'refunds: not the secret that was committed'
                USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.secret = '') <> (NEW.revealed_at IS NULL)
            OR OLD.revealed_at IS NOT NULL AND NEW.revealed_at <> OLD.revealed_at THEN
            RAISE EXCEPTION 'refunds: revealed once' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def seed_bound() -> pgtrigger.Trigger:
    """Return the trigger by which every new draft takes the seed committed last, before it
    has a line."""
    return pgtrigger.Trigger(
        name="seed_bound",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.state = 'DRAFT'"),
        declare=[("seed", "bigint")],
        func="""
        SELECT s.id INTO seed FROM refunds_sampleseed s WHERE s.batch_id IS NULL
        ORDER BY s.id DESC LIMIT 1 FOR UPDATE;
        IF seed IS NULL THEN
            RAISE EXCEPTION 'refunds: no seed is committed' USING ERRCODE = 'check_violation';
        END IF;
        UPDATE refunds_sampleseed SET batch_id = NEW.id WHERE id = seed;
        RETURN NULL;
        """,
    )


def drawn_from_a_revealed_seed() -> pgtrigger.Trigger:
    """Return the trigger that accepts a draw only of the batch's own seed, revealed, and over
    all of its lines."""
    return pgtrigger.Trigger(
        name="drawn_from_a_revealed_seed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
        IF NOT EXISTS (
            SELECT 1 FROM refunds_sampleseed s WHERE s.batch_id = NEW.batch_id AND s.secret <> ''
        ) OR NEW.considered <> (
            SELECT count(*) FROM refunds_attempt t WHERE t.batch_id = NEW.batch_id
        ) THEN
            RAISE EXCEPTION 'refunds: not a draw over the whole batch'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def no_line_after_the_draw() -> pgtrigger.Trigger:
    """Return the trigger that closes a batch's list once its secret is known."""
    return pgtrigger.Trigger(
        name="no_line_after_the_draw",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_lines"),
        func="""
        IF EXISTS (
            SELECT 1 FROM (SELECT DISTINCT batch_id FROM new_lines) n
            JOIN refunds_sampleseed s ON s.batch_id = n.batch_id
            WHERE s.secret <> ''
        ) THEN
            RAISE EXCEPTION 'refunds: the sample of this batch is drawn'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )


def sample_cleared() -> pgtrigger.Trigger:
    """Return the trigger that keeps a batch from going on while a drawn line is not cleared."""
    return pgtrigger.Trigger(
        name="sample_cleared",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition(
            "NEW.state IN ('CHECKED', 'APPROVED', 'SEALED') AND OLD.state <> NEW.state"
        ),
        func="""
        IF NOT EXISTS (SELECT 1 FROM refunds_sampledraw d WHERE d.batch_id = NEW.id) OR EXISTS (
            SELECT 1 FROM refunds_sampledraw d
            JOIN refunds_sampleline l ON l.draw_id = d.id
            JOIN refunds_attempt t ON t.id = l.attempt_id
            LEFT JOIN refunds_samplecheck c ON c.line_id = l.id
            WHERE d.batch_id = NEW.id AND t.state <> 'RECALLED'
                AND c.verdict IS DISTINCT FROM 'CLEAR'
        ) THEN
            RAISE EXCEPTION 'refunds: audit has not cleared every drawn line'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def checked_by_audit() -> pgtrigger.Trigger:
    """Return the trigger that takes audit's word only from an auditor without part in it, and
    only while the batch is a draft."""
    return pgtrigger.Trigger(
        name="checked_by_audit",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("found", "record")],
        func="""
        SELECT t.obligation_id, t.state, b.state AS batch, b.drafted_by_id AS drafted_by INTO found
        FROM refunds_sampleline l
        JOIN refunds_attempt t ON t.id = l.attempt_id
        JOIN refunds_batch b ON b.id = t.batch_id
        WHERE l.id = NEW.line_id;
        IF found.batch <> 'DRAFT' OR found.state <> 'QUEUED' THEN
            RAISE EXCEPTION 'refunds: this batch has gone on' USING ERRCODE = 'check_violation';
        END IF;
        """
        + _AUDITOR
        + "RETURN NEW;",
    )


def ended_by_audit() -> pgtrigger.Trigger:
    """Return the trigger by which only another auditor releases what one has held."""
    return pgtrigger.Trigger(
        name="ended_by_audit",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("found", "record")],
        func="""
        SELECT t.obligation_id, o.state, c.verdict, c.officer_id AS holder,
            b.drafted_by_id AS drafted_by INTO found
        FROM refunds_samplecheck c
        JOIN refunds_sampleline l ON l.id = c.line_id
        JOIN refunds_attempt t ON t.id = l.attempt_id
        JOIN refunds_batch b ON b.id = t.batch_id
        JOIN refunds_obligation o ON o.id = t.obligation_id
        WHERE c.id = NEW.check_made_id;
        IF found.verdict <> 'HOLD' OR found.state <> 'HELD' THEN
            RAISE EXCEPTION 'refunds: this refund is not held' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.released AND found.holder = NEW.officer_id THEN
            RAISE EXCEPTION 'refunds: another auditor releases' USING ERRCODE = 'check_violation';
        END IF;
        """
        + _AUDITOR
        + "RETURN NEW;",
    )


def moved_by_audit() -> pgtrigger.Trigger:
    """Return the trigger by which a refund is held, released and sent back only as audit said."""
    return pgtrigger.Trigger(
        name="moved_by_audit",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition(
            "OLD.state <> NEW.state AND (NEW.state = 'HELD'"
            " OR OLD.state = 'HELD' AND NEW.state <> 'SUPERSEDED')"
        ),
        declare=[("held", "bigint"), ("freed", "boolean")],
        func="""
        SELECT c.id, e.released INTO held, freed FROM refunds_attempt t
        JOIN refunds_sampleline l ON l.attempt_id = t.id
        JOIN refunds_samplecheck c ON c.line_id = l.id AND c.verdict = 'HOLD'
        LEFT JOIN refunds_holdend e ON e.check_made_id = c.id
        WHERE t.obligation_id = NEW.id ORDER BY c.id DESC LIMIT 1;
        IF held IS NULL
            OR NEW.state = 'HELD' AND freed IS NOT NULL
            OR NEW.state = 'APPROVED' AND freed IS DISTINCT FROM true
            OR NEW.state = 'RETURNED' AND freed IS DISTINCT FROM false
        THEN
            RAISE EXCEPTION 'refunds: audit has said nothing of the kind'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def recalled_when_held() -> pgtrigger.Trigger:
    """Return the deferred trigger by which a held refund has no line in any batch."""
    return pgtrigger.Trigger(
        name="recalled_when_held",
        when=pgtrigger.After,
        operation=pgtrigger.UpdateOf("state"),
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Condition("NEW.state = 'HELD' AND OLD.state <> 'HELD'"),
        func="""
        IF EXISTS (
            SELECT 1 FROM refunds_attempt t JOIN refunds_obligation o ON o.id = t.obligation_id
            WHERE o.id = NEW.id AND o.state = 'HELD'
                AND t.state IN ('QUEUED', 'SENT', 'UNKNOWN', 'PAID')
        ) THEN
            RAISE EXCEPTION 'refunds: a held refund is still in a batch'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )
