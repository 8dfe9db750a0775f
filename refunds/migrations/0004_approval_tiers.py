"""Tiers by amount, approvals with the digest of what was agreed to, and their guards.

The functions come before the triggers that ask them. No way back for data: rows of a third
level would have no place.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from django.utils import timezone

from refunds.services import tiers

FUNCTIONS = """
CREATE FUNCTION refunds_rules_on(day date) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT id FROM refunds_approvalrules
    WHERE published_at IS NOT NULL AND from_day <= day
    ORDER BY from_day DESC, id DESC LIMIT 1
$$;

-- The choice that a submission belongs to: itself, or the one whose account it puts right.
CREATE FUNCTION refunds_choice_of(submission bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT max(c.id) FROM refunds_submission s
    JOIN refunds_submission c ON c.obligation_id = s.obligation_id
    WHERE s.id = submission AND c.kind = 'CHOICE' AND c.id <= s.id
$$;

-- The tier in force for a submission: by the day of the choice and the amount.
CREATE FUNCTION refunds_tier_of(submission bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT t.id FROM refunds_submission s
    JOIN refunds_obligation o ON o.id = s.obligation_id
    JOIN refunds_approvaltier t
        ON t.rules_id = refunds_rules_on((s.at AT TIME ZONE 'Asia/Shanghai')::date)
        AND t.amount_from <= o.amount
    WHERE s.id = refunds_choice_of(submission)
    ORDER BY t.amount_from DESC LIMIT 1
$$;

-- Which levels have to agree; NULL where no rules are in force.
CREATE FUNCTION refunds_levels_of(submission bigint) RETURNS varchar[]
LANGUAGE sql STABLE AS $$
    SELECT levels FROM refunds_approvaltier WHERE id = refunds_tier_of(submission)
$$;

CREATE FUNCTION refunds_content(submission bigint) RETURNS text
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
        'tier', (
            SELECT jsonb_build_array(t.rules_id, t.amount_from, to_jsonb(t.levels))
            FROM refunds_approvaltier t WHERE t.id = refunds_tier_of(submission)
        )
    )::text
    FROM refunds_submission s JOIN refunds_obligation o ON o.id = s.obligation_id
    WHERE s.id = submission
$$;

CREATE FUNCTION refunds_content_sha256(submission bigint) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT encode(sha256(convert_to(refunds_content(submission), 'UTF8')), 'hex')
$$;

-- The levels that have agreed to exactly what stands there today, each by another person.
CREATE FUNCTION refunds_granted_to(submission bigint) RETURNS varchar[]
LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(g.level), '{}') FROM (
        SELECT DISTINCT ON (a.officer_id) a.level FROM refunds_approval a
        WHERE a.submission_id = submission AND a.granted
            AND a.content_sha256 = refunds_content_sha256(submission)
        ORDER BY a.officer_id, a.id
    ) g
