import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0009_bank_offices"),
        ("relief", "0024_recoveries"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProjectPaidBack",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=12, verbose_name="金额"),
                ),
                ("on", models.DateField(verbose_name="日期")),
                ("reference", models.CharField(max_length=80, unique=True, verbose_name="依据")),
                (
                    "employer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        to="registry.employer",
                        verbose_name="收款单位",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="paid_back",
                        to="relief.project",
                        verbose_name="建设项目",
                    ),
                ),
            ],
            options={
                "verbose_name": "建设项目退还",
                "verbose_name_plural": "建设项目退还",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount", 0), _negated=True),
                        name="project_paid_back_is_something",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="projectpaidback",
            trigger=pgtrigger.compiler.Trigger(
                name="append_only",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="45c9efb7def2224d4840a711fa2be85ecac745b9",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_append_only_15981",
                    table="relief_projectpaidback",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="projectpaidback",
            trigger=pgtrigger.compiler.Trigger(
                name="no_truncate",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
                    hash="0d47943a59c2d8570b79f2654687c6e889170f90",
                    level="STATEMENT",
                    operation="TRUNCATE",
                    pgid="pgtrigger_no_truncate_7bb89",
                    table="relief_projectpaidback",
                    when="BEFORE",
                ),
            ),
        ),
    ]
