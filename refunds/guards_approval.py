"""What the database itself refuses about agreeing to refunds; the SQL of the triggers.

What was agreed to is one text, made by one SQL function, `refunds_content` (migration
0017_door_by_statement, with `refunds_levels_of` and `refunds_granted_to`): services, triggers and
the door to the bank all ask that one. It names the refund, its months with their assessments,
the account and the tier in force on the day of the choice; an approval carries its digest.
"""

import pgtrigger

#: Local days: rules and choices are dated as people here date them.
ZONE = "Asia/Shanghai"
#: A name as `refunds.accounts` compares it: NFKC and without blanks.
_PLAIN = r"regexp_replace(normalize({}, NFKC), '\s', '', 'g')"


def publishable() -> pgtrigger.Trigger:
    """Return the trigger that lets a set of rules be published only whole, by another person
    than prepared it, and never for days gone by."""
    return pgtrigger.Trigger(
        name="publishable",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
        IF NEW.published_at IS NULL THEN
            RETURN NEW;
        END IF;
        IF TG_OP = 'INSERT' THEN
            RAISE EXCEPTION 'refunds: rules are prepared first' USING ERRCODE = 'check_violation';
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM refunds_approvaltier t WHERE t.rules_id = NEW.id AND t.amount_from = 0
        ) THEN
            RAISE EXCEPTION 'refunds: rules say nothing about small amounts'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NOT NEW.by_release AND NEW.from_day <= (NEW.published_at AT TIME ZONE '{ZONE}')::date
        THEN
            RAISE EXCEPTION 'refunds: rules never reach back' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def only_before_publication() -> pgtrigger.Trigger:
    """Return the trigger that keeps a published set as it was published."""
    return pgtrigger.Trigger(
        name="only_before_publication",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
        IF EXISTS (
            SELECT 1 FROM refunds_approvalrules r
            WHERE r.id = NEW.rules_id AND r.published_at IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'refunds: these rules are published already'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def valid_decision() -> pgtrigger.Trigger:
    """Return the trigger that accepts a decision only from the post and agency whose turn it
    is, on the latest submission, about exactly what stands there."""
    return pgtrigger.Trigger(
        name="valid_decision",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        declare=[("found", "record")],
        func="""
        SELECT o.state, o.amount, o.id AS obligation, e.district_id AS district,
            f.post, g.kind AS agency, g.district_id AS at_district, d.is_city, u.is_active,
            refunds_levels_of(NEW.submission_id) AS levels,
            (SELECT max(l.id) FROM refunds_submission l WHERE l.obligation_id = o.id) AS latest
        INTO found
        FROM refunds_submission s
        JOIN refunds_obligation o ON o.id = s.obligation_id
        JOIN registry_employer e ON e.id = o.employer_id
        JOIN registry_officer f ON f.id = NEW.officer_id
        JOIN registry_agency g ON g.id = f.agency_id
        JOIN registry_district d ON d.code = g.district_id
        JOIN auth_user u ON u.id = f.user_id
        WHERE s.id = NEW.submission_id;
        IF found.latest IS DISTINCT FROM NEW.submission_id THEN
            RAISE EXCEPTION 'refunds: not the latest submission' USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.level, found.state) NOT IN (
            ('FIRST', 'CHOSEN'), ('SECOND', 'CHECKED'), ('THIRD', 'ENDORSED'),
            ('ACCOUNT', 'CORRECTED'), ('ACCOUNT2', 'CORRECTED')
        ) THEN
            RAISE EXCEPTION 'refunds: it is not the turn of this level'
                USING ERRCODE = 'check_violation';
        END IF;
        IF (NEW.level, found.post) NOT IN (
            ('FIRST', 'REVIEWER'), ('SECOND', 'FUND_FINANCE'), ('THIRD', 'HEAD'),
            ('ACCOUNT', 'REVIEWER'), ('ACCOUNT2', 'FUND_FINANCE')
        ) OR NOT found.is_active OR found.agency <> 'SOCIAL_INSURANCE' OR NOT (
            found.at_district = found.district
            OR found.is_city AND found.post IN ('FUND_FINANCE', 'HEAD')
        ) THEN
            RAISE EXCEPTION 'refunds: this officer does not decide here'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.level NOT IN ('ACCOUNT', 'ACCOUNT2') AND NOT coalesce(NEW.level = ANY (found.levels), false) THEN
            RAISE EXCEPTION 'refunds: nobody asks for this level'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.level = 'THIRD' AND NOT EXISTS (
            SELECT 1 FROM refunds_approval a
            WHERE a.submission_id = NEW.submission_id AND a.level = 'SECOND' AND a.granted
        ) THEN
            RAISE EXCEPTION 'refunds: the second approval is missing'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.granted AND NOT EXISTS (
            SELECT 1 FROM refunds_submission s
            JOIN refunds_obligation o ON o.id = s.obligation_id
            JOIN registry_employer e ON e.id = o.employer_id
            WHERE s.id = NEW.submission_id AND {plain_holder} IN ({plain_name}, (
                SELECT {plain_person} FROM registry_employerterms t
                WHERE t.employer_id = e.id AND t.from_month <= (NEW.at AT TIME ZONE '{zone}')::date
                    AND e.legal_person <> '' AND t.unit_type = 'INDIVIDUAL_BUSINESS'
                    AND NOT EXISTS (
                        SELECT 1 FROM registry_employerterms later
                        WHERE later.employer_id = e.id
                            AND later.from_month <= (NEW.at AT TIME ZONE '{zone}')::date
                            AND (later.from_month, later.id) > (t.from_month, t.id)
                    )
            ))
        ) THEN
            RAISE EXCEPTION 'refunds: the account is not in the name of the unit'
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.amount IS DISTINCT FROM found.amount
            OR NEW.content_sha256 IS DISTINCT FROM refunds_content_sha256(NEW.submission_id) THEN
            RAISE EXCEPTION 'refunds: not what stands there' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """.replace("{plain_holder}", _PLAIN.format("s.holder"))
        .replace("{plain_name}", _PLAIN.format("e.name"))
        .replace("{plain_person}", _PLAIN.format("e.legal_person"))
        .replace("{zone}", ZONE),
    )


def moved_by_approval() -> pgtrigger.Trigger:
    """Return the trigger by which a refund passes a level only with that level's approval."""
    return pgtrigger.Trigger(
        name="moved_by_approval",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),
        condition=pgtrigger.Condition(
            "OLD.state IN ('CHOSEN', 'CHECKED', 'ENDORSED')"
            " AND NEW.state IN ('CHECKED', 'ENDORSED', 'APPROVED') AND OLD.state <> NEW.state"
        ),
        declare=[("latest", "bigint"), ("asked", "varchar[]"), ("granted", "varchar[]")],
        func="""
        SELECT max(s.id) INTO latest FROM refunds_submission s WHERE s.obligation_id = NEW.id;
        asked := refunds_levels_of(latest);
        granted := refunds_granted_to(latest);
        IF asked IS NULL
            OR NEW.state = 'CHECKED' AND NOT 'FIRST' = ANY (granted)
            OR NEW.state = 'ENDORSED'
                AND NOT ('SECOND' = ANY (granted) AND 'THIRD' = ANY (asked))
            OR NEW.state = 'APPROVED' AND NOT asked <@ granted
        THEN
            RAISE EXCEPTION 'refunds: approvals are missing' USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )
