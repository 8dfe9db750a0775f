import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0006_accounts_from_a_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportCall",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200, verbose_name="问了什么")),
                ("at", models.DateTimeField(verbose_name="记录时间")),
            ],
            options={
                "verbose_name": "电话咨询",
                "verbose_name_plural": "电话咨询",
            },
        ),
        migrations.AddIndex(
            model_name="import",
            index=models.Index(fields=["created_at"], name="import_by_day"),
        ),
        migrations.AddField(
            model_name="importcall",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="+",
                to="registry.officer",
                verbose_name="接听人",
            ),
        ),
        migrations.AddField(
            model_name="importcall",
            name="import_of",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.RESTRICT,
                related_name="calls",
                to="registry.import",
                verbose_name="导入",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importcall",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="63dea57e8b8749e11571214201f52d8043a5cdf8",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_bc03f",
                    table="registry_importcall",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="importcall",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="66d38102c22610a879cdbaa65c21de3ef276f7f1",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_45371",
                    table="registry_importcall",
                    when="BEFORE",
                ),
            ),
        ),
    ]
