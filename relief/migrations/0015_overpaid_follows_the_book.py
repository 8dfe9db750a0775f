from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("relief", "0014_ledger_corrections_and_proofs")]

    operations = [
        migrations.RemoveField(
            model_name="overpaidmark",
            name="paid_back",
        ),
        migrations.RemoveField(
            model_name="overpaidmark",
            name="payments",
        ),
        migrations.RemoveField(
            model_name="overpaidmark",
            name="run",
        ),
        migrations.AddField(
            model_name="overpaidmark",
            name="chains",
            field=models.JSONField(default=dict, verbose_name="账链序号"),
        ),
    ]
