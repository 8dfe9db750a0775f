"""Asking for what is still to be paid (应补): a notice names months, amounts and a day.

What is open of a notice stands in the book alone; a row here says what was asked for, and when.
Amounts in yuan.
"""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from casework.models import Deadline
from registry.guards import append_only, no_delete
from registry.models import Employer
from relief.models.declared import Insurance
from relief.models.runs import Assessment


class RecoveryNotice(models.Model):
    """One notice to an employer: everything that is overdue, in one sum. One is open at a time.

    `state` only says whether it still asks for something; how much of it was paid says the book.
    """

    KIND: ClassVar[str] = "recovery"

    class State(models.TextChoices):
        OPEN = "OPEN", "待补缴"
        SETTLED = "SETTLED", "已结清"
        WITHDRAWN = "WITHDRAWN", "不再需要补缴"
        REPLACED = "REPLACED", "已由新通知代替"

    receipt = models.CharField("通知编号", max_length=20, unique=True)
    employer = models.ForeignKey(
        Employer,
        models.RESTRICT,
        related_name="recoveries",
        db_index=False,
        verbose_name="参保单位",
    )
    round = models.PositiveIntegerField("轮次")
    amount = models.DecimalField("应补金额", max_digits=14, decimal_places=2)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.OPEN)
    as_of = models.DateField("计算日期")
    deadline = models.ForeignKey(
        Deadline, models.RESTRICT, related_name="+", verbose_name="补缴期限"
    )
    # The earliest of its months': what was asked for before keeps its day.
    due_on = models.DateField("最早截止日期")
    supersedes = models.OneToOneField(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="successor",
        verbose_name="代替",
    )
    opened_at = models.DateTimeField("发出时间")
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = "补缴通知"
        verbose_name_plural = "补缴通知"
        constraints = [
            models.UniqueConstraint(name="recovery_once_per_round", fields=["employer", "round"]),
            models.UniqueConstraint(
                name="recovery_one_open", fields=["employer"], condition=Q(state="OPEN")
            ),
            models.CheckConstraint(name="recovery_is_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="recovery_ended_with_its_time",
                condition=Q(state="OPEN", ended_at__isnull=True)
                | (~Q(state="OPEN") & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(name="recovery_queue", fields=["state", "due_on", "id"]),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "receipt",
                    "employer",
                    "round",
                    "amount",
                    "as_of",
                    "deadline",
                    "due_on",
                    "supersedes",
                    "opened_at",
                ],
            ),
            pgtrigger.FSM(
                name="ends_once",
                field="state",
                transitions=[("OPEN", "SETTLED"), ("OPEN", "WITHDRAWN"), ("OPEN", "REPLACED")],
            ),
            no_delete(),
            pgtrigger.Trigger(
                name="amount_is_sum_of_items",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                IF NEW.amount IS DISTINCT FROM (
                    SELECT sum(i.amount) FROM relief_recoveryitem i WHERE i.notice_id = NEW.id
                ) THEN
                    RAISE EXCEPTION 'recovery notice % is not the sum of its items', NEW.id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.receipt


class RecoveryItem(models.Model):
    """One month and insurance of a notice, as it stood then: due less paid less written off."""

    notice = models.ForeignKey(
        RecoveryNotice, models.RESTRICT, related_name="items", db_index=False, verbose_name="通知"
    )
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    net_due = models.DecimalField("减免后应缴", max_digits=14, decimal_places=2)
    paid = models.DecimalField("已缴", max_digits=14, decimal_places=2)
    written_off = models.DecimalField("已核销", max_digits=14, decimal_places=2)
    amount = models.DecimalField("应补", max_digits=14, decimal_places=2)
    due_on = models.DateField("截止日期")
    assessment = models.ForeignKey(
        Assessment, models.RESTRICT, related_name="+", db_index=False, verbose_name="核定结果"
    )

    class Meta:
        verbose_name = "补缴明细"
        verbose_name_plural = "补缴明细"
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="within_its_notice",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                level=pgtrigger.Statement,
                referencing=pgtrigger.Referencing(new="new_items"),
                func="""
                IF EXISTS (
                    SELECT FROM relief_recoverynotice n
                    JOIN relief_recoveryitem i ON i.notice_id = n.id
                    WHERE n.id IN (SELECT notice_id FROM new_items)
                    GROUP BY n.id, n.amount HAVING sum(i.amount) > n.amount
                ) THEN
                    RAISE EXCEPTION 'recovery items exceed their notice'
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="recovery_item_once", fields=["notice", "month", "insurance"]
            ),
            models.CheckConstraint(name="recovery_item_is_something", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="recovery_item_adds_up",
                condition=Q(amount=F("net_due") - F("paid") - F("written_off")),
            ),
            models.CheckConstraint(name="recovery_item_first_of_month", condition=Q(month__day=1)),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.month:%Y-%m} {self.insurance}"


class RecoveryLook(models.Model):
    """An employer whose book has moved, or for whom a day has come: it is to be looked at."""

    employer = models.OneToOneField(
        Employer, models.CASCADE, primary_key=True, related_name="+", verbose_name="参保单位"
    )

    class Meta:
        verbose_name = "待查应补单位"
        verbose_name_plural = "待查应补单位"

    def __str__(self) -> str:
        return f"{self.employer_id}"


class RecoveryMark(models.Model):
    """Up to where the book has been looked through for what is still to be paid: one row."""

    day = models.DateField("截至日期")
    # The number that each chain had reached.
    chains = models.JSONField("账链序号", default=dict)

    class Meta:
        verbose_name = "应补查找进度"
        verbose_name_plural = "应补查找进度"
        constraints = [models.CheckConstraint(name="recovery_mark_is_one", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class PlaceCheck(models.Model):
    """Where every difference of the city was when the book was last looked through for it."""

    day = models.DateField("截至日期")
    # The number that each chain had reached.
    chains = models.JSONField("账链序号", default=dict)
    # Lines and yuan by place (`relief.queries.places.PLACES`).
    totals = models.JSONField("各去处")
    # The largest lines without a place: employer, month, insurance, yuan.
    nowhere = models.JSONField("没有去处的")
    at = models.DateTimeField("核对时间")

    class Meta:
        verbose_name = "差额去向核对"
        verbose_name_plural = "差额去向核对"
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
