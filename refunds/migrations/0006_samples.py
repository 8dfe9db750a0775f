"""What audit looks at before release: seeds, draws, what it said; and the guards of their order."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0005_telling"),
        ("registry", "0008_post_of_head"),
    ]

    operations = [
        migrations.CreateModel(
            name="HoldEnd",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("released", models.BooleanField(verbose_name="放行")),
                ("reason", models.CharField(max_length=200, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
            ],
            options={
                "verbose_name": "核查结论",
                "verbose_name_plural": "核查结论",
            },
        ),
        migrations.CreateModel(
            name="SampleCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "verdict",
                    models.CharField(
                        choices=[("CLEAR", "核查无误"), ("HOLD", "拦下核查")],
                        max_length=8,
                        verbose_name="结论",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
            ],
            options={
                "verbose_name": "稽核结论",
                "verbose_name_plural": "稽核结论",
            },
        ),
        migrations.CreateModel(
            name="SampleDraw",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("considered", models.PositiveIntegerField(verbose_name="批次笔数")),
                ("at", models.DateTimeField(verbose_name="抽取时间")),
            ],
            options={
                "verbose_name": "抽查",
                "verbose_name_plural": "抽查",
            },
        ),
        migrations.CreateModel(
            name="SampleLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("by_lot", models.BooleanField(verbose_name="随机抽中")),
                ("reasons", models.JSONField(blank=True, default=list, verbose_name="原因")),
            ],
            options={
                "verbose_name": "抽查明细",
                "verbose_name_plural": "抽查明细",
            },
        ),
        migrations.CreateModel(
            name="SampleSeed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("nonce", models.CharField(max_length=64, unique=True, verbose_name="随机数")),
                (
                    "commitment",
                    models.CharField(max_length=64, unique=True, verbose_name="密钥摘要"),
                ),
                ("committed_at", models.DateTimeField(verbose_name="提交时间")),
                ("secret", models.CharField(blank=True, max_length=64, verbose_name="公布的密钥")),
                (
                    "revealed_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="公布时间"),
                ),
            ],
            options={
                "verbose_name": "抽查种子",
                "verbose_name_plural": "抽查种子",
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="attempt",
            trigger=pgtrigger.compiler.Trigger(
                name="no_line_after_the_draw",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF EXISTS (\n            SELECT 1 FROM (SELECT DISTINCT batch_id FROM new_lines) n\n            JOIN refunds_sampleseed s ON s.batch_id = n.batch_id\n            WHERE s.secret <> ''\n        ) THEN\n            RAISE EXCEPTION 'refunds: the sample of this batch is drawn'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="95dfde6185d89953f524e4d547f7a6439b417699",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_no_line_after_the_draw_179db",
                    referencing="REFERENCING NEW TABLE AS new_lines ",
                    table="refunds_attempt",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="batch",
            trigger=pgtrigger.compiler.Trigger(
                name="seed_bound",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.state = 'DRAFT')",
                    declare="DECLARE seed bigint;",
                    func="\n        SELECT s.id INTO seed FROM refunds_sampleseed s WHERE s.batch_id IS NULL\n        ORDER BY s.id DESC LIMIT 1 FOR UPDATE;\n        IF seed IS NULL THEN\n            RAISE EXCEPTION 'refunds: no seed is committed' USING ERRCODE = 'check_violation';\n        END IF;\n        UPDATE refunds_sampleseed SET batch_id = NEW.id WHERE id = seed;\n        RETURN NULL;\n        ",
                    hash="ce7c7bcd48d945a6f0cf138d7734557664546f0b",
                    operation="INSERT",
                    pgid="pgtrigger_seed_bound_68889",
                    table="refunds_batch",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="batch",
            trigger=pgtrigger.compiler.Trigger(
                name="sample_cleared",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.state IN ('CHECKED', 'APPROVED', 'SEALED') AND OLD.state <> NEW.state)",
                    func="\n        IF NOT EXISTS (SELECT 1 FROM refunds_sampledraw d WHERE d.batch_id = NEW.id) OR EXISTS (\n            SELECT 1 FROM refunds_sampledraw d\n            JOIN refunds_sampleline l ON l.draw_id = d.id\n            JOIN refunds_attempt t ON t.id = l.attempt_id\n            LEFT JOIN refunds_samplecheck c ON c.line_id = l.id\n            WHERE d.batch_id = NEW.id AND t.state <> 'RECALLED'\n                AND c.verdict IS DISTINCT FROM 'CLEAR'\n        ) THEN\n            RAISE EXCEPTION 'refunds: audit has not cleared every drawn line'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="dede2ca13ab2eacd22da00c2ef7c5107a272cd10",
                    operation='UPDATE OF "state"',
                    pgid="pgtrigger_sample_cleared_3c659",
                    table="refunds_batch",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="obligation",
            trigger=pgtrigger.compiler.Trigger(
                name="moved_by_audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.state <> NEW.state AND (NEW.state = 'HELD' OR OLD.state = 'HELD' AND NEW.state <> 'SUPERSEDED'))",
                    declare="DECLARE held bigint; freed boolean;",
                    func="\n        SELECT c.id, e.released INTO held, freed FROM refunds_attempt t\n        JOIN refunds_sampleline l ON l.attempt_id = t.id\n        JOIN refunds_samplecheck c ON c.line_id = l.id AND c.verdict = 'HOLD'\n        LEFT JOIN refunds_holdend e ON e.check_made_id = c.id\n        WHERE t.obligation_id = NEW.id ORDER BY c.id DESC LIMIT 1;\n        IF held IS NULL\n            OR NEW.state = 'HELD' AND freed IS NOT NULL\n            OR NEW.state = 'APPROVED' AND freed IS DISTINCT FROM true\n            OR NEW.state = 'RETURNED' AND freed IS DISTINCT FROM false\n        THEN\n            RAISE EXCEPTION 'refunds: audit has said nothing of the kind'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="0f2bbefa47014929ffc171632bc9834274ce3736",
                    operation='UPDATE OF "state"',
                    pgid="pgtrigger_moved_by_audit_e6b51",
                    table="refunds_obligation",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="obligation",
            trigger=pgtrigger.compiler.Trigger(
                name="recalled_when_held",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.state = 'HELD' AND OLD.state <> 'HELD')",
                    constraint="CONSTRAINT",
                    func="\n        IF EXISTS (\n            SELECT 1 FROM refunds_attempt t JOIN refunds_obligation o ON o.id = t.obligation_id\n            WHERE o.id = NEW.id AND o.state = 'HELD'\n                AND t.state IN ('QUEUED', 'SENT', 'UNKNOWN', 'PAID')\n        ) THEN\n            RAISE EXCEPTION 'refunds: a held refund is still in a batch'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="246a907025f954c700732dc505b2bc0c2a3ea52f",
                    operation='UPDATE OF "state"',
                    pgid="pgtrigger_recalled_when_held_e76eb",
                    table="refunds_obligation",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddField(
            model_name="holdend",
            name="officer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.officer",
                verbose_name="稽核人",
            ),
        ),
        migrations.AddField(
            model_name="samplecheck",
            name="officer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.officer",
                verbose_name="稽核人",
            ),
        ),
        migrations.AddField(
            model_name="holdend",
            name="check_made",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="end",
                to="refunds.samplecheck",
                verbose_name="稽核结论",
            ),
        ),
        migrations.AddField(
            model_name="sampledraw",
            name="batch",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="sample",
                to="refunds.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AddField(
            model_name="sampledraw",
            name="rules",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="refunds.approvalrules",
                verbose_name="审批规则",
            ),
        ),
        migrations.AddField(
            model_name="sampleline",
            name="attempt",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="sampled",
                to="refunds.attempt",
                verbose_name="付款",
            ),
        ),
        migrations.AddField(
            model_name="sampleline",
            name="draw",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="lines",
                to="refunds.sampledraw",
                verbose_name="抽查",
            ),
        ),
        migrations.AddField(
            model_name="samplecheck",
            name="line",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="check_made",
                to="refunds.sampleline",
                verbose_name="抽查明细",
            ),
        ),
        migrations.AddField(
            model_name="sampleseed",
            name="batch",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="seed",
                to="refunds.batch",
                verbose_name="批次",
            ),
        ),
        migrations.AddField(
            model_name="sampleseed",
            name="committed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.officer",
                verbose_name="提交人",
            ),
        ),
        migrations.AddConstraint(
            model_name="holdend",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="hold_end_has_a_reason",
                violation_error_message="请写明原因。",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="holdend",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="dfe5162cce209551b693bb86c68805b6f0cff15f",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_833e8",
                    table="refunds_holdend",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="holdend",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="3ea83a07f01256689fd162ef9ceac5c4ade4002a",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_cf067",
                    table="refunds_holdend",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="holdend",
            trigger=pgtrigger.compiler.Trigger(
                name="ended_by_audit",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE found record;",
                    func="\n        SELECT t.obligation_id, o.state, c.verdict, c.officer_id AS holder,\n            (to_jsonb(b) ->> 'drafted_by_id')::bigint AS drafted_by INTO found\n        FROM refunds_samplecheck c\n        JOIN refunds_sampleline l ON l.id = c.line_id\n        JOIN refunds_attempt t ON t.id = l.attempt_id\n        JOIN refunds_batch b ON b.id = t.batch_id\n        JOIN refunds_obligation o ON o.id = t.obligation_id\n        WHERE c.id = NEW.check_made_id;\n        IF found.verdict <> 'HOLD' OR found.state <> 'HELD' THEN\n            RAISE EXCEPTION 'refunds: this refund is not held' USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.released AND found.holder = NEW.officer_id THEN\n            RAISE EXCEPTION 'refunds: another auditor releases' USING ERRCODE = 'check_violation';\n        END IF;\n        \nIF NOT EXISTS (\n    SELECT 1 FROM registry_officer f\n    JOIN registry_agency g ON g.id = f.agency_id AND g.kind = 'SOCIAL_INSURANCE'\n    JOIN registry_district d ON d.code = g.district_id AND d.is_city\n    JOIN auth_user u ON u.id = f.user_id AND u.is_active\n    WHERE f.id = NEW.officer_id AND f.post = 'AUDIT'\n) THEN\n    RAISE EXCEPTION 'refunds: only audit of the city level' USING ERRCODE = 'check_violation';\nEND IF;\nIF EXISTS (\n    SELECT 1 FROM refunds_submission s\n    LEFT JOIN refunds_approval a ON a.submission_id = s.id\n    LEFT JOIN registry_officer f ON f.user_id = s.by_user_id\n    WHERE s.obligation_id = found.obligation_id\n        AND (a.officer_id = NEW.officer_id OR f.id = NEW.officer_id)\n) OR NEW.officer_id = found.drafted_by THEN\n    RAISE EXCEPTION 'refunds: nobody audits what they had part in'\n        USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;",
                    hash="ccbb9676a7e903119de548dcbd00ea7a0bd5a701",
                    operation="INSERT",
                    pgid="pgtrigger_ended_by_audit_336e8",
                    table="refunds_holdend",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sampledraw",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="94dfce72b5b3e067c7ef87e9f025aff6037d7f47",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_b7dd4",
                    table="refunds_sampledraw",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sampledraw",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="85b86b39d92d85f8104cd6de90ed35afdd7f671f",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_05deb",
                    table="refunds_sampledraw",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sampledraw",
            trigger=pgtrigger.compiler.Trigger(
                name="drawn_from_a_revealed_seed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF NOT EXISTS (\n            SELECT 1 FROM refunds_sampleseed s WHERE s.batch_id = NEW.batch_id AND s.secret <> ''\n        ) OR NEW.considered <> (\n            SELECT count(*) FROM refunds_attempt t WHERE t.batch_id = NEW.batch_id\n        ) THEN\n            RAISE EXCEPTION 'refunds: not a draw over the whole batch'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="9d6a4082e4840bba2cb77cfe406a033d436818eb",
                    operation="INSERT",
                    pgid="pgtrigger_drawn_from_a_revealed_seed_bfe00",
                    table="refunds_sampledraw",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="sampleline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("by_lot", True), models.Q(("reasons", []), _negated=True), _connector="OR"
                ),
                name="sample_line_has_a_reason",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sampleline",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="97f3bd0be8c6ff948cd2fdd7c2b59ac6c024b5c9",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_e867c",
                    table="refunds_sampleline",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sampleline",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="8ea8f1dd9713c864c1476452ec7d76eb43e5c2f5",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_aba4d",
                    table="refunds_sampleline",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="samplecheck",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verdict", "CLEAR"), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="sample_hold_has_a_reason",
                violation_error_message="拦下时请写明原因。",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="samplecheck",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="5beed97c77bc86c9f23e59e0489702e06e3d016c",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_502bc",
                    table="refunds_samplecheck",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="samplecheck",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="558c968a62ef397276b7eabb31fd469513bf6f71",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_de5ac",
                    table="refunds_samplecheck",
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
                    func="\n        SELECT t.obligation_id, t.state, b.state AS batch, (to_jsonb(b) ->> 'drafted_by_id')::bigint AS drafted_by INTO found\n        FROM refunds_sampleline l\n        JOIN refunds_attempt t ON t.id = l.attempt_id\n        JOIN refunds_batch b ON b.id = t.batch_id\n        WHERE l.id = NEW.line_id;\n        IF found.batch <> 'DRAFT' OR found.state <> 'QUEUED' THEN\n            RAISE EXCEPTION 'refunds: this batch has gone on' USING ERRCODE = 'check_violation';\n        END IF;\n        \nIF NOT EXISTS (\n    SELECT 1 FROM registry_officer f\n    JOIN registry_agency g ON g.id = f.agency_id AND g.kind = 'SOCIAL_INSURANCE'\n    JOIN registry_district d ON d.code = g.district_id AND d.is_city\n    JOIN auth_user u ON u.id = f.user_id AND u.is_active\n    WHERE f.id = NEW.officer_id AND f.post = 'AUDIT'\n) THEN\n    RAISE EXCEPTION 'refunds: only audit of the city level' USING ERRCODE = 'check_violation';\nEND IF;\nIF EXISTS (\n    SELECT 1 FROM refunds_submission s\n    LEFT JOIN refunds_approval a ON a.submission_id = s.id\n    LEFT JOIN registry_officer f ON f.user_id = s.by_user_id\n    WHERE s.obligation_id = found.obligation_id\n        AND (a.officer_id = NEW.officer_id OR f.id = NEW.officer_id)\n) OR NEW.officer_id = found.drafted_by THEN\n    RAISE EXCEPTION 'refunds: nobody audits what they had part in'\n        USING ERRCODE = 'check_violation';\nEND IF;\nRETURN NEW;",
                    hash="822ad4dfa2f94f181071e95abb84abda773e9ca7",
                    operation="INSERT",
                    pgid="pgtrigger_checked_by_audit_c278e",
                    table="refunds_samplecheck",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sampleseed",
            trigger=pgtrigger.compiler.Trigger(
                name="fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."nonce" IS DISTINCT FROM (NEW."nonce") OR OLD."commitment" IS DISTINCT FROM (NEW."commitment") OR OLD."committed_by_id" IS DISTINCT FROM (NEW."committed_by_id") OR OLD."committed_at" IS DISTINCT FROM (NEW."committed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="058ce72acec6f8c67167fbdd0ad67fa0ff335c23",
                    operation="UPDATE",
                    pgid="pgtrigger_fixed_7ecba",
                    table="refunds_sampleseed",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sampleseed",
            trigger=pgtrigger.compiler.Trigger(
                name="committed_then_bound_then_revealed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF TG_OP = 'INSERT' THEN\n            IF NEW.batch_id IS NOT NULL OR NEW.secret <> '' OR NEW.revealed_at IS NOT NULL THEN\n                RAISE EXCEPTION 'refunds: a seed is committed first'\n                    USING ERRCODE = 'check_violation';\n            END IF;\n            RETURN NEW;\n        END IF;\n        IF NEW.batch_id IS DISTINCT FROM OLD.batch_id AND (\n            OLD.batch_id IS NOT NULL OR EXISTS (\n                SELECT 1 FROM refunds_attempt t WHERE t.batch_id = NEW.batch_id\n            )\n        ) THEN\n            RAISE EXCEPTION 'refunds: the list is known already' USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.secret <> OLD.secret AND (\n            OLD.secret <> '' OR OLD.batch_id IS NULL\n            OR NEW.commitment <> encode(sha256(convert_to(NEW.secret, 'UTF8')), 'hex')\n        ) THEN\n            RAISE EXCEPTION 'refunds: not the secret that was committed'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF (NEW.secret = '') <> (NEW.revealed_at IS NULL)\n            OR OLD.revealed_at IS NOT NULL AND NEW.revealed_at <> OLD.revealed_at THEN\n            RAISE EXCEPTION 'refunds: revealed once' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="84489374937353911f1d2d78f656248109a614a8",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_committed_then_bound_then_revealed_78fa6",
                    table="refunds_sampleseed",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="sampleseed",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="28aa8da325c9cc4109c4ad95ef16160c6c03c044",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_765fb",
                    table="refunds_sampleseed",
                    when="BEFORE",
                ),
            ),
        ),
    ]
