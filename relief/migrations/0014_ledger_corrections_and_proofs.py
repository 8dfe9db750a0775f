import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0008_post_of_head"),
        ("relief", "0013_ledger_work"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerCorrection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("receipt", models.CharField(max_length=20, unique=True, verbose_name="调账编号")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("WRITE_OFF", "核销"),
                            ("RECOVERED", "追回到账"),
                            ("LATE_FEE", "滞纳金"),
                            ("REVERSAL", "冲正"),
                        ],
                        max_length=12,
                        verbose_name="类别",
                    ),
                ),
                (
                    "insurance",
                    models.CharField(
                        choices=[("pension", "养老"), ("unemployment", "失业"), ("injury", "工伤")],
                        max_length=12,
                        verbose_name="险种",
                    ),
                ),
                ("value_on", models.DateField(verbose_name="起算日")),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="金额"),
                ),
                ("reason", models.CharField(max_length=100, verbose_name="事由")),
                ("document", models.CharField(max_length=80, verbose_name="依据文号或凭证号")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("PROPOSED", "待负责人审批"),
                            ("APPROVED", "已记账"),
                            ("REFUSED", "已退回"),
                        ],
                        default="PROPOSED",
                        max_length=12,
                        verbose_name="状态",
                    ),
                ),
                ("prepared_at", models.DateTimeField(verbose_name="拟办时间")),
                (
                    "decided_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="审批时间"),
                ),
                ("refusal", models.CharField(blank=True, max_length=200, verbose_name="退回原因")),
            ],
            options={
                "verbose_name": "调账",
                "verbose_name_plural": "调账",
            },
        ),
        migrations.CreateModel(
            name="LedgerCorrectionItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("month", models.DateField(verbose_name="费款所属期")),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=14, verbose_name="金额"),
                ),
            ],
            options={
                "verbose_name": "调账明细",
                "verbose_name_plural": "调账明细",
            },
        ),
        migrations.CreateModel(
            name="LedgerProof",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="核对时间")),
                ("ok", models.BooleanField(verbose_name="完整")),
                ("postings", models.PositiveBigIntegerField(verbose_name="记账批次")),
                ("entries", models.PositiveBigIntegerField(verbose_name="凭证")),
                ("legs", models.PositiveBigIntegerField(verbose_name="分录")),
                (
                    "debit",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="借方合计"),
                ),
                (
                    "seconds",
                    models.DecimalField(decimal_places=2, max_digits=8, verbose_name="用时（秒）"),
                ),
                (
                    "heads_of",
                    models.DateField(blank=True, null=True, verbose_name="比对的链尾日期"),
                ),
                ("row", models.CharField(blank=True, max_length=200, verbose_name="第一处问题")),
                ("problem", models.TextField(blank=True, verbose_name="说明")),
            ],
            options={
                "verbose_name": "账簿核对",
                "verbose_name_plural": "账簿核对",
            },
        ),
        migrations.AddIndex(
            model_name="ledgerleg",
            index=models.Index(
                condition=models.Q(
                    ("account__in", ("charged", "relieved", "receivable", "paid")), _negated=True
                ),
                fields=["account", "value_on"],
                include=("amount", "employer", "insurance", "month", "entry"),
                name="leg_on_its_way",
            ),
        ),
        migrations.AddField(
            model_name="ledgercorrection",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.officer",
                verbose_name="审批人",
            ),
        ),
        migrations.AddField(
            model_name="ledgercorrection",
            name="employer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.employer",
                verbose_name="参保单位",
            ),
        ),
        migrations.AddField(
            model_name="ledgercorrection",
            name="entry",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="relief.ledgerentry",
                verbose_name="凭证",
            ),
        ),
        migrations.AddField(
            model_name="ledgercorrection",
            name="prepared_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.officer",
                verbose_name="拟办人",
            ),
        ),
        migrations.AddField(
            model_name="ledgercorrection",
            name="reverses",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="relief.ledgercorrection",
                verbose_name="冲正的调账",
            ),
        ),
        migrations.AddField(
            model_name="ledgercorrectionitem",
            name="correction",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="items",
                to="relief.ledgercorrection",
                verbose_name="调账",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerproof",
            index=models.Index(fields=["-at"], name="proof_latest"),
        ),
        migrations.AddConstraint(
            model_name="ledgerproof",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ok", True), ("row", "")), ("ok", False), _connector="OR"
                ),
                name="proof_names_its_problem",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerproof",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="f57506c922a337a2036777ff4bab9c9950ac873b",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_f25f6",
                    table="relief_ledgerproof",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgerproof",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="af2875319f585cdec4a349c773ddc1328edc1e46",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_3603a",
                    table="relief_ledgerproof",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="ledgercorrection",
            index=models.Index(fields=["-id"], name="ledger_correction_latest"),
        ),
        migrations.AddConstraint(
            model_name="ledgercorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="ledger_correction_is_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgercorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decided_by__isnull", True),
                    models.Q(("decided_by", models.F("prepared_by")), _negated=True),
                    _connector="OR",
                ),
                name="ledger_correction_two_people",
                violation_error_message="拟办和审批必须由两个人办理。",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgercorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", True),
                        ("decided_by__isnull", True),
                        ("entry__isnull", True),
                        ("state", "PROPOSED"),
                    ),
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("entry__isnull", False),
                        ("state", "APPROVED"),
                    ),
                    models.Q(
                        models.Q(("refusal", ""), _negated=True),
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        ("entry__isnull", True),
                        ("state", "REFUSED"),
                    ),
                    _connector="OR",
                ),
                name="ledger_correction_decided_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgercorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "REVERSAL"), ("reverses__isnull", False)),
                    models.Q(
                        models.Q(("kind", "REVERSAL"), _negated=True), ("reverses__isnull", True)
                    ),
                    _connector="OR",
                ),
                name="ledger_correction_reverses_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgercorrection",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("reverses__isnull", False), models.Q(("state", "REFUSED"), _negated=True)
                ),
                fields=("reverses",),
                name="ledger_correction_reversed_once",
                violation_error_message="这笔调账已经有人提出冲正。",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrection",
            trigger=pgtrigger.compiler.Trigger(
                name="fixed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."receipt" IS DISTINCT FROM (NEW."receipt") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."employer_id" IS DISTINCT FROM (NEW."employer_id") OR OLD."insurance" IS DISTINCT FROM (NEW."insurance") OR OLD."value_on" IS DISTINCT FROM (NEW."value_on") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."document" IS DISTINCT FROM (NEW."document") OR OLD."reverses_id" IS DISTINCT FROM (NEW."reverses_id") OR OLD."prepared_by_id" IS DISTINCT FROM (NEW."prepared_by_id") OR OLD."prepared_at" IS DISTINCT FROM (NEW."prepared_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="4e282bb05ed4dec234e2780a228cba7885b7bd57",
                    operation="UPDATE",
                    pgid="pgtrigger_fixed_5ee5b",
                    table="relief_ledgercorrection",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrection",
            trigger=pgtrigger.compiler.Trigger(
                name="legal_move",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE _is_valid_transition BOOLEAN;",
                    func='SELECT CONCAT(OLD."state", \':\', NEW."state") = ANY(\'{PROPOSED:APPROVED,PROPOSED:REFUSED}\'::text[]) INTO _is_valid_transition; IF (_is_valid_transition IS FALSE AND OLD."state" IS DISTINCT FROM NEW."state") THEN RAISE EXCEPTION \'pgtrigger: Invalid transition of field "state" from "%" to "%" on table %\', OLD."state", NEW."state", TG_TABLE_NAME; ELSE RETURN NEW; END IF;',
                    hash="269b8bf9c8852dea6d535fc10cb54453c83ac7e1",
                    operation="UPDATE",
                    pgid="pgtrigger_legal_move_9f9a8",
                    table="relief_ledgercorrection",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrection",
            trigger=pgtrigger.compiler.Trigger(
                name="no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="a6f6cbf71d8b47d2867993c09f28e058b85edefc",
                    operation="DELETE",
                    pgid="pgtrigger_no_delete_0e8f3",
                    table="relief_ledgercorrection",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrection",
            trigger=pgtrigger.compiler.Trigger(
                name="proposed_first",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.state <> 'PROPOSED')",
                    func="RAISE EXCEPTION 'ledger: a correction begins as a proposal' USING ERRCODE = 'check_violation';",
                    hash="831c0a9f76dea367da2e9066435bc57cd08600d7",
                    operation="INSERT",
                    pgid="pgtrigger_proposed_first_3e268",
                    table="relief_ledgercorrection",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrection",
            trigger=pgtrigger.compiler.Trigger(
                name="posts",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF TG_OP = 'INSERT' AND NOT EXISTS (\n        SELECT FROM registry_officer o\n        JOIN registry_agency a ON a.id = o.agency_id\n        JOIN registry_district d ON d.code = a.district_id\n        WHERE o.id = NEW.prepared_by_id AND o.post = 'FUND_FINANCE' AND a.kind = 'SOCIAL_INSURANCE' AND d.is_city) THEN\n            RAISE EXCEPTION 'ledger: fund finance of the city proposes corrections' USING ERRCODE = 'check_violation';\n        END IF;\n        IF NEW.decided_by_id IS NOT NULL AND NOT EXISTS (\n        SELECT FROM registry_officer o\n        JOIN registry_agency a ON a.id = o.agency_id\n        JOIN registry_district d ON d.code = a.district_id\n        WHERE o.id = NEW.decided_by_id AND o.post = 'HEAD' AND a.kind = 'SOCIAL_INSURANCE' AND d.is_city) THEN\n            RAISE EXCEPTION 'ledger: the head of the city decides corrections' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="5f929c0469242cdb012226e4882399682c942420",
                    operation="INSERT OR UPDATE",
                    pgid="pgtrigger_posts_60932",
                    table="relief_ledgercorrection",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrection",
            trigger=pgtrigger.compiler.Trigger(
                name="amount_is_sum_of_items",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    constraint="CONSTRAINT",
                    func="\n        IF NEW.amount IS DISTINCT FROM (\n            SELECT sum(i.amount) FROM relief_ledgercorrectionitem i WHERE i.correction_id = NEW.id\n        ) THEN\n            RAISE EXCEPTION 'ledger: correction % is not the sum of its months', NEW.id USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="f4f83c51c65afb28c06512817125e41726500cc5",
                    operation="INSERT",
                    pgid="pgtrigger_amount_is_sum_of_items_fe227",
                    table="relief_ledgercorrection",
                    timing="DEFERRABLE INITIALLY DEFERRED",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrection",
            trigger=pgtrigger.compiler.Trigger(
                name="entry_is_its_own",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (NEW.state = 'APPROVED')",
                    func="\n        IF NOT EXISTS (\n            SELECT FROM relief_ledgerentry e\n            WHERE e.id = NEW.entry_id AND e.reference = NEW.receipt || '.APPROVED'\n                AND e.employer_id = NEW.employer_id AND e.insurance = NEW.insurance\n                AND e.value_on = NEW.value_on\n                AND NEW.amount = (\n                    SELECT sum(l.amount) FROM relief_ledgerleg l\n                    WHERE l.entry_id = e.id AND l.posting_id = e.posting_id AND l.amount > 0)\n        ) THEN\n            RAISE EXCEPTION 'ledger: the entry is not that of the correction' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NEW;\n        ",
                    hash="1e9c63720114c6e3f10972bda114cf9c633c526b",
                    operation="UPDATE",
                    pgid="pgtrigger_entry_is_its_own_e8387",
                    table="relief_ledgercorrection",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgercorrectionitem",
            constraint=models.UniqueConstraint(
                fields=("correction", "month"), name="ledger_correction_once_per_month"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgercorrectionitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="ledger_correction_item_is_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgercorrectionitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("month__day", 1)), name="ledger_correction_item_first_of_month"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrectionitem",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="2144995894c6d53dbaf97e88d4b550d1972a939a",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_47931",
                    table="relief_ledgercorrectionitem",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrectionitem",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="5acf3654ec911e387f94c71abca8e2de196986be",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_420bd",
                    table="relief_ledgercorrectionitem",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="ledgercorrectionitem",
            trigger=pgtrigger.compiler.Trigger(
                name="items_within_amount",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n        IF EXISTS (\n            SELECT FROM relief_ledgercorrection c\n            JOIN relief_ledgercorrectionitem i ON i.correction_id = c.id\n            WHERE c.id IN (SELECT correction_id FROM new_items)\n            GROUP BY c.id, c.amount HAVING sum(i.amount) > c.amount\n        ) THEN\n            RAISE EXCEPTION 'ledger: months exceed their correction' USING ERRCODE = 'check_violation';\n        END IF;\n        RETURN NULL;\n        ",
                    hash="3f8330bb4505cf5d88ed7a54230a108e8d50b1d1",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_items_within_amount_bc9d8",
                    referencing="REFERENCING NEW TABLE AS new_items ",
                    table="relief_ledgercorrectionitem",
                    when="AFTER",
                ),
            ),
        ),
    ]
