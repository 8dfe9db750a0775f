"""The third look before release: seeds, what was drawn of a batch, what audit said."""

import pgtrigger
from django.db import models
from django.db.models import Q

from refunds import guards_sampling
from refunds.models.approval import ApprovalRules
from refunds.models.bank import Attempt, Batch
from registry.guards import append_only, no_delete
from registry.models import Officer


class SampleSeed(models.Model):
    """A secret of which only the digest is known until the list is: nobody chooses the lot.

    One per batch, not per day: a revealed secret would tell what the day's next batch draws.
    The secret itself is derived from the installation's key (`services.sampling`), so that it
    stands in no table before the draw.
    """

    nonce = models.CharField("随机数", max_length=64, unique=True)
    commitment = models.CharField("密钥摘要", max_length=64, unique=True)
    # Empty: committed by the system.
    committed_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="提交人"
    )
    committed_at = models.DateTimeField("提交时间")
    # Bound when the batch is drafted, before it has a line (`guards_sampling.seed_bound`).
    batch = models.OneToOneField(
        Batch, models.RESTRICT, null=True, blank=True, related_name="seed", verbose_name="批次"
    )
    secret = models.CharField("公布的密钥", max_length=64, blank=True)
    revealed_at = models.DateTimeField("公布时间", null=True, blank=True)

    class Meta:
        verbose_name = "抽查种子"
        verbose_name_plural = "抽查种子"
        triggers = [
            pgtrigger.ReadOnly(name="fixed", exclude=["batch", "secret", "revealed_at"]),
            guards_sampling.committed_then_bound_then_revealed(),
            no_delete(),
        ]

    def __str__(self) -> str:
        return self.commitment[:12]


class SampleDraw(models.Model):
    """What was drawn of one batch, by which rules, out of how many lines."""

    batch = models.OneToOneField(Batch, models.RESTRICT, related_name="sample", verbose_name="批次")
    rules = models.ForeignKey(
        ApprovalRules, models.RESTRICT, related_name="+", verbose_name="审批规则"
    )
    considered = models.PositiveIntegerField("批次笔数")
    at = models.DateTimeField("抽取时间")

    class Meta:
        verbose_name = "抽查"
        verbose_name_plural = "抽查"
        triggers = [*append_only(), guards_sampling.drawn_from_a_revealed_seed()]

    def __str__(self) -> str:
        return f"{self.batch_id}"


class SampleLine(models.Model):
    """One line that audit looks at before its batch goes on, and why."""

    draw = models.ForeignKey(SampleDraw, models.RESTRICT, related_name="lines", verbose_name="抽查")
    attempt = models.OneToOneField(
        Attempt, models.RESTRICT, related_name="sampled", verbose_name="付款"
    )
    by_lot = models.BooleanField("随机抽中")
    # [[code, words], …] of every rule that drew it.
    reasons = models.JSONField("原因", default=list, blank=True)

    class Meta:
        verbose_name = "抽查明细"
        verbose_name_plural = "抽查明细"
        triggers = append_only()
        constraints = [
            models.CheckConstraint(
                name="sample_line_has_a_reason", condition=Q(by_lot=True) | ~Q(reasons=[])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id}"


class SampleCheck(models.Model):
    """What audit said of a drawn line: it may go, or it is held."""

    class Verdict(models.TextChoices):
        CLEAR = "CLEAR", "核查无误"
        HOLD = "HOLD", "拦下核查"

    line = models.OneToOneField(
        SampleLine, models.RESTRICT, related_name="check_made", verbose_name="抽查明细"
    )
    verdict = models.CharField("结论", max_length=8, choices=Verdict.choices)
    reason = models.CharField("说明", max_length=200, blank=True)
    officer = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="稽核人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "稽核结论"
        verbose_name_plural = "稽核结论"
        triggers = [*append_only(), guards_sampling.checked_by_audit()]
        constraints = [
            models.CheckConstraint(
                name="sample_hold_has_a_reason",
                condition=Q(verdict="CLEAR") | ~Q(reason=""),
                violation_error_message="拦下时请写明原因。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id} {self.verdict}"


class HoldEnd(models.Model):
    """How a held refund went on: released by another auditor, or back to the enterprise."""

    check_made = models.OneToOneField(
        SampleCheck, models.RESTRICT, related_name="end", verbose_name="稽核结论"
    )
    released = models.BooleanField("放行")
    reason = models.CharField("说明", max_length=200)
    officer = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="稽核人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "核查结论"
        verbose_name_plural = "核查结论"
        triggers = [*append_only(), guards_sampling.ended_by_audit()]
        constraints = [
            models.CheckConstraint(
                name="hold_end_has_a_reason",
                condition=~Q(reason=""),
                violation_error_message="请写明原因。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_made_id} {self.released}"
