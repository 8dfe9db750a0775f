import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0003_import_stages"),
        ("relief", "0006_reassessment_due"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="payment",
            name="payment_amounts_not_negative",
        ),
        migrations.AddField(
            model_name="payment",
            name="reverses",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                to="relief.payment",
                verbose_name="冲销",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="version",
            field=models.PositiveSmallIntegerField(default=1, verbose_name="第几次登记"),
        ),
        migrations.AlterField(
            model_name="payment",
            name="voucher",
            field=models.CharField(max_length=60, verbose_name="缴费凭证号"),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("employee_amount__gte", 0),
                        ("employer_amount__gte", 0),
                        ("reverses__isnull", True),
                    ),
                    models.Q(
                        ("employee_amount__lte", 0),
                        ("employer_amount__lte", 0),
                        ("reverses__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="payment_amounts_not_negative",
                violation_error_message="缴费金额不能为负数。",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("reverses__isnull", True)),
                fields=("voucher", "version"),
                name="payment_once_per_voucher",
            ),
        ),
    ]
