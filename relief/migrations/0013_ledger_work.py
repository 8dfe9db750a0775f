import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("relief", "0012_ledger"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerWork",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("QUEUED", "排队中"),
                            ("RUNNING", "进行中"),
                            ("DONE", "已完成"),
                            ("FAILED", "未完成"),
                            ("CANCELLED", "已取消"),
                        ],
                        default="QUEUED",
                        max_length=10,
                        verbose_name="状态",
                    ),
                ),
                ("lease_token", models.UUIDField(blank=True, null=True, verbose_name="租约")),
                ("lease_until", models.DateTimeField(blank=True, null=True, verbose_name="租约至")),
                ("attempts", models.PositiveIntegerField(default=0, verbose_name="尝试次数")),
                ("steps_done", models.PositiveIntegerField(default=0, verbose_name="已完成步数")),
                ("steps_total", models.PositiveIntegerField(default=0, verbose_name="总步数")),
                (
                    "progress_note",
                    models.CharField(blank=True, max_length=200, verbose_name="进度说明"),
                ),
                ("failure", models.TextField(blank=True, verbose_name="未完成原因")),
                (
                    "cancel_requested_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="要求取消时间"),
                ),
                ("created_at", models.DateTimeField(verbose_name="创建时间")),
                (
                    "started_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="开始时间"),
                ),
                (
                    "finished_at",
                    models.DateTimeField(blank=True, null=True, verbose_name="结束时间"),
                ),
                ("block", models.PositiveBigIntegerField(verbose_name="单位分段")),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="ledger_work",
                        to="relief.run",
                        verbose_name="核定",
                    ),
                ),
            ],
            options={
                "verbose_name": "记账任务",
                "verbose_name_plural": "记账任务",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["QUEUED", "RUNNING"])),
                        fields=["lease_until"],
                        name="ledger_work_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("run", "block"), name="ledger_work_once")
                ],
            },
        ),
    ]
