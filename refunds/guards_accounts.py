"""What the database itself refuses about accounts; the SQL of the triggers.

Whether and from when an account may be paid to says one SQL function, `refunds_payable_from`
(migration 0017_door_by_statement): drafting, pages and the door to the bank all ask that one.
"""

import pgtrigger


def _raise(what: str) -> str:
    return f"RAISE EXCEPTION 'refunds: {what}' USING ERRCODE = 'check_violation';"


def begins_proposed() -> pgtrigger.Trigger:
    """Return the trigger by which a change begins at its beginning, of an own submission."""
    return pgtrigger.Trigger(
        name="begins_proposed",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
        IF NEW.state <> 'PROPOSED' THEN
            {_raise("a change of account is proposed first")}
        END IF;
        IF NEW.submission_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM refunds_submission s
            JOIN refunds_obligation o ON o.id = s.obligation_id
            WHERE s.id = NEW.submission_id AND s.kind = 'CORRECTION'
                AND o.employer_id = NEW.employer_id AND s.by_user_id = NEW.proposed_by_id
                AND s.holder = NEW.holder AND s.bank = NEW.bank
                AND s.bank_code = NEW.bank_code AND s.account = NEW.number
        ) THEN
            {_raise("not the account that was handed in")}
        END IF;
        RETURN NEW;
        """,
    )


def decided_by_two() -> pgtrigger.Trigger:
    """Return the trigger that accepts decisions from exactly the post and agency whose turn it
    is, never from who proposed it, keeps them, and allows second thoughts while it cools."""
    return pgtrigger.Trigger(
        name="decided_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        declare=[("hand", "bigint"), ("found", "record")],
        func=f"""
        IF OLD.checked_by_id IS NOT NULL AND (
                NEW.checked_by_id, NEW.checked_at) IS DISTINCT FROM (
                OLD.checked_by_id, OLD.checked_at)
            OR OLD.confirmed_by_id IS NOT NULL AND (
                NEW.confirmed_by_id, NEW.confirmed_at, NEW.cooling_until, NEW.account_id)
                IS DISTINCT FROM (
                OLD.confirmed_by_id, OLD.confirmed_at, OLD.cooling_until, OLD.account_id)
            OR OLD.closed_at IS NOT NULL AND (
                NEW.refused_by_id, NEW.closed_name, NEW.closed_at, NEW.closing_reason)
                IS DISTINCT FROM (
                OLD.refused_by_id, OLD.closed_name, OLD.closed_at, OLD.closing_reason)
        THEN
            {_raise("what was decided about an account stays")}
        END IF;
        IF NEW.state = OLD.state THEN
            RETURN NEW;
        END IF;
        IF NEW.state = 'WITHDRAWN' THEN
            IF OLD.state = 'CONFIRMED' AND NEW.closed_at >= OLD.cooling_until THEN
                {_raise("the cooling time is over")}
            END IF;
            RETURN NEW;
        END IF;
        hand := CASE
            WHEN NEW.state = 'REFUSED' THEN NEW.refused_by_id
            WHEN NEW.state = 'CHECKED' THEN NEW.checked_by_id
            ELSE NEW.confirmed_by_id
        END;
        SELECT f.user_id, f.post, g.kind AS agency, u.is_active,
            g.district_id = e.district_id AS here, d.is_city
        INTO found
        FROM registry_officer f
        JOIN registry_agency g ON g.id = f.agency_id
        JOIN registry_district d ON d.code = g.district_id
        JOIN auth_user u ON u.id = f.user_id
        JOIN registry_employer e ON e.id = NEW.employer_id
        WHERE f.id = hand;
        IF found.user_id = NEW.proposed_by_id THEN
            {_raise("nobody decides on an account they proposed")}
        END IF;
        IF found.user_id IS NULL OR NOT found.is_active OR found.agency <> 'SOCIAL_INSURANCE'
            OR NOT (CASE OLD.state
                WHEN 'PROPOSED' THEN found.post = 'REVIEWER' AND found.here
                ELSE found.post = 'FUND_FINANCE' AND (found.here OR found.is_city)
            END)
        THEN
            {_raise("this officer does not decide about this account")}
        END IF;
        IF NEW.submission_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM refunds_approval a
            WHERE a.submission_id = NEW.submission_id AND a.officer_id = hand
                AND a.granted = (NEW.state <> 'REFUSED')
                AND a.level = CASE OLD.state WHEN 'PROPOSED' THEN 'ACCOUNT' ELSE 'ACCOUNT2' END
        ) THEN
            {_raise("the refund has no such decision")}
        END IF;
        RETURN NEW;
        """,
    )


def correction_has_a_case() -> pgtrigger.Trigger:
    """Return the deferred trigger by which no correction comes without a case for two people."""
    return pgtrigger.Trigger(
        name="correction_has_a_case",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        condition=pgtrigger.Condition("NEW.kind = 'CORRECTION'"),
        func=f"""
        IF NOT EXISTS (
            SELECT 1 FROM refunds_accountchange c WHERE c.submission_id = NEW.id
        ) THEN
            {_raise("a new account is a case of its own")}
        END IF;
        RETURN NULL;
        """,
    )


def new_account_cools() -> pgtrigger.Trigger:
    """Return the trigger by which a choice that names an unknown account says until when it
    waits."""
    return pgtrigger.Trigger(
        name="new_account_cools",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.kind = 'CHOICE'"),
        func=f"""
        IF (NEW.cooling_until IS NULL OR NEW.cooling_until <= NEW.at) AND NOT (
            SELECT refunds_account_known(o.employer_id, NEW.account, NEW.holder)
            FROM refunds_obligation o WHERE o.id = NEW.obligation_id
        ) THEN
            {_raise("a new account waits before it is paid to")}
        END IF;
        RETURN NEW;
        """,
    )


def account_is_cool() -> pgtrigger.Trigger:
    """Return the trigger at the door to the bank: no line to an account that still waits."""
    return pgtrigger.Trigger(
        name="cool_account",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_lines"),
        func=f"""
        IF EXISTS (
            SELECT FROM new_lines n CROSS JOIN LATERAL refunds_payable_row(n.submission_id) p
            WHERE p.begins > n.sealed_at
        ) THEN
            {_raise("the account is not to be paid to yet")}
        END IF;
        RETURN NULL;
        """,
    )
