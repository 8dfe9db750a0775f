import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("classification", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="sizerecord",
            name="withdraws",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.RESTRICT,
                to="classification.sizerecord",
                verbose_name="撤回",
            ),
        ),
    ]
