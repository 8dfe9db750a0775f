"""What the database itself refuses about who is named for a step, and about states that people
must agree to first.

Who sits at the keyboard no database can know; but nobody is named for a step whose post, agency or
account does not take it, and no state is reached past those who must agree.
"""

from collections.abc import Mapping

import pgtrigger

from registry.guards import of_the_city

_REFUSE = "USING ERRCODE = 'check_violation'"


def _of_the_unit(officer: str, *posts: str) -> str:
    """Return SQL that is true of an active officer, in one of some posts, of the agency that
    handles the row's unit."""
    named = ", ".join(f"'{post}'" for post in posts)
    return f"""EXISTS (
        SELECT FROM registry_officer f
        JOIN registry_agency g ON g.id = f.agency_id AND g.kind = 'SOCIAL_INSURANCE'
        JOIN registry_employer e ON e.district_id = g.district_id AND e.id = NEW.employer_id
        JOIN auth_user u ON u.id = f.user_id AND u.is_active
        WHERE f.id = {officer} AND f.post IN ({named})
    )"""


def _posts(accepted: Mapping[str, str]) -> pgtrigger.Trigger:
    """Return the trigger that asks of each column, when it is first written, what is `accepted`."""
    tests = "".join(
        f"""
        IF NEW.{who} IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.{who} IS DISTINCT FROM OLD.{who})
            AND NOT {accepts} THEN
            RAISE EXCEPTION '%: this officer does not take this step', TG_TABLE_NAME {_REFUSE};
        END IF;"""
        for who, accepts in accepted.items()
    )
    return pgtrigger.Trigger(
        name="posts",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"{tests}\n        RETURN NEW;",
    )


def rules_by_their_posts() -> pgtrigger.Trigger:
    """Return the trigger by which posts of the city prepare rules of approval, and only its head
    publishes them."""
    return _posts(
        {
            "prepared_by_id": of_the_city("NEW.prepared_by_id", "FUND_FINANCE", "AUDIT", "HEAD"),
            "published_by_id": of_the_city("NEW.published_by_id", "HEAD"),
        }
    )


def handled_by_its_posts() -> pgtrigger.Trigger:
    """Return the trigger by which fund finance or the head of the city notes what became of a row
    of the bank's that changed nothing."""
    return _posts({"by_id": of_the_city("NEW.by_id", "FUND_FINANCE", "HEAD")})


def noted_by_its_posts() -> pgtrigger.Trigger:
    """Return the trigger by which the unit's own agency notes and decides on its choice."""
    return _posts(
        {
            "recorded_by_id": _of_the_unit("NEW.recorded_by_id", "HANDLER"),
            "decided_by_id": _of_the_unit("NEW.decided_by_id", "HANDLER", "REVIEWER"),
        }
    )


def begins_as_a_proposal() -> pgtrigger.Trigger:
    """Return the trigger by which what two people decide on is proposed first."""
    return pgtrigger.Trigger(
        name="begins_as_a_proposal",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.state <> 'PROPOSED'"),
        func=f"RAISE EXCEPTION 'refunds: it begins as a proposal' {_REFUSE};",
    )


def settled_by_two() -> pgtrigger.Trigger:
    """Return the trigger by which people settle a difference only by a confirmed correction.

    Pairs whose other half stands on another day are settled as they are found, by nobody.
    """
    return pgtrigger.Trigger(
        name="settled_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("NEW.state = 'SETTLED'"),
        func=f"""
        IF TG_OP = 'UPDATE' AND OLD.state = 'SETTLED'
            OR TG_OP = 'INSERT' AND NEW.kind IN ('OTHER_DAY', 'THERE_AND_BACK') THEN
            RETURN NEW;
        END IF;
        IF NOT EXISTS (
            SELECT FROM refunds_correction c
            WHERE c.difference_id = NEW.id AND c.state = 'CONFIRMED'
        ) THEN
            RAISE EXCEPTION 'refunds: nobody has confirmed how it is settled' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def chosen_anew() -> pgtrigger.Trigger:
    """Return the trigger by which what was taken back or refused is chosen again only by a new
    choice: what was agreed to about the former one counts no more."""
    return pgtrigger.Trigger(
        name="chosen_anew",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("NEW.state = 'CHOSEN' AND OLD.state <> 'CHOSEN'"),
        func=f"""
        IF NOT coalesce((
            SELECT s.kind = 'CHOICE'
                AND NOT EXISTS (SELECT FROM refunds_approval a WHERE a.submission_id = s.id)
            FROM refunds_submission s WHERE s.obligation_id = NEW.id ORDER BY s.id DESC LIMIT 1
        ), false) THEN
            RAISE EXCEPTION 'refunds: the unit has not chosen anew' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def corrected_by_two() -> pgtrigger.Trigger:
    """Return the trigger by which a refund goes on to a new account only once it is confirmed."""
    return pgtrigger.Trigger(
        name="corrected_by_two",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("OLD.state = 'CORRECTED' AND NEW.state = 'APPROVED'"),
        declare=[("latest", "bigint")],
        func=f"""
        SELECT max(s.id) INTO latest FROM refunds_submission s WHERE s.obligation_id = NEW.id;
        -- Before there were cases, one officer confirmed a new account.
        IF latest IS NULL OR NOT refunds_granted_to(latest) @> (CASE
            WHEN EXISTS (SELECT FROM refunds_accountchange c WHERE c.submission_id = latest)
            THEN '{{ACCOUNT,ACCOUNT2}}'::varchar[] ELSE '{{ACCOUNT}}'::varchar[]
        END) THEN
            RAISE EXCEPTION 'refunds: the new account is not confirmed' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )


def released_with_the_program() -> pgtrigger.Trigger:
    """Return the trigger by which sets of rules that nobody has signed come only with a release:
    from the role that migrates, which owns the tables. The pages' own role may write only the very
    first set: before there is one, nobody can agree to anything anyway."""
    return pgtrigger.Trigger(
        name="released_with_the_program",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition("NEW.by_release"),
        func=f"""
        IF NOT pg_has_role(current_user, (
            SELECT c.relowner FROM pg_class c WHERE c.oid = TG_RELID), 'MEMBER')
            AND EXISTS (SELECT FROM refunds_approvalrules) THEN
            RAISE EXCEPTION 'refunds: rules that nobody signed come with a release' {_REFUSE};
        END IF;
        RETURN NEW;
        """,
    )