$$;
"""

DROP_FUNCTIONS = """
DROP FUNCTION refunds_granted_to(bigint);
DROP FUNCTION refunds_content_sha256(bigint);
DROP FUNCTION refunds_content(bigint);
DROP FUNCTION refunds_levels_of(bigint);
DROP FUNCTION refunds_tier_of(bigint);
DROP FUNCTION refunds_choice_of(bigint);
DROP FUNCTION refunds_rules_on(date);
"""


def agree_as_seen(apps, schema_editor):
    """Give approvals from before this step the digest of what they were given for.

    All of it is append-only, so it still stands there. What by the tier needs its third level
    and has not gone out yet goes on to the head.
    """
    approvals = apps.get_model("refunds", "Approval")
    if not approvals.objects.exists():
        return
    tiers.store_shipped(
        apps.get_model("refunds", "ApprovalRules").objects,
        apps.get_model("refunds", "ApprovalTier").objects,
        at=timezone.now(),
    )
    schema_editor.execute("ALTER TABLE refunds_approval DISABLE TRIGGER USER")
    schema_editor.execute(
        "UPDATE refunds_approval SET content_sha256 = refunds_content_sha256(submission_id)"
    )
    schema_editor.execute("ALTER TABLE refunds_approval ENABLE TRIGGER USER")
    schema_editor.execute("ALTER TABLE refunds_obligation DISABLE TRIGGER USER")
    schema_editor.execute(
        """
        UPDATE refunds_obligation o SET state = 'ENDORSED'
        WHERE o.state = 'APPROVED' AND 'THIRD' = ANY (refunds_levels_of(
            (SELECT max(s.id) FROM refunds_submission s WHERE s.obligation_id = o.id)
        ))
        """
    )
    schema_editor.execute("ALTER TABLE refunds_obligation ENABLE TRIGGER USER")


class Migration(migrations.Migration):
    dependencies = [
        ("refunds", "0003_reconciliation"),
        ("registry", "0008_post_of_head"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.SlugField(max_length=60, unique=True, verbose_name="标识")),
                ("title", models.CharField(max_length=100, verbose_name="名称")),
                ("from_day", models.DateField(verbose_name="施行日期")),
                ("document", models.CharField(max_length=200, verbose_name="依据文件")),
                ("clause", models.CharField(max_length=200, verbose_name="条款")),
                ("confidence", models.CharField(max_length=20, verbose_name="可信度")),
                (
                    "random_share",
                    models.DecimalField(
                        decimal_places=3, max_digits=4, verbose_name="随机抽查比例"
                    ),
                ),
                ("risks", models.JSONField(default=dict, verbose_name="重点核查规则")),
                ("by_release", models.BooleanField(default=False, verbose_name="随程序发布")),
                ("prepared_at", models.DateTimeField(verbose_name="拟定时间")),
                (
                    "published_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="发布时间"),
                ),
            ],
            options={
                "verbose_name": "审批规则",
                "verbose_name_plural": "审批规则",
            },
        ),
        migrations.CreateModel(
            name="ApprovalTier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount_from",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="金额起点"),
                ),
                (
                    "levels",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8),
                        size=None,
                        verbose_name="审批环节",
                    ),
                ),
            ],
            options={
                "verbose_name": "审批分级",
                "verbose_name_plural": "审批分级",
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="attempt",
            name="attempt_is_approved",
        ),
        migrations.AddField(
            model_name="approval",
            name="content_sha256",
            field=models.CharField(default="", max_length=64, verbose_name="审核内容摘要"),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="approval",
            name="level",
            field=models.CharField(
                choices=[
                    ("FIRST", "初审"),
                    ("SECOND", "复审"),
                    ("THIRD", "负责人审批"),
                    ("ACCOUNT", "账户确认"),
                ],
                max_length=8,
                verbose_name="环节",
            ),
        ),
        migrations.AddField(
            model_name="approvaltier",
            name="rules",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="tiers",
                to="refunds.approvalrules",
                verbose_name="审批规则",
            ),
        ),
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunPython(agree_as_seen, migrations.RunPython.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="approval",
            trigger=pgtrigger.compiler.Trigger(
                name="valid_decision",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE found record;",
                    func="\n        SELECT o.state, o.amount, o.id AS obligation, e.district_id AS district,\n            f.post, g.kind AS agency, g.district_id AS at_district, d.is_city, u.is_active,\n            refunds_levels_of(NEW.submission_id) AS levels,\n            (SELECT max(l.id) FROM refunds_submission l WHERE l.obligation_id = o.id) AS latest\n        INTO found\n        FROM refunds_submission s\n        JOIN refunds_obligation o ON o.id = s.obligation_id\n        JOIN registry_employer e ON e.id = o.employer_id\n        JOIN registry_officer f ON f.id = NEW.officer_id\n        JOIN registry_agency g ON g.id = f.agency_id\n        JOIN registry_district d ON d.code = g.district_id\n        JOIN auth_user u ON u.id = f.user_id\n        WHERE s.id = NEW.submission_id;\n        IF found.latest IS DISTINCT FROM NEW.submission_id THEN\n            RAISE EXCEPTION 'refunds: not the latest submission' USING ERRCODE = 'check_violation';\n        END IF;\n        IF (NEW.level, found.state) NOT IN (\n            ('FIRST', 'CHOSEN'), ('SECOND', 'CHECKED'), ('THIRD', 'ENDORSED'),\n            ('ACCOUNT', 'CORRECTED')\n        ) THEN\n            RAISE EXCEPTION 'refunds: it is not the turn of this level'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF (NEW.level, found.post) NOT IN (\n            ('FIRST', 'REVIEWER'), ('SECOND', 'FUND_FINANCE'), ('THIRD', 'HEAD'),\n            ('ACCOUNT', 'REVIEWER')\n        ) OR NOT found.is_active OR found.agency <> 'SOCIAL_INSURANCE' OR NOT (\n            found.at_district = found.district\n            OR found.is_city AND found.post IN ('FUND_FINANCE', 'HEAD')\n        ) THEN\n            RAISE EXCEPTION 'refunds: this officer does not decide here'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.level <> 'ACCOUNT' AND NOT coalesce(NEW.level = ANY (found.levels), false) THEN\n            RAISE EXCEPTION 'refunds: nobody asks for this level'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.level = 'THIRD' AND NOT EXISTS (\n            SELECT 1 FROM refunds_approval a\n            WHERE a.submission_id = NEW.submission_id AND a.level = 'SECOND' AND a.granted\n        ) THEN\n            RAISE EXCEPTION 'refunds: the second approval is missing'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.amount IS DISTINCT FROM found.amount\n            OR NEW.content_sha256 IS DISTINCT FROM refunds_content_sha256(NEW.submission_id) THEN\n            RAISE EXCEPTION 'refunds: not what stands there' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="c26a83508eeff10ee5356bbbb5cb9a8a022a2129",
                    operation="INSERT",
                    pgid="pgtrigger_valid_decision_506c1",
                    table="refunds_approval",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="attempt",
            trigger=pgtrigger.compiler.Trigger(
                name="attempt_is_approved",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE chosen bigint; latest bigint; asked varchar[];",
                    func="\n        SELECT max(id) FILTER (WHERE kind = 'CHOICE'), max(id) INTO chosen, latest\n        FROM refunds_submission WHERE obligation_id = NEW.obligation_id;\n        IF NEW.submission_id IS DISTINCT FROM latest THEN\n            RAISE EXCEPTION 'refunds: not the latest account' USING ERRCODE = 'check_violation';\n        END IF;\n        asked := refunds_levels_of(chosen);\n        IF asked IS NULL OR NOT asked <@ refunds_granted_to(chosen) THEN\n            RAISE EXCEPTION 'refunds: approvals are missing' USING ERRCODE = 'check_violation';\n        END IF;\n        IF latest <> chosen AND NOT 'ACCOUNT' = ANY (refunds_granted_to(latest)) THEN\n            RAISE EXCEPTION 'refunds: the new account is not confirmed'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NOT EXISTS (\n            SELECT 1 FROM refunds_submission s\n            JOIN refunds_obligation o ON o.id = s.obligation_id\n            JOIN refunds_batch b ON b.id = NEW.batch_id\n            WHERE s.id = latest AND o.amount = NEW.amount AND b.insurance = o.insurance\n                AND s.holder = NEW.holder AND s.bank = NEW.bank\n                AND s.bank_code = NEW.bank_code AND s.account = NEW.account\n        ) THEN\n            RAISE EXCEPTION 'refunds: amount, fund or account differ from what was approved'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="b313705f80f104c930a19cf6b54b14173b2e5f62",
                    operation="INSERT",
                    pgid="pgtrigger_attempt_is_approved_830c5",
                    table="refunds_attempt",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="obligation",
            trigger=pgtrigger.compiler.Trigger(
                name="moved_by_approval",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (OLD.state IN ('CHOSEN', 'CHECKED', 'ENDORSED') AND NEW.state IN ('CHECKED', 'ENDORSED', 'APPROVED') AND OLD.state <> NEW.state)",
                    declare="DECLARE latest bigint; asked varchar[]; granted varchar[];",
                    func="\n        SELECT max(s.id) INTO latest FROM refunds_submission s WHERE s.obligation_id = NEW.id;\n        asked := refunds_levels_of(latest);\n        granted := refunds_granted_to(latest);\n        IF asked IS NULL\n            OR NEW.state = 'CHECKED' AND NOT 'FIRST' = ANY (granted)\n            OR NEW.state = 'ENDORSED'\n                AND NOT ('SECOND' = ANY (granted) AND 'THIRD' = ANY (asked))\n            OR NEW.state = 'APPROVED' AND NOT asked <@ granted\n        THEN\n            RAISE EXCEPTION 'refunds: approvals are missing' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="307c07a152482b2b8c0ee81fbdd2ed3282ed0f76",
                    operation='UPDATE OF "state"',
                    pgid="pgtrigger_moved_by_approval_d822e",
                    table="refunds_obligation",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AlterConstraint(
            model_name="approval",
            name="approval_two_people",
            constraint=models.UniqueConstraint(
                fields=("submission", "officer"),
                name="approval_two_people",
                violation_error_message="每个审批环节必须由不同的人办理。",
            ),
        ),
        migrations.AddField(
            model_name="approvalrules",
            name="prepared_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.officer",
                verbose_name="拟定人",
            ),
        ),
        migrations.AddField(
            model_name="approvalrules",
            name="published_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.officer",
                verbose_name="发布人",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrules",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("by_release", True),
                        ("prepared_by__isnull", True),
                        ("published_by__isnull", True),
                    ),
                    models.Q(
                        ("by_release", False),
                        ("prepared_by__isnull", False),
                        models.Q(
                            models.Q(
                                ("published_at__isnull", True), ("published_by__isnull", True)
                            ),
                            models.Q(
                                ("published_at__isnull", False),
                                ("published_by__isnull", False),
                                models.Q(("prepared_by", models.F("published_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="approval_rules_two_people",
                violation_error_message="拟定人和发布人必须是两个人。",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrules",
            constraint=models.CheckConstraint(
                condition=models.Q(("random_share__gte", 0), ("random_share__lte", 1)),
                name="approval_rules_share",
                violation_error_message="随机抽查比例应在0到1之间。",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrules",
            trigger=pgtrigger.compiler.Trigger(
                name="fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."title" IS DISTINCT FROM (NEW."title") OR OLD."from_day" IS DISTINCT FROM (NEW."from_day") OR OLD."document" IS DISTINCT FROM (NEW."document") OR OLD."clause" IS DISTINCT FROM (NEW."clause") OR OLD."confidence" IS DISTINCT FROM (NEW."confidence") OR OLD."random_share" IS DISTINCT FROM (NEW."random_share") OR OLD."risks" IS DISTINCT FROM (NEW."risks") OR OLD."by_release" IS DISTINCT FROM (NEW."by_release") OR OLD."prepared_by_id" IS DISTINCT FROM (NEW."prepared_by_id") OR OLD."prepared_at" IS DISTINCT FROM (NEW."prepared_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="0fe99d90430a926e45dc79bb15840170e3cdfc0a",
                    operation="UPDATE",
                    pgid="pgtrigger_fixed_23836",
                    table="refunds_approvalrules",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrules",
            trigger=pgtrigger.compiler.Trigger(
                name="published_for_good",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."published_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="59263f1ca2716ed235101237e6ad79f70c4e41b7",
                    operation="UPDATE",
                    pgid="pgtrigger_published_for_good_37feb",
                    table="refunds_approvalrules",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrules",
            trigger=pgtrigger.compiler.Trigger(
                name="publishable",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF NEW.published_at IS NULL THEN\n            RETURN NEW;\n        END IF;\n        IF TG_OP = 'INSERT' THEN\n            RAISE EXCEPTION 'refunds: rules are prepared first' USING ERRCODE = 'check_violation';\n        END IF;\n        IF NOT EXISTS (\n            SELECT 1 FROM refunds_approvaltier t WHERE t.rules_id = NEW.id AND t.amount_from = 0\n        ) THEN\n            RAISE EXCEPTION 'refunds: rules say nothing about small amounts'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        IF NOT NEW.by_release AND NEW.from_day <= (NEW.published_at AT TIME ZONE 'Asia/Shanghai')::date\n        THEN\n            RAISE EXCEPTION 'refunds: rules never reach back' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="754e3b1a528d627f10ffe41b170f0e63ebdc6820",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_publishable_f810b",
                    table="refunds_approvalrules",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvalrules",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="84912adf74ce91a53b4b28c66e4ce43e7215a3d0",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_51846",
                    table="refunds_approvalrules",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="approvaltier",
            constraint=models.UniqueConstraint(
                fields=("rules", "amount_from"), name="approval_tier_once_per_amount"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvaltier",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount_from__gte", 0)), name="approval_tier_from_nothing_up"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvaltier",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("levels", ["FIRST", "SECOND"]),
                    ("levels", ["FIRST", "SECOND", "THIRD"]),
                    _connector="OR",
                ),
                name="approval_tier_levels",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvaltier",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="07ab03fc83faa839f77a6952fb090323573ea3ba",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_ae8bc",
                    table="refunds_approvaltier",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvaltier",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="4fad242fd53b2e816a0d67026f3ed6585e4e3e49",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_1ee79",
                    table="refunds_approvaltier",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="approvaltier",
            trigger=pgtrigger.compiler.Trigger(
                name="only_before_publication",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF EXISTS (\n            SELECT 1 FROM refunds_approvalrules r\n            WHERE r.id = NEW.rules_id AND r.published_at IS NOT NULL\n        ) THEN\n            RAISE EXCEPTION 'refunds: these rules are published already'\n                USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="0c2157519f39c45d27ddbf6ac68000fd3d56efb2",
                    operation="INSERT",
                    pgid="pgtrigger_only_before_publication_c9f79",
                    table="refunds_approvaltier",
                    when="BEFORE",
                ),
            ),
        ),
    ]
