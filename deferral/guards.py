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


def _of_the_bureau(officer: str) -> str:
    """Return SQL that is true of an active officer of the city's bureau of human resources."""
    return f"""EXISTS (
            SELECT FROM registry_officer f
            JOIN registry_agency g ON g.id = f.agency_id AND g.kind = 'HR'
            JOIN registry_district d ON d.code = g.district_id AND d.is_city
            JOIN auth_user u ON u.id = f.user_id AND u.is_active
            WHERE f.id = {officer}
        )"""


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
    and only an active officer of the city's bureau of human resources does. Who acts for somebody
    absent is their deputy, and has no second voice by that."""
    return pgtrigger.Trigger(
        name="decided_by_others",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func=f"""
        IF EXISTS (
            SELECT FROM deferral_submission s JOIN deferral_application a
                ON a.id = s.application_id
            WHERE s.id = NEW.submission_id AND (a.round <> s.round
                OR NEW.officer_id IN (a.accepted_by_id, a.reported_by_id)
                OR NEW.acting_for_id IN (a.accepted_by_id, a.reported_by_id))
        ) OR EXISTS (
            -- One voice each, whether given oneself or by a deputy.
            SELECT FROM deferral_decision d WHERE d.submission_id = NEW.submission_id
                AND (NEW.acting_for_id IN (d.officer_id, d.acting_for_id)
                    OR NEW.officer_id = d.acting_for_id)
        ) THEN
            RAISE EXCEPTION 'deferral: not this officer, or not this round'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NOT {_of_the_bureau("NEW.officer_id")} THEN
            RAISE EXCEPTION 'deferral: only the city decides' USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.acting_for_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM casework_absence b
            WHERE b.officer_id = NEW.acting_for_id AND b.deputy_id = NEW.officer_id
                AND (NEW.at AT TIME ZONE 'Asia/Shanghai')::date
                    BETWEEN b.from_day AND coalesce(b.ended_on, b.to_day)
        ) THEN
            RAISE EXCEPTION 'deferral: nobody is deputy on this day'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def ended_by_the_city() -> pgtrigger.Trigger:
    """Return the trigger by which only an active officer of the city's bureau of human resources
    agrees to an early end."""
    return pgtrigger.Trigger(
        name="ended_by_the_city",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("NEW.state = 'GRANTED'"),
        func=f"""
        IF NOT {_of_the_bureau("NEW.decided_by_id")} THEN
            RAISE EXCEPTION 'deferral: only the city ends it early'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def ended_as_decided() -> pgtrigger.Trigger:
    """Return the trigger by which an agreement ends early only where that was decided."""
    return pgtrigger.Trigger(
        name="ended_as_decided",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("NEW.state = 'ENDED_EARLY'"),
        func="""
        IF NOT EXISTS (
            SELECT FROM deferral_earlyend e WHERE e.agreement_id = NEW.id AND e.state = 'GRANTED'
        ) THEN
            RAISE EXCEPTION 'deferral: nobody decided to end % early', NEW.number
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def certified_once_paid() -> pgtrigger.Trigger:
    """Return the trigger by which a person's matter is paid and certified only when what was
    made over to it is what its round asks for, month by month."""
    return pgtrigger.Trigger(
        name="certified_once_paid",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition("NEW.state IN ('PAID', 'CERTIFIED')"),
        func="""
        IF EXISTS (
            SELECT FROM deferral_personline l
            LEFT JOIN (
                SELECT month, insurance, sum(employer_part) AS employer_part,
                    sum(employee_part) AS employee_part
                FROM deferral_personpayment
                WHERE matter_id = NEW.id AND round = NEW.round GROUP BY month, insurance
            ) p ON (p.month, p.insurance) = (l.month, l.insurance)
            WHERE l.matter_id = NEW.id AND l.round = NEW.round
                AND (coalesce(p.employer_part, 0) < l.employer_part
                    OR coalesce(p.employee_part, 0) < l.employee_part)
        ) THEN
            RAISE EXCEPTION 'deferral: % is not paid', NEW.receipt
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def paid_with_it() -> pgtrigger.Trigger:
    """Return the trigger by which no more of a voucher is made over to persons than arrived."""
    return pgtrigger.Trigger(
        name="paid_with_it",
        when=pgtrigger.After,
        operation=pgtrigger.Insert,
        func="""
        IF EXISTS (
            SELECT FROM (
                SELECT coalesce(sum(employer_amount), 0) AS employer_part,
                    coalesce(sum(employee_amount), 0) AS employee_part
                FROM relief_payment
                WHERE (employer_id, month, insurance, voucher)
                    = (NEW.employer_id, NEW.month, NEW.insurance, NEW.voucher)
            ) arrived, (
                SELECT sum(p.employer_part) AS employer_part,
                    sum(p.employee_part) AS employee_part
                FROM deferral_personpayment p JOIN deferral_personmatter m
                    ON m.id = p.matter_id AND m.round = p.round AND m.state <> 'WITHDRAWN'
                WHERE (p.employer_id, p.month, p.insurance, p.voucher)
                    = (NEW.employer_id, NEW.month, NEW.insurance, NEW.voucher)
            ) used
            WHERE used.employer_part > arrived.employer_part
                OR used.employee_part > arrived.employee_part
        ) THEN
            RAISE EXCEPTION 'deferral: voucher % does not hold so much', NEW.voucher
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
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
