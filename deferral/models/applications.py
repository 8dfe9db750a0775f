"""An application to pay later: the working copy, and every round of it as it was handed in."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from deferral import guards
from deferral.workflow import PENDING, State, transitions
from registry.guards import append_only, no_delete
from registry.models import Employer, Membership, Officer
from relief.models import Assessment, Insurance


class Application(models.Model):
    """One unit's application. `answers` is the working copy; only what was signed counts."""

    KIND: ClassVar[str] = "deferral"

    receipt = models.CharField("办件编号", max_length=20, unique=True)
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="deferrals", verbose_name="参保单位"
    )
    state = models.CharField("状态", max_length=14, choices=State.choices, default=State.DRAFT)
    answers = models.JSONField("填写内容", default=dict, blank=True)
    # Counts up at every change: two windows never overwrite each other.
    version = models.PositiveIntegerField("修改次数", default=1)
    # 0: nothing was handed in yet.
    round = models.PositiveSmallIntegerField("轮次", default=0)
    route = models.CharField("办理路线", max_length=10, blank=True)
    # Set when the application goes to be decided: so many different officers have to say yes.
    approvers_needed = models.PositiveSmallIntegerField("需要审批人数", null=True, blank=True)
    opinions_needed = models.PositiveSmallIntegerField("需要部门意见数", null=True, blank=True)
    # A joint review: one refusal is enough.
    opinions_decide = models.BooleanField("部门意见有否决权", null=True, blank=True)
    prepared_by = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="填写人"
    )
    asked_by = models.ForeignKey(
        Membership,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="请签署人",
    )
    accepted_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="受理人"
    )
    reported_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="上报人"
    )
    copied_from = models.ForeignKey(
        "self", models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="复制自"
    )
    # Why it stands where it stands, in the office's words.
    reason = models.CharField("原因", max_length=500, blank=True)
    opened_at = models.DateTimeField("开始时间")
    changed_at = models.DateTimeField("最后修改时间")
    submitted_at = models.DateTimeField("首次提交时间", null=True, blank=True)
    moved_at = models.DateTimeField("最近办理时间")

    class Meta:
        verbose_name = "缓缴申请"
        verbose_name_plural = "缓缴申请"
        constraints = [
            models.UniqueConstraint(
                name="deferral_one_pending",
                fields=["employer"],
                condition=Q(state__in=sorted(PENDING)),
                violation_error_message="贵单位已有一件缓缴申请正在办理。",
            ),
            models.CheckConstraint(
                name="deferral_sent_in_rounds",
                condition=Q(round=0, state__in=["DRAFT", "TO_SIGN", "WITHDRAWN"])
                | Q(round__gte=1, submitted_at__isnull=False) & ~Q(route=""),
            ),
            models.CheckConstraint(
                name="deferral_two_offices",
                condition=Q(reported_by__isnull=True)
                | Q(accepted_by__isnull=False) & ~Q(reported_by=models.F("accepted_by")),
                violation_error_message="上报要由受理人以外的工作人员办理。",
            ),
            models.CheckConstraint(
                name="deferral_refused_with_reason",
                condition=~Q(state__in=["REFUSED", "DECLINED"]) | ~Q(reason=""),
                violation_error_message="请写明理由，单位会看到。",
            ),
        ]
        indexes = [
            models.Index(name="deferral_queue", fields=["state", "moved_at"]),
            models.Index(name="deferral_of_employer", fields=["employer", "-id"]),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed", fields=["receipt", "employer", "copied_from", "opened_at"]
            ),
            pgtrigger.FSM(name="legal_move", field="state", transitions=transitions()),
            no_delete(),
            guards.granted_by_everybody(),
        ]

    def __str__(self) -> str:
        return self.receipt


class Submission(models.Model):
    """One round as it was signed: what offices judge. It never changes."""

    application = models.ForeignKey(
        Application, models.RESTRICT, related_name="submissions", verbose_name="缓缴申请"
    )
    round = models.PositiveSmallIntegerField("轮次")
    answers = models.JSONField("填写内容")
    # SHA-256 over answers, amounts and the files' own digests: what opinions are bound to.
    content = models.CharField("内容摘要", max_length=64)
    papers = models.JSONField("材料", default=list, blank=True)
    employer_total = models.DecimalField("单位部分", max_digits=14, decimal_places=2)
    employee_total = models.DecimalField("个人部分", max_digits=14, decimal_places=2)
    ends_on = models.DateField("缓缴期满日")
    # As they were called on the day; nobody where an office renewed the amounts.
    prepared_name = models.CharField("填写人", max_length=100)
    signed_by = models.ForeignKey(
        Membership, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="签署人"
    )
    signed_name = models.CharField("签署人姓名", max_length=100)
    undertaking = models.CharField("承诺书版本", max_length=20)
    at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = "缓缴申请内容"
        verbose_name_plural = "缓缴申请内容"
        constraints = [
            models.UniqueConstraint(name="submission_round_once", fields=["application", "round"]),
            models.CheckConstraint(
                name="submission_digest", condition=Q(content__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="submission_of_something",
                condition=Q(employer_total__gte=0, employee_total__gte=0),
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.application_id} {self.round}"


class SubmittedLine(models.Model):
    """One month and insurance of a round, in yuan; nothing assessed yet: no assessment, 0.00."""

    submission = models.ForeignKey(
        Submission, models.RESTRICT, related_name="lines", verbose_name="缓缴申请内容"
    )
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    employer_part = models.DecimalField("单位部分", max_digits=14, decimal_places=2)
    employee_part = models.DecimalField("个人部分", max_digits=14, decimal_places=2)
    assessment = models.ForeignKey(
        Assessment, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="核定"
    )
    ordinary_due = models.DateField("原缴费截止日")

    class Meta:
        verbose_name = "申请缓缴的月份"
        verbose_name_plural = "申请缓缴的月份"
        constraints = [
            models.UniqueConstraint(
                name="submitted_line_once", fields=["submission", "month", "insurance"]
            ),
            models.CheckConstraint(
                name="submitted_line_amounts",
                condition=Q(employer_part__gte=0, employee_part__gte=0),
            ),
            models.CheckConstraint(name="submitted_line_month", condition=Q(month__day=1)),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.submission_id} {self.month:%Y-%m} {self.insurance}"
