"""Agreeing only to an account in the name of the unit."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0009_offsets"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="approval",
            name="valid_decision",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approval",
            trigger=pgtrigger.compiler.Trigger(
                name="valid_decision",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE found record;",
                    func="\n        SELECT o.state, o.amount, o.id AS obligation, e.district_id AS district,\n            f.post, g.kind AS agency, g.district_id AS at_district, d.is_city, u.is_active,\n            refunds_levels_of(NEW.submission_id) AS levels,\n            (SELECT max(l.id) FROM refunds_submission l WHERE l.obligation_id = o.id) AS latest\n        INTO found\n        FROM refunds_submission s\n        JOIN refunds_obligation o ON o.id = s.obligation_id\n        JOIN registry_employer e ON e.id = o.employer_id\n        JOIN registry_officer f ON f.id = NEW.officer_id\n        JOIN registry_agency g ON g.id = f.agency_id\n        JOIN registry_district d ON d.code = g.district_id\n        JOIN auth_user u ON u.id = f.user_id\n        WHERE s.id = NEW.submission_id;\n        IF found.latest IS DISTINCT FROM NEW.submission_id THEN\n            RAISE EXCEPTION 'refunds: not the latest submission' USING ERRCODE = 'check_violation';\n        END IF;\n        IF (NEW.level, found.state) NOT IN (\n            ('FIRST', 'CHOSEN'), ('SECOND', 'CHECKED'), ('THIRD', 'ENDORSED'),\n            ('ACCOUNT', 'CORRECTED')\n        ) THEN\n            RAISE EXCEPTION 'refunds: it is not the turn of this level'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF (NEW.level, found.post) NOT IN (\n            ('FIRST', 'REVIEWER'), ('SECOND', 'FUND_FINANCE'), ('THIRD', 'HEAD'),\n            ('ACCOUNT', 'REVIEWER')\n        ) OR NOT found.is_active OR found.agency <> 'SOCIAL_INSURANCE' OR NOT (\n            found.at_district = found.district\n            OR found.is_city AND found.post IN ('FUND_FINANCE', 'HEAD')\n        ) THEN\n            RAISE EXCEPTION 'refunds: this officer does not decide here'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.level <> 'ACCOUNT' AND NOT coalesce(NEW.level = ANY (found.levels), false) THEN\n            RAISE EXCEPTION 'refunds: nobody asks for this level'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.level = 'THIRD' AND NOT EXISTS (\n            SELECT 1 FROM refunds_approval a\n            WHERE a.submission_id = NEW.submission_id AND a.level = 'SECOND' AND a.granted\n        ) THEN\n            RAISE EXCEPTION 'refunds: the second approval is missing'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.granted AND NOT EXISTS (\n            SELECT 1 FROM refunds_submission s\n            JOIN refunds_obligation o ON o.id = s.obligation_id\n            JOIN registry_employer e ON e.id = o.employer_id\n            WHERE s.id = NEW.submission_id AND regexp_replace(normalize(s.holder, NFKC), '\\s', '', 'g') IN (regexp_replace(normalize(e.name, NFKC), '\\s', '', 'g'), (\n                SELECT regexp_replace(normalize(e.legal_person, NFKC), '\\s', '', 'g') FROM registry_employerterms t\n                WHERE t.employer_id = e.id AND t.from_month <= (NEW.at AT TIME ZONE 'Asia/Shanghai')::date\n                    AND e.legal_person <> '' AND t.unit_type = 'INDIVIDUAL_BUSINESS'\n                    AND NOT EXISTS (\n                        SELECT 1 FROM registry_employerterms later\n                        WHERE later.employer_id = e.id\n                            AND later.from_month <= (NEW.at AT TIME ZONE 'Asia/Shanghai')::date\n                            AND (later.from_month, later.id) > (t.from_month, t.id)\n                    )\n            ))\n        ) THEN\n            RAISE EXCEPTION 'refunds: the account is not in the name of the unit'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.amount IS DISTINCT FROM found.amount\n            OR NEW.content_sha256 IS DISTINCT FROM refunds_content_sha256(NEW.submission_id) THEN\n            RAISE EXCEPTION 'refunds: not what stands there' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="e4797bcb2de85873336b2a416624cd0359341f8c",
                    operation="INSERT",
                    pgid="pgtrigger_valid_decision_506c1",
                    table="refunds_approval",
                    when="BEFORE",
                ),
            ),
        ),
    ]
