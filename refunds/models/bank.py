"""What goes to the bank. Amounts in yuan."""

import pgtrigger
from django.db import models
from django.db.models import Q

from refunds import guards, guards_sampling
from refunds.models.owed import Obligation, Submission
from refunds.workflow import LIVE, AttemptState, BatchState, attempt_transitions, batch_transitions
from registry.guards import append_only
from registry.models import Officer
from relief.models import Insurance


class FundAccount(models.Model):
    """The account a fund pays from; the row stored last is in force."""

    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    holder = models.CharField("户名", max_length=120)
    bank = models.CharField("开户银行", max_length=120)
    number = models.CharField("银行账号", max_length=32)
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "基金支出户"
        verbose_name_plural = "基金支出户"
        triggers = append_only()
        constraints = [
            models.CheckConstraint(
                name="fund_account_number_is_digits",
                condition=Q(number__regex=r"^[0-9]{8,32}$"),
                violation_error_message="银行账号应为8至32位数字。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_insurance_display()}基金 尾号{self.number[-4:]}"


class Batch(models.Model):
    """Payments of one fund, sealed: numbered lines and the very bytes that the bank gets."""

    number = models.CharField("批次号", max_length=24, unique=True)
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    state = models.CharField(
        "状态", max_length=10, choices=BatchState.choices, default=BatchState.SEALED
    )
    count = models.PositiveIntegerField("笔数")
    total = models.DecimalField("合计金额", max_digits=16, decimal_places=2)
    payer_account = models.CharField("付款账号", max_length=32)
    content = models.BinaryField("送盘文件")
    content_sha256 = models.CharField("文件摘要", max_length=64, unique=True)
    sealed_by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="封批人")
    sealed_at = models.DateTimeField("封批时间")
    sent_at = models.DateTimeField("送盘时间", null=True, blank=True)

    class Meta:
        verbose_name = "退费批次"
        verbose_name_plural = "退费批次"
        constraints = [
            models.CheckConstraint(name="batch_has_lines", condition=Q(count__gt=0, total__gt=0)),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="fixed", exclude=["state", "sent_at"]),
            pgtrigger.FSM(
                name="legal_move",
                field="state",
                transitions=batch_transitions(),
            ),
            guards.no_delete(),
            guards_sampling.seed_bound(),
            guards_sampling.sample_cleared(),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def file_name(self) -> str:
        return f"{self.number}.xlsx"


class Attempt(models.Model):
    """One line to the bank: a copy of what was approved, and what the bank answered."""

    obligation = models.ForeignKey(
        Obligation, models.RESTRICT, related_name="attempts", db_index=False, verbose_name="退费"
    )
    number = models.PositiveIntegerField("第几次")
    submission = models.ForeignKey(
        Submission, models.RESTRICT, related_name="+", db_index=False, verbose_name="依据的提交"
    )
    batch = models.ForeignKey(Batch, models.RESTRICT, related_name="attempts", verbose_name="批次")
    line_no = models.CharField("业务流水号", max_length=32, unique=True)
    holder = models.CharField("收款户名", max_length=120)
    bank = models.CharField("收款银行", max_length=120)
    bank_code = models.CharField("收款行号", max_length=12)
    account = models.CharField("收款账号", max_length=32)
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    purpose = models.CharField("用途", max_length=60)
    state = models.CharField(
        "状态", max_length=10, choices=AttemptState.choices, default=AttemptState.QUEUED
    )
    reason = models.CharField("银行原因", max_length=200, blank=True)
    settled_on = models.DateField("银行处理日期", null=True, blank=True)
    sealed_at = models.DateTimeField("封批时间")

    class Meta:
        verbose_name = "付款"
        verbose_name_plural = "付款"
        constraints = [
            models.UniqueConstraint(
                name="attempt_once_per_number", fields=["obligation", "number"]
            ),
            # The guard against paying twice: another line goes to the bank only after the
            # bank has said, in writing, that the former one did not stay paid.
            models.UniqueConstraint(
                name="attempt_one_live_per_obligation",
                fields=["obligation"],
                condition=Q(state__in=sorted(state.value for state in LIVE)),
            ),
            models.CheckConstraint(
                name="attempt_line_no_form", condition=Q(line_no__regex=r"^[A-Z0-9]{1,32}$")
            ),
            models.CheckConstraint(
                name="attempt_settled_on_a_day",
                condition=Q(state__in=["PAID", "BOUNCED"], settled_on__isnull=False)
                | Q(state__in=["QUEUED", "SENT", "UNKNOWN", "RECALLED"], settled_on__isnull=True),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="fixed", exclude=["state", "reason", "settled_on"]),
            pgtrigger.FSM(name="legal_move", field="state", transitions=attempt_transitions()),
            guards.no_delete(),
            guards.attempt_is_approved(),
            guards_sampling.no_line_after_the_draw(),
        ]

    def __str__(self) -> str:
        return self.line_no
