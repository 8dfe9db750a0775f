"""What was agreed: the months deferred, until when, and the plan of repayment."""

import pgtrigger
from django.db import models
from django.db.models import Q

from deferral import guards
from deferral.models.applications import Application, Submission
from deferral.workflow import AgreementState, agreement_transitions
from registry.guards import append_only, no_delete
from registry.models import Employer, Membership
from relief.models import Insurance


class Agreement(models.Model):
    """The deferral agreement (缓缴协议) of an application that was granted."""

    application = models.OneToOneField(
        Application, models.RESTRICT, related_name="agreement", verbose_name="缓缴申请"
    )
    submission = models.ForeignKey(
        Submission, models.RESTRICT, related_name="+", verbose_name="缓缴申请内容"
    )
    number = models.CharField("协议编号", max_length=40, unique=True)
    state = models.CharField(
        "状态", max_length=12, choices=AgreementState.choices, default=AgreementState.IN_FORCE
    )
    starts_on = models.DateField("签订日期")
    ends_on = models.DateField("缓缴期满日")
    signed_by = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="单位签署人"
    )
    signed_name = models.CharField("单位签署人姓名", max_length=100)
    signed_at = models.DateTimeField("签署时间")
    ended_on = models.DateField("终止日期", null=True, blank=True)
    reason = models.CharField("终止原因", max_length=300, blank=True)

    class Meta:
        verbose_name = "缓缴协议"
        verbose_name_plural = "缓缴协议"
        constraints = [
            models.CheckConstraint(
                name="agreement_ends_later", condition=Q(ends_on__gte=models.F("starts_on"))
            ),
            models.CheckConstraint(
                name="agreement_ended_for_a_reason",
                condition=~Q(state="ENDED_EARLY") | Q(ended_on__isnull=False) & ~Q(reason=""),
            ),
        ]
        indexes = [models.Index(name="agreement_running", fields=["state", "ends_on"])]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "application",
                    "submission",
                    "number",
                    "starts_on",
                    "ends_on",
                    "signed_by",
                    "signed_name",
                    "signed_at",
                ],
            ),
            pgtrigger.FSM(name="legal_move", field="state", transitions=agreement_transitions()),
            no_delete(),
            guards.ended_as_decided(),
        ]

    def __str__(self) -> str:
        return self.number


class AgreementLine(models.Model):
    """A month and insurance that is deferred; what it comes to says the book.

    `employee_part`: whether the employees' part is deferred with it.
    """

    agreement = models.ForeignKey(
        Agreement, models.RESTRICT, related_name="lines", verbose_name="缓缴协议"
    )
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="+", verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    employee_part = models.BooleanField("含个人部分", default=False)
    clause = models.CharField("依据", max_length=200)

    class Meta:
        verbose_name = "缓缴的月份"
        verbose_name_plural = "缓缴的月份"
        constraints = [
            # What is deferred once isn't deferred again (R33: arrears can't be).
            models.UniqueConstraint(
                name="deferred_once", fields=["employer", "month", "insurance"]
            ),
            models.CheckConstraint(name="deferred_month", condition=Q(month__day=1)),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.month:%Y-%m} {self.insurance}"


class Plan(models.Model):
    """A plan of repayment; a later one takes the former's place."""

    agreement = models.ForeignKey(
        Agreement, models.RESTRICT, related_name="plans", verbose_name="缓缴协议"
    )
    number = models.PositiveSmallIntegerField("版本")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    reason = models.CharField("原因", max_length=200)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "补缴计划"
        verbose_name_plural = "补缴计划"
        constraints = [
            models.UniqueConstraint(name="plan_version_once", fields=["agreement", "number"]),
            models.CheckConstraint(name="plan_amount", condition=Q(amount__gte=0)),
        ]
        triggers = [*append_only(), guards.plan_adds_up()]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.number}"


class PlanLine(models.Model):
    """One instalment of a plan, in yuan."""

    plan = models.ForeignKey(Plan, models.RESTRICT, related_name="lines", verbose_name="补缴计划")
    due_on = models.DateField("缴款日期")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = "补缴计划期次"
        verbose_name_plural = "补缴计划期次"
        constraints = [
            models.UniqueConstraint(name="plan_line_once", fields=["plan", "due_on"]),
            models.CheckConstraint(name="plan_line_amount", condition=Q(amount__gte=0)),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.due_on} {self.amount}"
