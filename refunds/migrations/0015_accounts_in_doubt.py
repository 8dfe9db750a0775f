"""What an account was trusted for may end: the bank sent money back from it, the unit replaced
it, an import replaced it or took its ground away. From then on it waits like any new account.

A refund under way isn't touched by doubts that came later than what its unit handed in; only an
import that changes the registered account, or takes back what the account was trusted for, holds
it until the unit has handed in again.
"""

from django.db import migrations

FUNCTIONS = r"""
CREATE FUNCTION refunds_account_doubted(employer bigint, account varchar, until timestamptz)
RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    -- Greatest passes over nulls: null only where nobody has ever doubted it.
    RETURN greatest((
        SELECT max(a.sealed_at) FROM refunds_obligation o
        JOIN refunds_attempt a ON a.obligation_id = o.id
        WHERE o.employer_id = employer AND a.account = refunds_account_doubted.account
            AND a.state = 'BOUNCED' AND a.sealed_at <= until
    ), (
        SELECT max(c.confirmed_at) FROM refunds_accountchange c
        JOIN registry_bankaccount f ON f.id = c.former_id
        WHERE c.employer_id = employer AND c.state = 'CONFIRMED' AND c.confirmed_at <= until
            AND f.number = refunds_account_doubted.account AND c.number <> f.number
    ));
END
$$;
CREATE FUNCTION refunds_account_known(
    employer bigint, account varchar, payee varchar, doubted timestamptz)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    plain text := regexp_replace(normalize(payee, NFKC), '\s', '', 'g');
    since timestamptz := coalesce(doubted, '-infinity');
BEGIN
    RETURN EXISTS (
        SELECT 1 FROM registry_bankaccount b
        WHERE b.employer_id = employer AND b.number = account
            AND regexp_replace(normalize(b.holder, NFKC), '\s', '', 'g') = plain
            AND b.origin IN ('REGISTERED', 'IMPORTED') AND b.reverses_id IS NULL
            AND b.recorded_at > since
            AND NOT EXISTS (SELECT 1 FROM registry_bankaccount r WHERE r.reverses_id = b.id)
    ) OR EXISTS (
        SELECT 1 FROM relief_payment p
        WHERE p.employer_id = employer AND p.payer_number = account AND p.reverses_id IS NULL
            AND p.arrived_on > (since AT TIME ZONE 'Asia/Shanghai')::date
            AND NOT EXISTS (SELECT 1 FROM relief_payment r WHERE r.reverses_id = p.id)
            AND regexp_replace(normalize(p.payer_holder, NFKC), '\s', '', 'g') = plain
    );
END
$$;
CREATE OR REPLACE FUNCTION refunds_account_known(employer bigint, account varchar, payee varchar)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN refunds_account_known(
        employer, account, payee, refunds_account_doubted(employer, account, 'infinity'));
END
$$;
-- Whether the registry has changed under a submission: the account at the head of the register
-- is another one that an import brought since, where the one handed in was registered; or what
-- made a choice payable at once has been taken back.
CREATE FUNCTION refunds_account_overtaken(submission bigint)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    s record;
    head record;
BEGIN
    SELECT g.kind, g.holder, g.account, g.bank_code, g.at, g.cooling_until, o.employer_id
    INTO s FROM refunds_submission g JOIN refunds_obligation o ON o.id = g.obligation_id
    WHERE g.id = submission;
    IF s.kind = 'CHOICE' AND s.cooling_until IS NULL
        AND NOT refunds_account_known(s.employer_id, s.account, s.holder, '-infinity')
    THEN
        RETURN true;
    END IF;
    SELECT b.number, b.bank_code, b.origin, b.recorded_at
    INTO head FROM registry_bankaccount b
    WHERE b.employer_id = s.employer_id AND b.reverses_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM registry_bankaccount r WHERE r.reverses_id = b.id)
    ORDER BY b.enabled_on DESC NULLS LAST, b.id DESC LIMIT 1;
    RETURN head.recorded_at > s.at AND head.origin IN ('REGISTERED', 'IMPORTED')
        AND (head.number, head.bank_code) <> (s.account, s.bank_code)
        AND EXISTS (
            SELECT 1 FROM registry_bankaccount b
            WHERE b.employer_id = s.employer_id AND b.number = s.account
        );
END
$$;
CREATE OR REPLACE FUNCTION refunds_payable_from(submission bigint)
RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    s record;
    own record;
    latest record;
    doubted timestamptz;
BEGIN
    SELECT g.id, g.kind, g.holder, g.account, g.at, g.cooling_until, o.employer_id
    INTO s FROM refunds_submission g JOIN refunds_obligation o ON o.id = g.obligation_id
    WHERE g.id = submission;
    SELECT c.state, c.cooling_until INTO own
    FROM refunds_accountchange c WHERE c.submission_id = s.id;
    IF s.kind = 'CORRECTION' AND own.state <> 'CONFIRMED'
        OR refunds_account_overtaken(submission)
    THEN
        RETURN 'infinity';
    END IF;
    doubted := refunds_account_doubted(s.employer_id, s.account, s.at);
    IF refunds_account_known(s.employer_id, s.account, s.holder, doubted) THEN
        RETURN '-infinity';
    END IF;
    IF s.kind = 'CORRECTION' THEN
        RETURN coalesce(own.cooling_until, '-infinity');
    END IF;
    SELECT c.state, c.closed_at, c.confirmed_at, c.cooling_until INTO latest
    FROM refunds_accountchange c
    WHERE c.employer_id = s.employer_id AND c.number = s.account
    ORDER BY c.id DESC LIMIT 1;
    RETURN CASE
        WHEN latest.state IN ('PROPOSED', 'CHECKED') THEN 'infinity'
        -- Somebody has said that it is not theirs: only a confirmed change brings it back.
        WHEN latest.state IN ('REFUSED', 'WITHDRAWN')
            AND (latest.closed_at >= s.at OR s.cooling_until IS NOT NULL) THEN 'infinity'
        WHEN latest.state = 'CONFIRMED' AND latest.confirmed_at > coalesce(doubted, '-infinity')
            THEN latest.cooling_until
        ELSE coalesce(s.cooling_until, '-infinity')
    END;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("refunds", "0014_functions_keep_plans")]

    operations = [migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop)]
