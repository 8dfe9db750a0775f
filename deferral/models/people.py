"""One person, one matter (一人一事, R38): who retires, moves, claims or dies meanwhile."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from deferral import guards
from deferral.models.agreements import Agreement
from deferral.workflow import PersonState, person_transitions
from registry.guards import append_only, no_delete
from registry.models import Employer, Membership, Officer
from relief.models import Insurance


class PersonMatter(models.Model):
    """One insured person's own part of what is deferred, paid ahead so that the matter goes on."""

    KIND: ClassVar[str] = "deferral.person"

    receipt = models.CharField("办件编号", max_length=20, unique=True)
    agreement = models.ForeignKey(
        Agreement, models.RESTRICT, related_name="people", verbose_name="缓缴协议"
    )
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="+", verbose_name="参保单位"
    )
    kind = models.CharField("办理事项", max_length=20)
    person_id = models.CharField("证件号码", max_length=18)
    person_name = models.CharField("姓名", max_length=60)
    happened_on = models.DateField("发生日期")
    state = models.CharField(
        "状态", max_length=10, choices=PersonState.choices, default=PersonState.TO_PAY
    )
    # Which of its amounts count: assessments may change while it is open.
    round = models.PositiveSmallIntegerField("轮次", default=1)
    # Somebody of the unit, or of the office where the person came.
    opened_by_member = models.ForeignKey(
        Membership, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="经办人"
    )
    opened_by_officer = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="受理人"
    )
    opened_at = models.DateTimeField("提出时间")
    # None where nothing has to be paid first.
    pay_by = models.DateField("请在此日前缴款", null=True, blank=True)
    moved_at = models.DateTimeField("最近办理时间")
    certified_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="办结人"
    )
    reason = models.CharField("原因", max_length=300, blank=True)

    class Meta:
        verbose_name = "一人一事"
        verbose_name_plural = "一人一事"
        constraints = [
            models.UniqueConstraint(
                name="person_matter_one_pending",
                fields=["agreement", "person_id", "kind"],
                condition=Q(state__in=["TO_PAY", "PAID"]),
                violation_error_message="这位职工的同一事项正在办理。",
            ),
            models.CheckConstraint(
                name="person_matter_opened_by_one_side",
                condition=Q(opened_by_member__isnull=False, opened_by_officer__isnull=True)
                | Q(opened_by_member__isnull=True, opened_by_officer__isnull=False),
            ),
            models.CheckConstraint(
                name="person_matter_withdrawn_for_a_reason",
                condition=~Q(state="WITHDRAWN") | ~Q(reason=""),
            ),
        ]
        indexes = [models.Index(name="person_matter_queue", fields=["state", "moved_at"])]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "receipt",
                    "agreement",
                    "employer",
                    "kind",
                    "person_id",
                    "person_name",
                    "happened_on",
                    "opened_by_member",
                    "opened_by_officer",
                    "opened_at",
                ],
            ),
            pgtrigger.FSM(name="legal_move", field="state", transitions=person_transitions()),
            no_delete(),
            guards.certified_once_paid(),
        ]

    def __str__(self) -> str:
        return self.receipt


class PersonLine(models.Model):
    """What one month and insurance comes to for the person, in yuan, in one round."""

    matter = models.ForeignKey(
        PersonMatter, models.RESTRICT, related_name="lines", verbose_name="一人一事"
    )
    round = models.PositiveSmallIntegerField("轮次")
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    base = models.DecimalField("缴费基数", max_digits=10, decimal_places=2)
    gross = models.DecimalField("单位应缴", max_digits=12, decimal_places=2)
    relief = models.DecimalField("减免", max_digits=12, decimal_places=2)
    employer_part = models.DecimalField("单位部分", max_digits=12, decimal_places=2)
    employee_part = models.DecimalField("个人部分", max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = "一人一事金额"
        verbose_name_plural = "一人一事金额"
        constraints = [
            models.UniqueConstraint(
                name="person_line_once", fields=["matter", "round", "month", "insurance"]
            ),
            models.CheckConstraint(
                name="person_line_amounts",
                # Never more than is open, so it may be less than the person's own amount.
                condition=Q(
                    employer_part__gte=0,
                    employee_part__gte=0,
                    employer_part__lte=F("gross") - F("relief"),
                ),
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.matter_id} {self.month:%Y-%m} {self.insurance}"


class PersonPayment(models.Model):
    """A part of a payment that was made for the person; never more than arrived with it."""

    matter = models.ForeignKey(
        PersonMatter, models.RESTRICT, related_name="payments", verbose_name="一人一事"
    )
    # Of a round: amounts that were renewed, or a payment that was taken back, begin another.
    round = models.PositiveSmallIntegerField("轮次")
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="+", verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    voucher = models.CharField("缴费凭证号", max_length=60)
    employer_part = models.DecimalField("单位部分", max_digits=12, decimal_places=2)
    employee_part = models.DecimalField("个人部分", max_digits=12, decimal_places=2)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "一人一事缴款"
        verbose_name_plural = "一人一事缴款"
        constraints = [
            models.UniqueConstraint(
                name="person_payment_once",
                fields=["matter", "round", "month", "insurance", "voucher"],
            ),
            models.CheckConstraint(
                name="person_payment_amounts",
                condition=Q(employer_part__gte=0, employee_part__gte=0),
            ),
        ]
        indexes = [
            models.Index(
                name="person_payment_of_voucher",
                fields=["employer", "month", "insurance", "voucher"],
            )
        ]
        triggers = [*append_only(), guards.paid_with_it()]

    def __str__(self) -> str:
        return f"{self.matter_id} {self.voucher}"
