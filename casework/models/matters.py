"""What every matter (办件) has in common: its moves, and what the employer was told."""

from django.conf import settings
from django.db import models

from registry.guards import append_only
from registry.models import Employer


class Move(models.Model):
    """One step of a matter's timeline, as both the employer and the officers see it."""

    matter_kind = models.CharField("办件类别", max_length=30)
    matter_id = models.BigIntegerField("办件")
    action = models.CharField("事项", max_length=60)
    before = models.CharField("原状态", max_length=30, blank=True)
    after = models.CharField("新状态", max_length=30, blank=True)
    by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, null=True, related_name="+", verbose_name="账号"
    )
    # As it was on the day: people change posts, a timeline does not.
    by_name = models.CharField("办理人", max_length=100)
    note = models.TextField("说明", blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "办理记录"
        verbose_name_plural = "办理记录"
        triggers = append_only()
        indexes = [models.Index(name="move_of_matter", fields=["matter_kind", "matter_id", "id"])]

    def __str__(self) -> str:
        return f"{self.matter_kind} {self.matter_id} {self.action}"


class Notice(models.Model):
    """A message in the employer's portal. Only `read_at` and `read_by` ever change."""

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="notices", verbose_name="参保单位"
    )
    # One notice per cause, however often the work that writes it is repeated.
    key = models.CharField("去重键", max_length=120, unique=True)
    title = models.CharField("标题", max_length=120)
    body = models.TextField("正文")
    path = models.CharField("办理入口", max_length=200, blank=True)
    sent_at = models.DateTimeField("发送时间")
    read_at = models.DateTimeField("阅读时间", null=True, blank=True)
    read_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="阅读人",
    )

    class Meta:
        verbose_name = "通知"
        verbose_name_plural = "通知"
        indexes = [models.Index(name="notice_of_employer", fields=["employer", "-id"])]

    def __str__(self) -> str:
        return self.title
