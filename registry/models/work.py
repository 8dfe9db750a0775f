"""Work done behind the pages: a row with a lease, so that the queue may lose or repeat it."""

from django.db import models


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
