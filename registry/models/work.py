"""Work done behind the pages: a row with a lease, so that the queue may lose or repeat it."""

from django.db import models
from django.db.models import Q

from registry.models.people import Officer


class WorkState(models.TextChoices):
    QUEUED = "QUEUED", "排队中"
    RUNNING = "RUNNING", "进行中"
    DONE = "DONE", "已完成"
    FAILED = "FAILED", "未完成"
    CANCELLED = "CANCELLED", "已取消"


class Work(models.Model):
    """Something a worker does. `registry.work` takes and gives back the lease."""

    state = models.CharField(
        "状态", max_length=10, choices=WorkState.choices, default=WorkState.QUEUED
    )
    # Who holds the newest token may write; a worker that wakes up late holds an old one.
    lease_token = models.UUIDField("租约", null=True, blank=True)
    lease_until = models.DateTimeField("租约至", null=True, blank=True)
    attempts = models.PositiveIntegerField("尝试次数", default=0)
    steps_done = models.PositiveIntegerField("已完成步数", default=0)
    steps_total = models.PositiveIntegerField("总步数", default=0)
    progress_note = models.CharField("进度说明", max_length=200, blank=True)
    failure = models.TextField("未完成原因", blank=True)
    cancel_requested_at = models.DateTimeField("要求取消时间", null=True, blank=True)
    created_at = models.DateTimeField("创建时间")
    started_at = models.DateTimeField("开始时间", null=True, blank=True)
    finished_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        abstract = True


class Import(Work):
    """One workbook brought in: by an officer on a page, or by a command."""

    kind = models.CharField("类别", max_length=20)
    file_name = models.CharField("文件名", max_length=200)
    file_sha256 = models.CharField("文件摘要", max_length=64)
    file = models.FileField("文件", upload_to="imports/%Y/%m", max_length=300, blank=True)
    by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="经办人"
    )
    os_user = models.CharField("系统账号", max_length=64, blank=True)
    rows = models.PositiveIntegerField("读取行数", default=0)
    accepted = models.PositiveIntegerField("新增或更新行数", default=0)
    unchanged = models.PositiveIntegerField("相同行数", default=0)
    rejected = models.PositiveIntegerField("有误行数", default=0)
    error_count = models.PositiveIntegerField("错误数", default=0)
    # The first 1,000 wrong cells, as `import_workbook --format json` prints them.
    errors = models.JSONField("错误", default=list, blank=True)
    warnings = models.JSONField("提示", default=list, blank=True)

    class Meta:
        verbose_name = "导入"
        verbose_name_plural = "导入"
        indexes = [
            models.Index(name="import_latest", fields=["-id"]),
            models.Index(
                name="import_open",
                fields=["lease_until"],
                condition=Q(state__in=["QUEUED", "RUNNING"]),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name
