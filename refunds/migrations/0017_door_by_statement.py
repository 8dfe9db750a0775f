"""The door to the bank looks at all lines of a statement with one query.

What triggers ask of a submission is a set of one row here, which the planner takes into the query
of thousands; the functions of one answer stand on them. They answer as before. Going back leaves
the functions that nobody asks any more.
"""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations

FUNCTIONS = r"""
-- Of a submission: the tier in force on the day of the choice it belongs to.
CREATE FUNCTION refunds_tier_row(submission bigint)
RETURNS TABLE (id bigint, rules_id bigint, amount_from numeric, levels varchar[])
LANGUAGE sql STABLE AS $$
    SELECT t.id, t.rules_id, t.amount_from, t.levels
    FROM refunds_submission s
    JOIN refunds_obligation o ON o.id = s.obligation_id
    LEFT JOIN LATERAL (
        SELECT c.id, c.at FROM refunds_submission c
        WHERE c.obligation_id = s.obligation_id AND c.kind = 'CHOICE' AND c.id <= s.id
        ORDER BY c.id DESC LIMIT 1
    ) c ON true
    LEFT JOIN LATERAL (
        SELECT r.id FROM refunds_approvalrules r
        WHERE r.published_at IS NOT NULL
            AND r.from_day <= (c.at AT TIME ZONE 'Asia/Shanghai')::date
        ORDER BY r.from_day DESC, r.id DESC LIMIT 1
    ) r ON true
    LEFT JOIN LATERAL (
        SELECT t.* FROM refunds_approvaltier t
        WHERE t.rules_id = r.id AND t.amount_from <= o.amount
        ORDER BY t.amount_from DESC LIMIT 1
    ) t ON true
    WHERE s.id = submission
$$;
-- What is agreed to: one text; and the levels that its tier asks for.
CREATE FUNCTION refunds_content_row(submission bigint)
RETURNS TABLE (content text, asked varchar[])
LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'form', 1,
        'receipt', o.receipt,
        'employer', o.employer_id,
        'insurance', o.insurance,
        'amount', o.amount,
        'as_of', o.as_of,
        'items', (
            SELECT jsonb_agg(
                jsonb_build_array(i.month, i.amount, i.assessment_id, i.run_id) ORDER BY i.month
            ) FROM refunds_obligationitem i WHERE i.obligation_id = o.id
        ),
        'submission', jsonb_build_array(s.number, s.kind, s.by_user_id),
        'account', jsonb_build_array(s.holder, s.bank, s.bank_code, s.account),
        'tier', CASE WHEN t.id IS NOT NULL
            THEN jsonb_build_array(t.rules_id, t.amount_from, to_jsonb(t.levels)) END
    )::text, t.levels
    FROM refunds_submission s
    JOIN refunds_obligation o ON o.id = s.obligation_id
    CROSS JOIN LATERAL refunds_tier_row(s.id) t
    WHERE s.id = submission
$$;
-- The levels at which it is agreed to as it stands, each by another person; those asked for.
CREATE FUNCTION refunds_granted_row(submission bigint)
RETURNS TABLE (levels varchar[], asked varchar[])
LANGUAGE sql STABLE AS $$
    SELECT (
        SELECT coalesce(array_agg(g.level), '{}') FROM (
            SELECT DISTINCT ON (a.officer_id) a.level FROM refunds_approval a
            WHERE a.submission_id = submission AND a.granted AND a.content_sha256 = d.digest
            ORDER BY a.officer_id, a.id
        ) g
    ), d.asked
    FROM (
        SELECT encode(sha256(convert_to(c.content, 'UTF8')), 'hex') AS digest, c.asked
        FROM refunds_content_row(submission) c OFFSET 0  -- once, not for every approval
    ) d
$$;
-- When an account was last doubted, until a moment: null only where nobody ever did.
CREATE FUNCTION refunds_doubted_row(whose bigint, account varchar, until timestamptz)
RETURNS TABLE (doubted timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT greatest((
        SELECT max(a.sealed_at) FROM refunds_obligation o
        JOIN refunds_attempt a ON a.obligation_id = o.id
        WHERE o.employer_id = whose AND a.account = refunds_doubted_row.account
            AND a.state = 'BOUNCED' AND a.sealed_at <= until
    ), (
        SELECT max(c.confirmed_at) FROM refunds_accountchange c
        JOIN registry_bankaccount f ON f.id = c.former_id
        WHERE c.employer_id = whose AND c.state = 'CONFIRMED' AND c.confirmed_at <= until
            AND f.number = refunds_doubted_row.account AND c.number <> f.number
    ))
$$;
-- Whether an account is the unit's own by its register or by its payments, since it was doubted.
CREATE FUNCTION refunds_known_row(
    whose bigint, account varchar, payee varchar, doubted timestamptz
) RETURNS TABLE (known boolean)
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM registry_bankaccount b
        WHERE b.employer_id = whose AND b.number = account
            AND (b.holder = payee OR regexp_replace(normalize(b.holder, NFKC), '\s', '', 'g')
                = regexp_replace(normalize(payee, NFKC), '\s', '', 'g'))
            AND b.origin IN ('REGISTERED', 'IMPORTED') AND b.reverses_id IS NULL
            AND b.recorded_at > coalesce(doubted, '-infinity')
            AND NOT EXISTS (SELECT 1 FROM registry_bankaccount r WHERE r.reverses_id = b.id)
    ) OR EXISTS (
        SELECT 1 FROM relief_payment p
        WHERE p.employer_id = whose AND p.payer_number = account AND p.reverses_id IS NULL
            AND p.arrived_on
                > (coalesce(doubted, '-infinity') AT TIME ZONE 'Asia/Shanghai')::date
            AND NOT EXISTS (SELECT 1 FROM relief_payment r WHERE r.reverses_id = p.id)
            AND (p.payer_holder = payee
                OR regexp_replace(normalize(p.payer_holder, NFKC), '\s', '', 'g')
                = regexp_replace(normalize(payee, NFKC), '\s', '', 'g'))
    )
$$;
-- Whether the account of a submission stands no more: what it was trusted for is gone, or another
-- was registered since.
CREATE FUNCTION refunds_overtaken_row(submission bigint) RETURNS TABLE (overtaken boolean)
LANGUAGE sql STABLE AS $$
    SELECT s.kind = 'CHOICE' AND s.cooling_until IS NULL AND NOT k.known
        OR coalesce(
            head.recorded_at > s.at AND head.origin IN ('REGISTERED', 'IMPORTED')
            AND (head.number, head.bank_code) <> (s.account, s.bank_code)
            AND EXISTS (
                SELECT 1 FROM registry_bankaccount b
                WHERE b.employer_id = o.employer_id AND b.number = s.account
            ), false)
    FROM refunds_submission s
    JOIN refunds_obligation o ON o.id = s.obligation_id
    CROSS JOIN LATERAL refunds_known_row(o.employer_id, s.account, s.holder, '-infinity') k
    LEFT JOIN LATERAL (
        SELECT b.number, b.bank_code, b.origin, b.recorded_at FROM registry_bankaccount b
        WHERE b.employer_id = o.employer_id AND b.reverses_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM registry_bankaccount r WHERE r.reverses_id = b.id)
        ORDER BY b.enabled_on DESC NULLS LAST, b.id DESC LIMIT 1
    ) head ON true
    WHERE s.id = submission
$$;
-- From when on the account of a submission may be paid to.
CREATE FUNCTION refunds_payable_row(submission bigint) RETURNS TABLE (begins timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN s.kind = 'CORRECTION' AND own.state <> 'CONFIRMED' OR o.overtaken THEN 'infinity'
        WHEN k.known THEN '-infinity'
        WHEN s.kind = 'CORRECTION' THEN coalesce(own.cooling_until, '-infinity')
        WHEN latest.state IN ('PROPOSED', 'CHECKED') THEN 'infinity'
        -- Somebody has said that it is not theirs: only a confirmed change brings it back.
        WHEN latest.state IN ('REFUSED', 'WITHDRAWN')
            AND (latest.closed_at >= s.at OR s.cooling_until IS NOT NULL) THEN 'infinity'
        WHEN latest.state = 'CONFIRMED'
            AND latest.confirmed_at > coalesce(d.doubted, '-infinity') THEN latest.cooling_until
        ELSE coalesce(s.cooling_until, '-infinity')
    END
    FROM refunds_submission s
    JOIN refunds_obligation owed ON owed.id = s.obligation_id
    LEFT JOIN refunds_accountchange own ON own.submission_id = s.id
    CROSS JOIN LATERAL refunds_overtaken_row(s.id) o
    CROSS JOIN LATERAL refunds_doubted_row(owed.employer_id, s.account, s.at) d
    CROSS JOIN LATERAL refunds_known_row(owed.employer_id, s.account, s.holder, d.doubted) k
    LEFT JOIN LATERAL (
        SELECT c.state, c.closed_at, c.confirmed_at, c.cooling_until FROM refunds_accountchange c
        WHERE c.employer_id = owed.employer_id AND c.number = s.account
        ORDER BY c.id DESC LIMIT 1
    ) latest ON true
    WHERE s.id = submission
$$;

-- The same one at a time: planned once a session.
CREATE OR REPLACE FUNCTION refunds_tier_of(submission bigint) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT t.id FROM refunds_tier_row(submission) t);
END
$$;
CREATE OR REPLACE FUNCTION refunds_levels_of(submission bigint) RETURNS varchar[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT t.levels FROM refunds_tier_row(submission) t);
END
$$;
CREATE OR REPLACE FUNCTION refunds_content(submission bigint) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT c.content FROM refunds_content_row(submission) c);
END
$$;
CREATE OR REPLACE FUNCTION refunds_granted_to(submission bigint) RETURNS varchar[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT g.levels FROM refunds_granted_row(submission) g);
END
$$;
CREATE OR REPLACE FUNCTION refunds_account_known(employer bigint, account varchar, payee varchar)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT k.known FROM refunds_doubted_row(employer, account, 'infinity') d
        CROSS JOIN LATERAL refunds_known_row(employer, account, payee, d.doubted) k
    );
END
$$;
CREATE OR REPLACE FUNCTION refunds_account_overtaken(submission bigint) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT o.overtaken FROM refunds_overtaken_row(submission) o);
END
$$;
CREATE OR REPLACE FUNCTION refunds_payable_from(submission bigint) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (SELECT p.begins FROM refunds_payable_row(submission) p);
END
$$;
DROP FUNCTION refunds_account_known(bigint, varchar, varchar, timestamptz);
DROP FUNCTION refunds_account_doubted(bigint, varchar, timestamptz);
DROP FUNCTION refunds_choice_of(bigint);
DROP FUNCTION refunds_rules_on(date);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0016_account_papers"),
    ]

    operations = [
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        pgtrigger.migrations.RemoveTrigger(
            model_name="attempt",
            name="attempt_is_approved",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="attempt",
            name="cool_account",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="attempt",
            name="joins_a_draft",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="attempt",
            trigger=pgtrigger.compiler.Trigger(
                name="attempt_is_approved",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE wrong text;",
                    func="\n        SELECT found.wrong INTO wrong FROM (\n            SELECT CASE\n                WHEN n.submission_id IS DISTINCT FROM s.latest THEN 'not the latest account'\n                WHEN (g.asked <@ g.levels) IS NOT TRUE THEN 'approvals are missing'\n                -- Before there were cases, one officer confirmed a new account.\n                WHEN s.latest <> s.chosen AND NOT (\n                    SELECT CASE WHEN EXISTS (\n                        SELECT 1 FROM refunds_accountchange c WHERE c.submission_id = s.latest\n                    ) THEN r.levels @> '{ACCOUNT,ACCOUNT2}'::varchar[]\n                    ELSE 'ACCOUNT' = ANY (r.levels) END\n                    FROM refunds_granted_row(s.latest) r\n                ) THEN 'the new account is not confirmed'\n                WHEN NOT EXISTS (\n                    SELECT 1 FROM refunds_submission m\n                    JOIN refunds_obligation o ON o.id = m.obligation_id\n                    JOIN refunds_batch b ON b.id = n.batch_id\n                    WHERE m.id = s.latest AND o.amount = n.amount AND b.insurance = o.insurance\n                        AND m.holder = n.holder AND m.bank = n.bank\n                        AND m.bank_code = n.bank_code AND m.account = n.account\n                ) THEN 'amount, fund or account differ from what was approved'\n            END AS wrong\n            FROM new_lines n\n            CROSS JOIN LATERAL (\n                SELECT max(id) FILTER (WHERE kind = 'CHOICE') AS chosen, max(id) AS latest\n                FROM refunds_submission WHERE obligation_id = n.obligation_id\n            ) s\n            LEFT JOIN LATERAL refunds_granted_row(s.chosen) g ON true\n        ) found WHERE found.wrong IS NOT NULL LIMIT 1;\n        IF FOUND THEN\n            RAISE EXCEPTION 'refunds: %', wrong USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="252607f460db2c2135026e5ad95e9c0c28ffd715",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_attempt_is_approved_830c5",
                    referencing="REFERENCING NEW TABLE AS new_lines ",
                    table="refunds_attempt",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="attempt",
            trigger=pgtrigger.compiler.Trigger(
                name="cool_account",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF EXISTS (\n            SELECT FROM new_lines n CROSS JOIN LATERAL refunds_payable_row(n.submission_id) p\n            WHERE p.begins > n.sealed_at\n        ) THEN\n            RAISE EXCEPTION 'refunds: the account is not to be paid to yet' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="5b325d7267eaa7231b4f0a634cb5315fa90e3514",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_cool_account_397df",
                    referencing="REFERENCING NEW TABLE AS new_lines ",
                    table="refunds_attempt",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="attempt",
            trigger=pgtrigger.compiler.Trigger(
                name="joins_a_draft",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        -- Held until we commit, so that the batch can't go on meanwhile without these lines.\n        PERFORM FROM refunds_batch b WHERE b.id IN (SELECT batch_id FROM new_lines) FOR SHARE;\n        IF EXISTS (\n            SELECT FROM new_lines n WHERE NOT EXISTS (\n                SELECT FROM refunds_batch b WHERE b.id = n.batch_id AND b.state = 'DRAFT'\n            )\n        ) THEN\n            RAISE EXCEPTION 'refunds: lines join only a draft' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="86c70cc497196f06cc87275fb795bd000248bb41",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_joins_a_draft_957f0",
                    referencing="REFERENCING NEW TABLE AS new_lines ",
                    table="refunds_attempt",
                    when="AFTER",
                ),
            ),
        ),
    ]
