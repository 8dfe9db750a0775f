"""What the database itself refuses about corrections: one person alone moves nothing."""

import pgtrigger

from registry.guards import by_their_posts, no_delete

_REFUSE = "USING ERRCODE = 'check_violation'"
#: What stays as it was proposed.
FIXED = (
    "receipt",
    "kind",
    "employer",
    "insurance",
    "value_on",
    "amount",
    "reason",
    "document",
    "reverses",
    "prepared_by",
    "prepared_at",
)


def corrections() -> list[pgtrigger.Trigger]:
    """Return the triggers of corrections: fixed content, few moves, posts of the two people."""
    return [
        pgtrigger.ReadOnly(name="fixed", fields=list(FIXED)),
        pgtrigger.FSM(
            name="legal_move",
            field="state",
            transitions=[("PROPOSED", "APPROVED"), ("PROPOSED", "REFUSED")],
        ),
        no_delete(),
        _proposed_first(),
        by_their_posts(prepares="FUND_FINANCE", decides=["HEAD"]),
        _amount_is_sum_of_items(),
        _entry_is_its_own(),
    ]


def _proposed_first() -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="proposed_first",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.state <> 'PROPOSED'"),
        func=f"RAISE EXCEPTION 'ledger: a correction begins as a proposal' {_REFUSE};",
    )


def _amount_is_sum_of_items() -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="amount_is_sum_of_items",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func=f"""
        IF NEW.amount IS DISTINCT FROM (
            SELECT sum(i.amount) FROM relief_ledgercorrectionitem i WHERE i.correction_id = NEW.id
        ) THEN
            RAISE EXCEPTION 'ledger: correction % is not the sum of its months', NEW.id {_REFUSE};
        END IF;
        RETURN NULL;
        """,
    )


def _entry_is_its_own() -> pgtrigger.Trigger:
    """An approved correction has posted just what was proposed, in an entry of its own."""
    return pgtrigger.Trigger(
        name="entry_is_its_own",
        when=pgtrigger.Before,
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition("NEW.state = 'APPROVED'"),
        func=f"""
        IF NOT EXISTS (
            SELECT FROM relief_ledgerentry e
            WHERE e.id = NEW.entry_id AND e.reference = NEW.receipt || '.APPROVED'
                AND e.employer_id = NEW.employer_id AND e.insurance = NEW.insurance
                AND e.value_on = NEW.value_on
                AND NEW.amount = (
                    SELECT sum(l.amount) FROM relief_ledgerleg l
                    WHERE l.entry_id = e.id AND l.posting_id = e.posting_id AND l.amount > 0)
        ) THEN
            RAISE EXCEPTION 'ledger: the entry is not that of the correction' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def items_within_amount() -> pgtrigger.Trigger:
    """Return the trigger by which nothing is added to a correction afterwards."""
    return pgtrigger.Trigger(
        name="items_within_amount",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        referencing=pgtrigger.Referencing(new="new_items"),
        func=f"""
        IF EXISTS (
            SELECT FROM relief_ledgercorrection c
            JOIN relief_ledgercorrectionitem i ON i.correction_id = c.id
            WHERE c.id IN (SELECT correction_id FROM new_items)
            GROUP BY c.id, c.amount HAVING sum(i.amount) > c.amount
        ) THEN
            RAISE EXCEPTION 'ledger: months exceed their correction' {_REFUSE};
        END IF;
        RETURN NULL;
        """,
    )
