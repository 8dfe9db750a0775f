"""Money of construction projects goes back: refunds and items of projects, and their guards.

What is agreed to names the project where there is one; of any other refund it is the same text
as before, so approvals given before still stand.
"""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

CONTENT = r"""
CREATE OR REPLACE FUNCTION refunds_content_row(submission bigint)
RETURNS TABLE (content text, asked varchar[])
LANGUAGE sql STABLE AS $$
    SELECT (jsonb_build_object(
        'form', 1,
        'receipt', o.receipt,
        'employer', o.employer_id,
        'insurance', o.insurance,
        'amount', o.amount,
        'as_of', o.as_of,
        'items', (
            SELECT jsonb_agg(
                CASE WHEN o.project_id IS NULL
                THEN jsonb_build_array(i.month, i.amount, i.assessment_id, i.run_id)
                ELSE jsonb_build_array(i.month, i.amount, i.project_relief_id, i.run_id) END
                ORDER BY i.month
            ) FROM refunds_obligationitem i WHERE i.obligation_id = o.id
        ),
        'submission', jsonb_build_array(s.number, s.kind, s.by_user_id),
        'account', jsonb_build_array(s.holder, s.bank, s.bank_code, s.account),
        'tier', CASE WHEN t.id IS NOT NULL
            THEN jsonb_build_array(t.rules_id, t.amount_from, to_jsonb(t.levels)) END
    ) || CASE WHEN o.project_id IS NULL THEN '{}'::jsonb
        ELSE jsonb_build_object('project', o.project_id) END)::text, t.levels
    FROM refunds_submission s
    JOIN refunds_obligation o ON o.id = s.obligation_id
    CROSS JOIN LATERAL refunds_tier_row(s.id) t
    WHERE s.id = submission
$$;
"""
# As in 0017_door_by_statement.
FORMER = r"""
CREATE OR REPLACE FUNCTION refunds_content_row(submission bigint)
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
"""


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0019_named_hands"),
        ("registry", "0009_bank_offices"),
        ("relief", "0025_project_paid_back"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="obligation",
            name="fixed",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="obligation",
            name="reopened_within_arrived",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="obligationitem",
            name="items_within_arrived",
        ),
        migrations.AddField(
            model_name="obligation",
            name="project",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="refunds",
                to="relief.project",
                verbose_name="建设项目",
            ),
        ),
        migrations.AddField(
            model_name="obligationitem",
            name="project_relief",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="relief.projectrelief",
                verbose_name="建设项目减免",
            ),
        ),
        migrations.AlterField(
            model_name="obligationitem",
            name="assessment",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="relief.assessment",
                verbose_name="核定结果",
            ),
        ),
        migrations.AddIndex(
            model_name="obligation",
            index=models.Index(
                condition=models.Q(("project__isnull", False)),
                fields=["project"],
                name="obligation_of_project",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="obligation",
            trigger=pgtrigger.compiler.Trigger(
                name="fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."receipt" IS DISTINCT FROM (NEW."receipt") OR OLD."employer_id" IS DISTINCT FROM (NEW."employer_id") OR OLD."insurance" IS DISTINCT FROM (NEW."insurance") OR OLD."project_id" IS DISTINCT FROM (NEW."project_id") OR OLD."round" IS DISTINCT FROM (NEW."round") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."as_of" IS DISTINCT FROM (NEW."as_of") OR OLD."opened_at" IS DISTINCT FROM (NEW."opened_at") OR OLD."supersedes_id" IS DISTINCT FROM (NEW."supersedes_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="baecc95f64f2883715f553f962029afa4c059b96",
                    operation="UPDATE",
                    pgid="pgtrigger_fixed_808d9",
                    table="refunds_obligation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="obligation",
            trigger=pgtrigger.compiler.Trigger(
                name="reopened_within_arrived",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.state = 'PAID' AND NEW.state <> 'PAID')",
                    func="\nPERFORM pg_advisory_xact_lock(7202002);\nIF EXISTS (\n    SELECT 1\n    FROM (\n        SELECT DISTINCT o.employer_id, o.insurance, i.month\n        FROM (SELECT * FROM refunds_obligationitem WHERE obligation_id = NEW.id) i JOIN refunds_obligation o ON o.id = i.obligation_id\n        WHERE o.project_id IS NULL\n    ) k\n    WHERE (\n        SELECT coalesce(sum(i.amount - CASE o.state WHEN 'OFFSETTING' THEN (\n            SELECT coalesce(sum(u.amount), 0) FROM refunds_offsetuse u WHERE u.item_id = i.id\n        ) ELSE 0 END), 0)\n        FROM refunds_obligationitem i JOIN refunds_obligation o ON o.id = i.obligation_id\n        WHERE o.employer_id = k.employer_id AND o.insurance = k.insurance AND i.month = k.month\n            AND o.project_id IS NULL AND o.state NOT IN ('PAID', 'OFFSET', 'SUPERSEDED')\n    ) + (\n        SELECT coalesce(sum(b.amount), 0) FROM relief_paidback b\n        WHERE b.employer_id = k.employer_id AND b.insurance = k.insurance AND b.month = k.month\n            AND NOT (b.kind = 'OFFSET' AND b.reference LIKE '%.in')\n    ) > (\n        SELECT coalesce(sum(p.employer_amount), 0) FROM relief_payment p\n        WHERE p.employer_id = k.employer_id AND p.insurance = k.insurance AND p.month = k.month\n    )\n) THEN\n    RAISE EXCEPTION 'refunds: more would go back than arrived' USING ERRCODE = 'check_violation';\nEND IF;\n\nIF EXISTS (\n    SELECT 1\n    FROM (\n        SELECT DISTINCT o.project_id\n        FROM (SELECT * FROM refunds_obligationitem WHERE obligation_id = NEW.id) i JOIN refunds_obligation o ON o.id = i.obligation_id\n        WHERE o.project_id IS NOT NULL\n    ) k\n    WHERE (\n        SELECT coalesce(sum(i.amount), 0)\n        FROM refunds_obligationitem i JOIN refunds_obligation o ON o.id = i.obligation_id\n        WHERE o.project_id = k.project_id AND o.state NOT IN ('PAID', 'SUPERSEDED')\n    ) + (\n        SELECT coalesce(sum(b.amount), 0) FROM relief_projectpaidback b\n        WHERE b.project_id = k.project_id\n    ) > coalesce((\n        SELECT max(v.premium) FROM relief_projectversion v WHERE v.project_id = k.project_id\n    ), 0)\n) THEN\n    RAISE EXCEPTION 'refunds: more would go back than the project paid'\n        USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NULL;",
                    hash="d487919de54be980f4d7388fae431a7e28cd6639",
                    operation='UPDATE OF "state"',
                    pgid="pgtrigger_reopened_within_arrived_8edcd",
                    table="refunds_obligation",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="obligationitem",
            trigger=pgtrigger.compiler.Trigger(
                name="items_within_arrived",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\nPERFORM pg_advisory_xact_lock(7202002);\nIF EXISTS (\n    SELECT 1\n    FROM (\n        SELECT DISTINCT o.employer_id, o.insurance, i.month\n        FROM new_items i JOIN refunds_obligation o ON o.id = i.obligation_id\n        WHERE o.project_id IS NULL\n    ) k\n    WHERE (\n        SELECT coalesce(sum(i.amount - CASE o.state WHEN 'OFFSETTING' THEN (\n            SELECT coalesce(sum(u.amount), 0) FROM refunds_offsetuse u WHERE u.item_id = i.id\n        ) ELSE 0 END), 0)\n        FROM refunds_obligationitem i JOIN refunds_obligation o ON o.id = i.obligation_id\n        WHERE o.employer_id = k.employer_id AND o.insurance = k.insurance AND i.month = k.month\n            AND o.project_id IS NULL AND o.state NOT IN ('PAID', 'OFFSET', 'SUPERSEDED')\n    ) + (\n        SELECT coalesce(sum(b.amount), 0) FROM relief_paidback b\n        WHERE b.employer_id = k.employer_id AND b.insurance = k.insurance AND b.month = k.month\n            AND NOT (b.kind = 'OFFSET' AND b.reference LIKE '%.in')\n    ) > (\n        SELECT coalesce(sum(p.employer_amount), 0) FROM relief_payment p\n        WHERE p.employer_id = k.employer_id AND p.insurance = k.insurance AND p.month = k.month\n    )\n) THEN\n    RAISE EXCEPTION 'refunds: more would go back than arrived' USING ERRCODE = 'check_violation';\nEND IF;\n\nIF EXISTS (\n    SELECT 1\n    FROM (\n        SELECT DISTINCT o.project_id\n        FROM new_items i JOIN refunds_obligation o ON o.id = i.obligation_id\n        WHERE o.project_id IS NOT NULL\n    ) k\n    WHERE (\n        SELECT coalesce(sum(i.amount), 0)\n        FROM refunds_obligationitem i JOIN refunds_obligation o ON o.id = i.obligation_id\n        WHERE o.project_id = k.project_id AND o.state NOT IN ('PAID', 'SUPERSEDED')\n    ) + (\n        SELECT coalesce(sum(b.amount), 0) FROM relief_projectpaidback b\n        WHERE b.project_id = k.project_id\n    ) > coalesce((\n        SELECT v.premium FROM relief_projectversion v\n        WHERE v.project_id = k.project_id AND v.withdraws_id IS NULL AND NOT EXISTS (\n            SELECT 1 FROM relief_projectversion w WHERE w.withdraws_id = v.id)\n        ORDER BY v.id DESC LIMIT 1\n    ), 0)\n) THEN\n    RAISE EXCEPTION 'refunds: more would go back than the project paid'\n        USING ERRCODE = 'check_violation';\nEND IF;\n\n    IF EXISTS (\n        SELECT 1 FROM refunds_obligation o\n        JOIN refunds_obligationitem i ON i.obligation_id = o.id\n        WHERE o.id IN (SELECT obligation_id FROM new_items)\n        GROUP BY o.id, o.amount HAVING sum(i.amount) > o.amount\n    ) THEN\n        RAISE EXCEPTION 'refunds: items exceed their obligation'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n    ",
                    hash="1749e3cba8063b1c16b89e3eaecaf1aef47b23cd",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_items_within_arrived_9b2f0",
                    referencing="REFERENCING NEW TABLE AS new_items ",
                    table="refunds_obligationitem",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="obligationitem",
            trigger=pgtrigger.compiler.Trigger(
                name="items_of_their_kind",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF EXISTS (\n            SELECT 1 FROM new_items i JOIN refunds_obligation o ON o.id = i.obligation_id\n            WHERE (o.project_id IS NULL) <> (i.project_relief_id IS NULL)\n        ) THEN\n            RAISE EXCEPTION 'refunds: an item rests on another kind of finding than its refund'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF EXISTS (\n            SELECT 1 FROM new_items i JOIN refunds_obligation o ON o.id = i.obligation_id\n            JOIN relief_projectrelief r ON r.id = i.project_relief_id\n            JOIN relief_run u ON u.id = r.run_id\n            WHERE r.project_id <> o.project_id OR r.employer_id <> o.employer_id\n                OR i.run_id <> r.run_id OR u.state <> 'DONE' OR r.relief <= 0\n                OR i.amount <> o.amount\n        ) THEN\n            RAISE EXCEPTION 'refunds: nothing of this project and contractor rests on this'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF EXISTS (\n            SELECT 1 FROM new_items i JOIN relief_projectrelief r ON r.id = i.project_relief_id\n            WHERE r.flags > 0 AND NOT EXISTS (\n                SELECT 1 FROM relief_projectlook l\n                WHERE l.version_id = r.version_id AND l.flags = r.flags\n            )\n        ) THEN\n            RAISE EXCEPTION 'refunds: nobody has looked at what is flagged of the project'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="f14ba8d0e87254b915a4a3741a6db4b86e659486",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_items_of_their_kind_a962b",
                    referencing="REFERENCING NEW TABLE AS new_items ",
                    table="refunds_obligationitem",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("project__isnull", True), ("insurance", "injury"), _connector="OR"
                ),
                name="project_refund_is_injury",
            ),
        ),
        migrations.AddConstraint(
            model_name="obligation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("project__isnull", True),
                    models.Q(("state__in", ["OFFSETTING", "OFFSET"]), _negated=True),
                    _connector="OR",
                ),
                name="project_is_never_offset",
            ),
        ),
        migrations.AddConstraint(
            model_name="obligationitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("assessment__isnull", False),
                    ("project_relief__isnull", False),
                    _connector="XOR",
                ),
                name="item_has_one_ground",
            ),
        ),
        migrations.RunSQL(CONTENT, FORMER),
    ]
