"""What two people correct in the book: one proposes it, another one approves it."""

from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models import Employer, Officer
from relief.ledger import guards_corrections as guards
from relief.ledger.models.book import LedgerEntry
from relief.models.declared import Insurance


class LedgerCorrection(models.Model):
    """An entry that follows from no fact: proposed by fund finance, approved by the head."""

    class Kind(models.TextChoices):
        WRITE_OFF = "WRITE_OFF", "核销"
        RECOVERED = "RECOVERED", "追回到账"
        LATE_FEE = "LATE_FEE", "滞纳金"
        REVERSAL = "REVERSAL", "冲正"

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", "待负责人审批"
        APPROVED = "APPROVED", "已记账"
        REFUSED = "REFUSED", "已退回"

    receipt = models.CharField("调账编号", max_length=20, unique=True)
    kind = models.CharField("类别", max_length=12, choices=Kind.choices)
    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="+", verbose_name="参保单位"
    )
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    value_on = models.DateField("起算日")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    reason = models.CharField("事由", max_length=100)
    document = models.CharField("依据文号或凭证号", max_length=80)
    # The correction that this one takes back.
    reverses = models.ForeignKey(
        "self", models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="冲正的调账"
    )
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.PROPOSED)
    prepared_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="拟办人"
    )
    prepared_at = models.DateTimeField("拟办时间")
    decided_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="审批人"
    )
    decided_at = models.DateTimeField("审批时间", null=True, blank=True)
    refusal = models.CharField("退回原因", max_length=200, blank=True)
    entry = models.OneToOneField(
        LedgerEntry, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="凭证"
    )

    class Meta:
        verbose_name = "调账"
        verbose_name_plural = "调账"
        triggers = guards.corrections()
        constraints = [
            models.CheckConstraint(
                name="ledger_correction_is_something", condition=Q(amount__gt=0)
            ),
            models.CheckConstraint(
                name="ledger_correction_two_people",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("prepared_by")),
                violation_error_message="拟办和审批必须由两个人办理。",
            ),
            models.CheckConstraint(
                name="ledger_correction_decided_whole",
                condition=Q(
                    state="PROPOSED",
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                    entry__isnull=True,
                )
                | Q(
                    state="APPROVED",
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    entry__isnull=False,
                )
                | Q(
                    ~Q(refusal=""),
                    state="REFUSED",
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                    entry__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="ledger_correction_reverses_one",
                condition=Q(kind="REVERSAL", reverses__isnull=False)
                | Q(~Q(kind="REVERSAL"), reverses__isnull=True),
            ),
            models.UniqueConstraint(
                name="ledger_correction_reversed_once",
                fields=["reverses"],
                condition=Q(reverses__isnull=False) & ~Q(state="REFUSED"),
                violation_error_message="这笔调账已经有人提出冲正。",
            ),
        ]
        indexes = [models.Index(name="ledger_correction_latest", fields=["-id"])]

    def __str__(self) -> str:
        return self.receipt


class LedgerCorrectionItem(models.Model):
    """One month of a correction, in yuan."""

    correction = models.ForeignKey(
        LedgerCorrection, models.RESTRICT, related_name="items", db_index=False, verbose_name="调账"
    )
    month = models.DateField("费款所属期")
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = "调账明细"
        verbose_name_plural = "调账明细"
        triggers = [*append_only(), guards.items_within_amount()]
        constraints = [
            models.UniqueConstraint(
                name="ledger_correction_once_per_month", fields=["correction", "month"]
            ),
            models.CheckConstraint(
                name="ledger_correction_item_is_something", condition=Q(amount__gt=0)
            ),
            models.CheckConstraint(
                name="ledger_correction_item_first_of_month", condition=Q(month__day=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.correction_id} {self.month:%Y-%m}"
