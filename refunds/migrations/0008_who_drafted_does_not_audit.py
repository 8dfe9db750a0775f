"""Audit's guards read who drafted a batch from its own column."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0007_batch_life"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="holdend",
            name="ended_by_audit",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="samplecheck",
            name="checked_by_audit",
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="holdend",
            trigger=pgtrigger.compiler.Trigger(
                name="ended_by_audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE found record;",
                    func="\n        SELECT t.obligation_id, o.state, c.verdict, c.officer_id AS holder,\n            b.drafted_by_id AS drafted_by INTO found\n        FROM refunds_samplecheck c\n        JOIN refunds_sampleline l ON l.id = c.line_id\n        JOIN refunds_attempt t ON t.id = l.attempt_id\n        JOIN refunds_batch b ON b.id = t.batch_id\n        JOIN refunds_obligation o ON o.id = t.obligation_id\n        WHERE c.id = NEW.check_made_id;\n        IF found.verdict <> 'HOLD' OR found.state <> 'HELD' THEN\n            RAISE EXCEPTION 'refunds: this refund is not held' USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.released AND found.holder = NEW.officer_id THEN\n            RAISE EXCEPTION 'refunds: another auditor releases' USING ERRCODE = 'check_violation';\n        END IF;\n        \nIF NOT EXISTS (\n    SELECT 1 FROM registry_officer f\n    JOIN registry_agency g ON g.id = f.agency_id AND g.kind = 'SOCIAL_INSURANCE'\n    JOIN registry_district d ON d.code = g.district_id AND d.is_city\n    JOIN auth_user u ON u.id = f.user_id AND u.is_active\n    WHERE f.id = NEW.officer_id AND f.post = 'AUDIT'\n) THEN\n    RAISE EXCEPTION 'refunds: only audit of the city level' USING ERRCODE = 'check_violation';\nEND IF;\nIF EXISTS (\n    SELECT 1 FROM refunds_submission s\n    LEFT JOIN refunds_approval a ON a.submission_id = s.id\n    LEFT JOIN registry_officer f ON f.user_id = s.by_user_id\n    WHERE s.obligation_id = found.obligation_id\n        AND (a.officer_id = NEW.officer_id OR f.id = NEW.officer_id)\n) OR NEW.officer_id = found.drafted_by THEN\n    RAISE EXCEPTION 'refunds: nobody audits what they had part in'\n        USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;",
                    hash="652dc43d098e9e5608f9cfc0da8d3da68bd2b75a",
                    operation="INSERT",
                    pgid="pgtrigger_ended_by_audit_336e8",
                    table="refunds_holdend",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="samplecheck",
            trigger=pgtrigger.compiler.Trigger(
                name="checked_by_audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE found record;",
                    func="\n        SELECT t.obligation_id, t.state, b.state AS batch, b.drafted_by_id AS drafted_by INTO found\n        FROM refunds_sampleline l\n        JOIN refunds_attempt t ON t.id = l.attempt_id\n        JOIN refunds_batch b ON b.id = t.batch_id\n        WHERE l.id = NEW.line_id;\n        IF found.batch <> 'DRAFT' OR found.state <> 'QUEUED' THEN\n            RAISE EXCEPTION 'refunds: this batch has gone on' USING ERRCODE = 'check_violation';\n        END IF;\n        \nIF NOT EXISTS (\n    SELECT 1 FROM registry_officer f\n    JOIN registry_agency g ON g.id = f.agency_id AND g.kind = 'SOCIAL_INSURANCE'\n    JOIN registry_district d ON d.code = g.district_id AND d.is_city\n    JOIN auth_user u ON u.id = f.user_id AND u.is_active\n    WHERE f.id = NEW.officer_id AND f.post = 'AUDIT'\n) THEN\n    RAISE EXCEPTION 'refunds: only audit of the city level' USING ERRCODE = 'check_violation';\nEND IF;\nIF EXISTS (\n    SELECT 1 FROM refunds_submission s\n    LEFT JOIN refunds_approval a ON a.submission_id = s.id\n    LEFT JOIN registry_officer f ON f.user_id = s.by_user_id\n    WHERE s.obligation_id = found.obligation_id\n        AND (a.officer_id = NEW.officer_id OR f.id = NEW.officer_id)\n) OR NEW.officer_id = found.drafted_by THEN\n    RAISE EXCEPTION 'refunds: nobody audits what they had part in'\n        USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;",
                    hash="6f3effb49efa443f0ee3dfa3518b8a83c899a2f0",
                    operation="INSERT",
                    pgid="pgtrigger_checked_by_audit_c278e",
                    table="refunds_samplecheck",
                    when="BEFORE",
                ),
            ),
        ),
    ]
