"""What the database itself refuses about batches; the SQL of `models.bank`."""

import pgtrigger

from registry.guards import of_the_city

_REFUSE = "USING ERRCODE = 'check_violation'"


def once_written() -> pgtrigger.Trigger:
    """Return the trigger by which what somebody has signed, sealed or sent stays as it is, and
    lines, count and total change only while a batch is a draft."""
    signed = (
        "checked_by_id",
        "checked_at",
        "checked_sha256",
        "approved_by_id",
        "approved_at",
        "approved_sha256",
        "content",
        "content_sha256",
        "sealed_at",
        "sent_at",
        "answered_at",
        "closed_at",
        "dissolved_by_id",
        "dissolved_at",
    )
    changed = " OR ".join(
        f"(OLD.{name} IS NOT NULL AND NEW.{name} IS DISTINCT FROM OLD.{name})" for name in signed
    )
    return pgtrigger.Trigger(
        name="once_written",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        func=f"""
        IF {changed} THEN
            RAISE EXCEPTION 'refunds: what is signed or sealed stays' {_REFUSE};
        END IF;
        IF OLD.state <> 'DRAFT' AND (NEW.count, NEW.total, NEW.lines_sha256)
            IS DISTINCT FROM (OLD.count, OLD.total, OLD.lines_sha256) THEN
            RAISE EXCEPTION 'refunds: the lines of a batch are fixed' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def comes_to_its_lines() -> pgtrigger.Trigger:
    """Return the trigger by which a batch goes on only if its live lines come to its count and
    total."""
    return pgtrigger.Trigger(
        name="comes_to_its_lines",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("NEW.state IN ('CHECKED', 'APPROVED', 'SEALED', 'SENT')"),
        declare=[("found", "record")],
        func=f"""
        SELECT count(*) AS n, coalesce(sum(amount), 0) AS total INTO found
        FROM refunds_attempt WHERE batch_id = NEW.id AND state <> 'RECALLED';
        IF found.n <> NEW.count OR found.total <> NEW.total THEN
            RAISE EXCEPTION 'refunds: batch % does not come to its lines', NEW.number {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def no_new_legacy() -> pgtrigger.Trigger:
    """Return the trigger by which no batch is made any more that one person sealed alone."""
    return pgtrigger.Trigger(
        name="no_new_legacy",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.legacy OR NEW.state <> 'DRAFT'"),
        func=f"RAISE EXCEPTION 'refunds: a batch begins as a draft' {_REFUSE};",
    )


def signed_by_its_post() -> pgtrigger.Trigger:
    """Return the trigger by which a batch is drafted, checked, approved and taken apart only by
    the posts of the city level whose turn it is. Audit takes the last line out of a draft."""
    finance = of_the_city("NEW.drafted_by_id", "FUND_FINANCE")
    checks = of_the_city("NEW.checked_by_id", "FUND_FINANCE")
    approves = of_the_city("NEW.approved_by_id", "HEAD")
    takes_apart = of_the_city("NEW.dissolved_by_id", "FUND_FINANCE", "HEAD")
    audits = of_the_city("NEW.dissolved_by_id", "AUDIT")
    return pgtrigger.Trigger(
        name="signed_by_its_post",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        func=f"""
        IF TG_OP = 'UPDATE' THEN
            IF NEW.state = OLD.state THEN
                RETURN NEW;
            END IF;
        END IF;
        IF NOT (CASE NEW.state
            WHEN 'DRAFT' THEN {finance}
            WHEN 'CHECKED' THEN {checks}
            WHEN 'APPROVED' THEN {approves}
            WHEN 'DISSOLVED' THEN {takes_apart} OR NEW.count = 0 AND {audits}
            ELSE true
        END) THEN
            RAISE EXCEPTION 'refunds: this officer does not do this with a batch' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def recalled_before_sending() -> pgtrigger.Trigger:
    """Return the trigger by which nothing is taken back of which the bank may know."""
    return pgtrigger.Trigger(
        name="recalled_before_sending",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("NEW.state = 'DISSOLVED'"),
        func=f"""
        IF EXISTS (SELECT FROM refunds_batchsend s WHERE s.batch_id = NEW.id) THEN
            RAISE EXCEPTION 'refunds: the bank may have the batch already' {_REFUSE};
        END IF;
        IF EXISTS (SELECT FROM refunds_attempt a
                WHERE a.batch_id = NEW.id AND a.state <> 'RECALLED') THEN
            RAISE EXCEPTION 'refunds: its lines are still live' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def attempt_joins_a_draft() -> pgtrigger.Trigger:
    """Return the trigger by which lines join only a draft."""
    return pgtrigger.Trigger(
        name="joins_a_draft",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_lines"),
        func=f"""
        -- Held until we commit, so that the batch can't go on meanwhile without these lines.
        PERFORM FROM refunds_batch b WHERE b.id IN (SELECT batch_id FROM new_lines) FOR SHARE;
        IF EXISTS (
            SELECT FROM new_lines n WHERE NOT EXISTS (
                SELECT FROM refunds_batch b WHERE b.id = n.batch_id AND b.state = 'DRAFT'
            )
        ) THEN
            RAISE EXCEPTION 'refunds: lines join only a draft' {_REFUSE};
        END IF;
        RETURN NULL;
        """,
    )


def attempt_recalled_in_time() -> pgtrigger.Trigger:
    """Return the trigger by which a line is taken back only before anything was sent."""
    return pgtrigger.Trigger(
        name="recalled_in_time",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("NEW.state = 'RECALLED'"),
        func=f"""
        IF EXISTS (SELECT FROM refunds_batchsend s WHERE s.batch_id = NEW.batch_id) THEN
            RAISE EXCEPTION 'refunds: the bank may have the line already' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def send_is_of_a_sealed_batch() -> pgtrigger.Trigger:
    """Return the trigger by which only a sealed batch is sent."""
    return pgtrigger.Trigger(
        name="of_a_sealed_batch",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
        IF NOT EXISTS (
            SELECT FROM refunds_batch b WHERE b.id = NEW.batch_id AND b.state = 'SEALED'
        ) THEN
            RAISE EXCEPTION 'refunds: only a sealed batch is sent' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )
