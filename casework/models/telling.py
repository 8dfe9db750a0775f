"""What leaves the house to be read elsewhere, what units want of it, and calls made to them."""

from typing import ClassVar
from uuid import uuid4

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from casework.models.matters import Notice
from casework.tell import rules
from registry.guards import append_only, no_delete
from registry.models import Employer, Officer


class Channel(models.TextChoices):
    """By what a unit is told, besides its portal."""

    SMS = "SMS", "短信"
    EMAIL = "EMAIL", "邮件"


class OutboxMessage(models.Model):
    """One message to one address, written together with the notice it tells of.

    What it says never changes; how far it is does. A relay takes it under a lease.
    """

    class State(models.TextChoices):
        QUEUED = "QUEUED", "待发送"
        SENDING = "SENDING", "发送中"
        FAILED = "FAILED", "发送失败，将重试"
        UNSURE = "UNSURE", "不知是否发出"
        SENT = "SENT", "已发出"
        DELIVERED = "DELIVERED", "已送达"
        GIVEN_UP = "GIVEN_UP", "未能送达"

    #: What a relay may take; those in hand too, once their lease has run out.
    OPEN: ClassVar[tuple[str, ...]] = ("QUEUED", "FAILED", "SENDING", "UNSURE")
    TONES: ClassVar[dict[str, str]] = {
        "QUEUED": "wait",
        "SENDING": "busy",
        "FAILED": "bad",
        "UNSURE": "bad",
        "SENT": "busy",
        "DELIVERED": "good",
        "GIVEN_UP": "bad",
    }

    # The id under which others know it: drawn by chance, so that it tells nothing.
    public_id = models.UUIDField("对外编号", unique=True, default=uuid4, editable=False)
    # One message per cause, channel and address, however often the work is repeated.
    key = models.CharField("去重键", max_length=240, unique=True)
    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="+", db_index=False, verbose_name="参保单位"
    )
    notice = models.ForeignKey(
        Notice,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="messages",
        verbose_name="通知",
    )
    kind = models.CharField("通知类别", max_length=30)
    channel = models.CharField("方式", max_length=8, choices=Channel.choices)
    to = models.CharField("收件地址", max_length=120)
    subject = models.CharField("标题", max_length=120)
    text = models.TextField("内容")
    due_at = models.DateTimeField("最早发送时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.QUEUED)
    lease_token = models.UUIDField("租约", null=True, blank=True)
    lease_until = models.DateTimeField("租约至", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("尝试次数", default=0)
    # The day whose allowance of its number it has used; tried again that day, it uses no more.
    counted_on = models.DateField("计入哪天", null=True, blank=True)
    error = models.CharField("未送达原因", max_length=200, blank=True)
    provider_id = models.CharField("平台编号", max_length=80, blank=True)
    created_at = models.DateTimeField("产生时间")
    sent_at = models.DateTimeField("发出时间", null=True, blank=True)
    delivered_at = models.DateTimeField("送达时间", null=True, blank=True)

    class Meta:
        verbose_name = "外发消息"
        verbose_name_plural = "外发消息"
        constraints = [
            # 70 characters are one message; what is longer is billed and shown as two.
            models.CheckConstraint(
                name="outbox_sms_is_one",
                condition=~Q(channel="SMS") | Q(text__regex=r"^.{1,70}$"),
            ),
            models.CheckConstraint(
                name="outbox_lease_while_sending",
                condition=Q(state="SENDING", lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state="SENDING") & Q(lease_until__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                name="outbox_due",
                fields=["due_at", "id"],
                condition=Q(state__in=["QUEUED", "FAILED", "SENDING", "UNSURE"]),
            ),
            models.Index(name="outbox_of_employer", fields=["employer", "-id"]),
            models.Index(
                name="outbox_in_vain", fields=["-id"], condition=Q(state__in=["GIVEN_UP", "UNSURE"])
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "public_id",
                    "key",
                    "employer",
                    "notice",
                    "kind",
                    "channel",
                    "to",
                    "subject",
                    "text",
                    "created_at",
                ],
            ),
            no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.to_masked}"

    @property
    def to_masked(self) -> str:
        """The address as lists show it."""
        return rules.masked(self.to)

    @property
    def tone(self) -> str:
        """The tone of the state's badge."""
        return self.TONES[self.state]


class NumberDay(models.Model):
    """How many text messages one number has been sent on one day."""

    number = models.CharField("手机号码", max_length=20)
    day = models.DateField("日期")
    used = models.PositiveSmallIntegerField("已发条数")

    class Meta:
        verbose_name = "每日短信数"
        verbose_name_plural = "每日短信数"
        constraints = [
            models.UniqueConstraint(name="number_day_once", fields=["number", "day"]),
            # Also against a defect in the relay: nobody is flooded (T8).
            models.CheckConstraint(name="number_day_limit", condition=Q(used__lte=5)),
        ]

    def __str__(self) -> str:
        return f"{rules.masked(self.number)} {self.day} {self.used}"


class SwitchedOff(models.Model):
    """A kind of reminder that a unit doesn't want by a channel. What the law has us tell, and
    the portal, can't be switched off: such a row would change nothing."""

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="+", db_index=False, verbose_name="参保单位"
    )
    kind = models.CharField("通知类别", max_length=30)
    channel = models.CharField("方式", max_length=8, choices=Channel.choices)
    by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="+", verbose_name="设置人"
    )
    at = models.DateTimeField("设置时间")

    class Meta:
        verbose_name = "关闭的提醒"
        verbose_name_plural = "关闭的提醒"
        constraints = [
            models.UniqueConstraint(
                name="switched_off_once", fields=["employer", "kind", "channel"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.kind} {self.channel}"


class CallRecord(models.Model):
    """An officer has telephoned a unit, as the officer wrote it down."""

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="calls", db_index=False, verbose_name="参保单位"
    )
    officer = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="联系人")
    phone = models.CharField("拨打的号码", max_length=30)
    reached = models.BooleanField("已联系上")
    said = models.CharField("通话内容", max_length=300)
    # Where nobody was reached: when to try again.
    next_on = models.DateField("下次联系日期", null=True, blank=True)
    at = models.DateTimeField("联系时间")

    class Meta:
        verbose_name = "电话联系记录"
        verbose_name_plural = "电话联系记录"
        triggers = append_only()
        indexes = [models.Index(name="call_of_employer", fields=["employer", "-id"])]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.at:%Y-%m-%d}"
