"""What people pressed on the board of money in flight, and what was told in the morning."""

from django.db import models

from registry.guards import append_only
from registry.models import Officer


class FlightAction(models.Model):
    """One press of a safe button, and what came of it."""

    class Kind(models.TextChoices):
        RETRY = "RETRY", "再处理一次"
        QUERY = "QUERY", "向银行查询"
        RECALL = "RECALL", "送盘前撤回"

    kind = models.CharField("操作", max_length=8, choices=Kind.choices)
    subject = models.CharField("对象", max_length=60)
    outcome = models.CharField("结果", max_length=200)
    by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="操作人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "在途资金操作"
        verbose_name_plural = "在途资金操作"
        triggers = append_only()
        indexes = [models.Index(name="flight_action_latest", fields=["-id"])]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}"


class Digest(models.Model):
    """What was wrong on the morning of a working day; a day without a row had nothing."""

    day = models.DateField("日期", unique=True)
    problems = models.JSONField("问题")
    text = models.TextField("正文")
    made_at = models.DateTimeField("生成时间")

    class Meta:
        verbose_name = "晨报"
        verbose_name_plural = "晨报"
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
