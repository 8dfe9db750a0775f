"""What the database itself refuses about deferrals; the SQL of `models`' triggers."""

import pgtrigger

# What the current round of an application has of approvals, and of opinions on its very content.
_ENOUGH = """
IF NEW.approvers_needed IS NULL OR NEW.opinions_needed IS NULL OR (
    SELECT count(*) FROM deferral_decision d
    JOIN deferral_submission s ON s.id = d.submission_id
    WHERE s.application_id = NEW.id AND s.round = NEW.round AND d.granted
) < NEW.approvers_needed THEN
    RAISE EXCEPTION 'deferral: % is not approved by enough people', NEW.receipt
        USING ERRCODE = 'check_violation';
END IF;
IF (
    SELECT count(*) FROM casework_opinion o
    JOIN casework_opinionrequest r ON r.id = o.request_id
    JOIN deferral_submission s ON s.application_id = NEW.id AND s.round = NEW.round
    WHERE r.matter_kind = 'deferral' AND r.matter_id = NEW.id AND r.voided_at IS NULL
        AND r.content = s.content
) < NEW.opinions_needed THEN
    RAISE EXCEPTION 'deferral: % lacks opinions on what it says', NEW.receipt
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.opinions_decide AND EXISTS (
    SELECT FROM casework_opinion o JOIN casework_opinionrequest r ON r.id = o.request_id
    WHERE r.matter_kind = 'deferral' AND r.matter_id = NEW.id AND r.voided_at IS NULL
        AND o.verdict NOT IN ('AGREE', 'CONDITIONS')
) THEN
    RAISE EXCEPTION 'deferral: % is refused by a department', NEW.receipt
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


def granted_by_everybody() -> pgtrigger.Trigger:
    """Return the trigger by which an application is granted only by as many officers as are
    needed, with every opinion on the content of its round."""
    return pgtrigger.Trigger(
        name="granted_by_everybody",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("NEW.state = 'GRANTED' AND OLD.state <> 'GRANTED'"),
        func=_ENOUGH,
    )


def decided_by_others() -> pgtrigger.Trigger:
    """Return the trigger by which nobody decides who took the application in or reported it,
    and only an active officer of the city's bureau of human resources does."""
    return pgtrigger.Trigger(
        name="decided_by_others",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
        IF EXISTS (
            SELECT FROM deferral_submission s JOIN deferral_application a
                ON a.id = s.application_id
            WHERE s.id = NEW.submission_id AND (a.round <> s.round
                OR NEW.officer_id IN (a.accepted_by_id, a.reported_by_id))
        ) THEN
            RAISE EXCEPTION 'deferral: not this officer, or not this round'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NOT EXISTS (
            SELECT FROM registry_officer f
            JOIN registry_agency g ON g.id = f.agency_id AND g.kind = 'HR'
            JOIN registry_district d ON d.code = g.district_id AND d.is_city
            JOIN auth_user u ON u.id = f.user_id AND u.is_active
            WHERE f.id = NEW.officer_id
        ) THEN
            RAISE EXCEPTION 'deferral: only the city decides' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def plan_adds_up() -> pgtrigger.Trigger:
    """Return the deferred trigger that makes a plan's lines add up to its amount, at commit."""
    return pgtrigger.Trigger(
        name="plan_adds_up",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        timing=pgtrigger.Deferred,
        func="""
        IF NEW.amount IS DISTINCT FROM (
            SELECT coalesce(sum(l.amount), 0) FROM deferral_planline l WHERE l.plan_id = NEW.id
        ) THEN
            RAISE EXCEPTION 'deferral: plan % does not add up', NEW.id
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
        """,
    )
