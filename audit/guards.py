"""What the database itself refuses about samples; the SQL of `models`' triggers."""

import pgtrigger


def drawn_once_from_both() -> pgtrigger.Trigger:
    """Return the trigger by which a sample is drawn once, from both revealed phrases."""
    return pgtrigger.Trigger(
        name="drawn_once_from_both",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func="""
        IF OLD.seed <> '' AND (NEW.seed, NEW.drawn_at) IS DISTINCT FROM (OLD.seed, OLD.drawn_at)
        THEN
            RAISE EXCEPTION 'audit: % is drawn', OLD.number USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.seed <> '' AND NEW.seed IS DISTINCT FROM (
            SELECT encode(sha256(convert_to(
                NEW.frame_digest || E'\\n' || string_agg(c.phrase, E'\\n' ORDER BY c.place),
                'UTF8')), 'hex')
            FROM audit_commitment c WHERE c.draw_id = NEW.id AND c.phrase <> ''
            HAVING count(*) = 2
        ) THEN
            RAISE EXCEPTION 'audit: this is not the seed of %', NEW.number
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def frame_before_drawing() -> pgtrigger.Trigger:
    """Return the trigger by which a frame is complete before anybody commits."""
    return pgtrigger.Trigger(
        name="frame_before_drawing",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
        IF EXISTS (SELECT FROM audit_commitment c WHERE c.draw_id = NEW.draw_id) THEN
            RAISE EXCEPTION 'audit: the frame is fixed' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def revealed_as_committed() -> pgtrigger.Trigger:
    """Return the trigger by which a phrase is revealed once, is what was committed to, and only
    after both have committed."""
    return pgtrigger.Trigger(
        name="revealed_as_committed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func="""
        IF TG_OP = 'INSERT' THEN
            IF NEW.phrase <> '' THEN
                RAISE EXCEPTION 'audit: commit first' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END IF;
        IF OLD.phrase <> '' AND (NEW.phrase, NEW.revealed_at)
            IS DISTINCT FROM (OLD.phrase, OLD.revealed_at)
        THEN
            RAISE EXCEPTION 'audit: revealed once' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.phrase <> '' AND (
            encode(sha256(convert_to(NEW.phrase, 'UTF8')), 'hex') <> NEW.digest
            OR (SELECT count(*) FROM audit_commitment c WHERE c.draw_id = NEW.draw_id) < 2
        ) THEN
            RAISE EXCEPTION 'audit: not what was committed to, or not both have committed'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )
