"""What the database itself refuses about the book; the SQL of `models`' triggers.

A posting is written from the inside out: legs and entries first, their posting last. From then on
nothing may be added to it, and at the commit it must balance. The numbers are drawn before, so
another transaction could name the same posting: a lock makes it wait, and then it is refused.
"""

import pgtrigger

_REFUSE = "USING ERRCODE = 'check_violation'"


def posting_lock(posting: str) -> str:
    """Return SQL for the key of a posting's lock."""
    return f"hashtextextended('relief.ledger.posting', {posting})"


def chain_lock(chain: str) -> str:
    """Return SQL for the key of a chain's lock."""
    return f"hashtextextended('relief.ledger.chain:' || {chain}, 0)"


def _not_after_its_posting(more: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="not_after_its_posting",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_rows"),
        declare=[("ids", "bigint[]")],
        func=f"""
        ids := ARRAY(SELECT DISTINCT posting_id FROM new_rows ORDER BY 1);
        PERFORM pg_advisory_xact_lock({posting_lock("i")}) FROM unnest(ids) i;
        IF EXISTS (SELECT FROM relief_ledgerposting p WHERE p.id = ANY(ids)) THEN
            RAISE EXCEPTION 'ledger: the posting is closed' {_REFUSE};
        END IF;
        {more}
        RETURN NULL;
        """,
    )


def legs_before_posting() -> pgtrigger.Trigger:
    """Return the trigger by which legs join only a posting that is being written just now.

    The entries' foreign key sees to it that the posting exists at the commit.
    """
    return _not_after_its_posting(f"""
        IF EXISTS (SELECT FROM unnest(ids) i WHERE NOT EXISTS (
            SELECT FROM relief_ledgerentry e WHERE e.posting_id = i)) THEN
            RAISE EXCEPTION 'ledger: legs without an entry' {_REFUSE};
        END IF;
    """)


def entries_before_posting() -> pgtrigger.Trigger:
    """Return the trigger by which entries join only a posting that is being written just now."""
    return _not_after_its_posting("")


def follows_its_chain() -> pgtrigger.Trigger:
    """Return the trigger that numbers a chain without a gap and ties each posting to the last."""
    return pgtrigger.Trigger(
        name="follows_its_chain",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("last", "record")],
        func=f"""
        PERFORM pg_advisory_xact_lock({chain_lock("NEW.chain")});
        PERFORM pg_advisory_xact_lock({posting_lock("NEW.id")});
        SELECT number, digest INTO last FROM relief_ledgerposting
            WHERE chain = NEW.chain ORDER BY number DESC LIMIT 1;
        IF NEW.number <> coalesce(last.number, 0) + 1
            OR NEW.previous <> coalesce(last.digest, decode(repeat('00', 32), 'hex')) THEN
            RAISE EXCEPTION 'ledger: the posting does not follow the last of its chain' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def balances() -> pgtrigger.Trigger:
    """Return the deferred trigger that reads all of a posting's rows once, at the commit.

    Every entry comes to 0.00; its legs are of its own employer, fund and day, and of the
    posting's fund; no entry is empty, no leg without an entry; counts and debit are as said.
    """
    return pgtrigger.Trigger(
        name="balances",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        declare=[("found", "record"), ("entries", "bigint")],
        func=f"""
        SELECT count(*) AS entries, coalesce(sum(n), 0) AS legs, coalesce(sum(debit), 0) AS debit,
            min(entry_id) FILTER (WHERE balance <> 0) AS unbalanced,
            min(entry_id) FILTER (WHERE strays) AS strays
        INTO found
        FROM (
            SELECT l.entry_id, count(*) AS n, sum(l.amount) AS balance,
                sum(l.amount) FILTER (WHERE l.amount > 0) AS debit,
                bool_or(e.id IS NULL OR e.posting_id <> l.posting_id
                    OR e.employer_id <> l.employer_id OR e.insurance <> l.insurance
                    OR e.value_on <> l.value_on
                    OR split_part(NEW.chain, '-', 1) <> l.insurance) AS strays
            FROM relief_ledgerleg l LEFT JOIN relief_ledgerentry e ON e.id = l.entry_id
            WHERE l.posting_id = NEW.id
            GROUP BY l.entry_id
        ) by_entry;
        SELECT count(*) INTO entries FROM relief_ledgerentry WHERE posting_id = NEW.id;
        IF found.unbalanced IS NOT NULL THEN
            RAISE EXCEPTION 'ledger: entry % does not balance', found.unbalanced {_REFUSE};
        END IF;
        IF found.strays IS NOT NULL THEN
            RAISE EXCEPTION 'ledger: entry % and its legs differ', found.strays {_REFUSE};
        END IF;
        IF found.entries <> entries OR found.entries <> NEW.entries OR found.legs <> NEW.legs
            OR found.debit <> NEW.debit THEN
            RAISE EXCEPTION 'ledger: posting % is not what it says', NEW.id {_REFUSE};
        END IF;
        RETURN NULL;
        """,
    )
