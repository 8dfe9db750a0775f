import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0002_sign_in"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportProblem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "check_number",
                    models.PositiveSmallIntegerField(default=1, verbose_name="第几次核对"),
                ),
                ("row", models.PositiveIntegerField(null=True, verbose_name="行号")),
                ("header", models.CharField(max_length=200, null=True, verbose_name="列")),
                ("code", models.CharField(max_length=40, verbose_name="错误代码")),
                ("found", models.CharField(blank=True, max_length=100, verbose_name="原值")),
                ("hint", models.JSONField(blank=True, default=dict, verbose_name="说明要素")),
            ],
            options={
                "verbose_name": "导入错误",
                "verbose_name_plural": "导入错误",
            },
        ),
        migrations.CreateModel(
            name="ParkedRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("row", models.PositiveIntegerField(verbose_name="行号")),
                ("key", models.CharField(blank=True, max_length=300, verbose_name="业务主键")),
                (
                    "reason",
                    models.CharField(blank=True, max_length=200, verbose_name="不再处理的原因"),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="办结时间")),
            ],
            options={
                "verbose_name": "待更正行",
                "verbose_name_plural": "待更正行",
            },
        ),
        migrations.AddField(
            model_name="import",
            name="annotated",
            field=models.FileField(
                blank=True, max_length=300, upload_to="imports/%Y/%m", verbose_name="标注的工作簿"
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="checks",
            field=models.PositiveSmallIntegerField(default=0, verbose_name="核对次数"),
        ),
        migrations.AddField(
            model_name="import",
            name="confirmed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="确认时间"),
        ),
        migrations.AddField(
            model_name="import",
            name="confirmed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="确认人",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="corrects",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="corrections",
                to="registry.import",
                verbose_name="更正",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="employer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.employer",
                verbose_name="参保单位",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="idempotency_key",
            field=models.CharField(blank=True, max_length=100, verbose_name="幂等键"),
        ),
        migrations.AddField(
            model_name="import",
            name="member",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.membership",
                verbose_name="单位经办人",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="partial",
            field=models.BooleanField(default=False, verbose_name="只入库正确的行"),
        ),
        migrations.AddField(
            model_name="import",
            name="preview",
            field=models.JSONField(blank=True, default=dict, verbose_name="预览"),
        ),
        migrations.AddField(
            model_name="import",
            name="preview_sha256",
            field=models.CharField(blank=True, max_length=64, verbose_name="预览摘要"),
        ),
        migrations.AddField(
            model_name="import",
            name="seconded_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="第二人确认时间"),
        ),
        migrations.AddField(
            model_name="import",
            name="seconded_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="第二确认人",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="stage",
            field=models.CharField(
                choices=[
                    ("RECEIVED", "待核对"),
                    ("REFUSED", "有误，未入库"),
                    ("PREVIEW", "待确认"),
                    ("SECOND", "待第二人确认"),
                    ("STORING", "待写入"),
                    ("STORED", "已入库"),
                    ("PARTLY", "部分入库，有行待更正"),
                    ("DISCARDED", "已放弃"),
                    ("WITHDRAWN", "已撤回"),
                ],
                default="RECEIVED",
                max_length=10,
                verbose_name="进展",
            ),
        ),
        migrations.AddField(
            model_name="import",
            name="withdrawal_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="撤回原因"),
        ),
        migrations.AddField(
            model_name="import",
            name="withdraws",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="withdrawals",
                to="registry.import",
                verbose_name="撤回",
            ),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(
                condition=models.Q(("employer__isnull", False)),
                fields=["employer", "-id"],
                name="import_of_employer",
            ),
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(
                condition=models.Q(("stage__in", ["REFUSED", "PREVIEW", "SECOND", "PARTLY"])),
                fields=["stage"],
                name="import_waiting",
            ),
        ),
        # What was brought in before there were stages: pages committed at once then.
        migrations.RunSQL(
            """
            UPDATE registry_import i SET
                stage = CASE WHEN i.error_count = 0 THEN 'STORED' ELSE 'REFUSED' END,
                checks = 1,
                confirmed_by_id = o.user_id,
                confirmed_at = i.finished_at
            FROM registry_import j LEFT JOIN registry_officer o ON o.id = j.by_id
            WHERE j.id = i.id AND i.state = 'DONE';
            -- The tables are altered below, which pending checks of foreign keys forbid.
            SET CONSTRAINTS ALL IMMEDIATE;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("employer__isnull", True), ("member__isnull", True)),
                    models.Q(
                        ("by__isnull", True), ("employer__isnull", False), ("member__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="import_by_officer_or_member",
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("seconded_by__isnull", True),
                    models.Q(("seconded_by", models.F("confirmed_by")), _negated=True),
                    _connector="OR",
                ),
                name="import_confirmed_by_two",
                violation_error_message="第二确认人不能是确认人本人。",
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("stage__in", ["STORING", "STORED", "PARTLY", "WITHDRAWN"]), _negated=True
                    ),
                    ("confirmed_by__isnull", False),
                    models.Q(("os_user", ""), _negated=True),
                    _connector="OR",
                ),
                name="import_stored_by_somebody",
                violation_error_message="须由具名人员确认后才能入库。",
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.UniqueConstraint(
                condition=models.Q(("stage", "DISCARDED"), _negated=True),
                fields=("withdraws",),
                name="import_withdrawn_once",
                violation_error_message="这次导入已在撤回。",
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("by__isnull", False), models.Q(("idempotency_key", ""), _negated=True)
                ),
                fields=("by", "idempotency_key"),
                name="import_once_per_officers_key",
            ),
        ),
        migrations.AddConstraint(
            model_name="import",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("member__isnull", False), models.Q(("idempotency_key", ""), _negated=True)
                ),
                fields=("member", "idempotency_key"),
                name="import_once_per_members_key",
            ),
        ),
        migrations.AddField(
            model_name="importproblem",
            name="import_of",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="problems",
                to="registry.import",
                verbose_name="导入",
            ),
        ),
        migrations.AddField(
            model_name="parkedrow",
            name="dismissed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="不再处理人",
            ),
        ),
        migrations.AddField(
            model_name="parkedrow",
            name="import_of",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="parked",
                to="registry.import",
                verbose_name="导入",
            ),
        ),
        migrations.AddField(
            model_name="parkedrow",
            name="resolved_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="resolved",
                to="registry.import",
                verbose_name="更正的导入",
            ),
        ),
        migrations.AddIndex(
            model_name="importproblem",
            index=models.Index(
                fields=["import_of", "check_number", "id"], name="import_problem_in_order"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importproblem",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="418b0c05c0dcc5ce5f34a6378d0f910107ec93f7",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_718af",
                    table="registry_importproblem",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importproblem",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="b34468c031c5478e8b2311c8361d6dd7b5a126e6",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_0f268",
                    table="registry_importproblem",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="parkedrow",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["key"], name="parked_by_key"
            ),
        ),
        migrations.AddConstraint(
            model_name="parkedrow",
            constraint=models.UniqueConstraint(fields=("import_of", "row"), name="parked_row_once"),
        ),
        migrations.AddConstraint(
            model_name="parkedrow",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("dismissed_by__isnull", True),
                        ("ended_at__isnull", True),
                        ("resolved_by__isnull", True),
                    ),
                    models.Q(
                        ("dismissed_by__isnull", True),
                        ("ended_at__isnull", False),
                        ("resolved_by__isnull", False),
                    ),
                    models.Q(
                        ("dismissed_by__isnull", False),
                        ("ended_at__isnull", False),
                        ("resolved_by__isnull", True),
                        models.Q(("reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="parked_row_ends_one_way",
            ),
        ),
    ]
