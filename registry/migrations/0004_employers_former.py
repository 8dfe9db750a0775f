import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0003_import_stages"),
    ]

    operations = [
        migrations.AddField(
            model_name="employer",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="登记撤回时间"),
        ),
        migrations.CreateModel(
            name="EmployerFormer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("facts", models.JSONField(null=True, verbose_name="原内容")),
                ("recorded_at", models.DateTimeField(verbose_name="登记时间")),
                (
                    "employer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="former",
                        to="registry.employer",
                        verbose_name="参保单位",
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="registry.import",
                        verbose_name="被哪次导入更改",
                    ),
                ),
            ],
            options={
                "verbose_name": "参保单位原内容",
                "verbose_name_plural": "参保单位原内容",
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="employerformer",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="b42fb02004a22822028263c7e8d65370518e5809",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_8ca9e",
                    table="registry_employerformer",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="employerformer",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="908cee746899db63ae8b86e18c65b944ca5cf292",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_6a7d1",
                    table="registry_employerformer",
                    when="BEFORE",
                ),
            ),
        ),
    ]
