"""Raised bases that wait for their special audit, and how the audits ended (policy R56, D18)."""

from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models import Employer, Import, Officer
from relief.models.declared import Insurance


class BaseHold(models.Model):
    """An enterprise has raised a person's base: the former one counts until the audit ends.

    It speaks of one declaration line and insurance and is of no effect once that line has been
    replaced: a later version that still is a raise has a hold of its own.
    """

    class Kind(models.TextChoices):
        SAME_MONTH = "SAME_MONTH", "提高当月已申报的基数"
        MONTH_BEFORE = "MONTH_BEFORE", "减免期内比上月提高基数"

    employer = models.ForeignKey(Employer, models.RESTRICT, db_index=False, verbose_name="参保单位")
    month = models.DateField("费款所属期")
    person_id = models.CharField("证件号码", max_length=18)
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    # A `DeclarationLine`: that table is partitioned by month and can't be referred to by number.
    line_id = models.BigIntegerField("申报明细")
    declared = models.DecimalField("申报基数", max_digits=10, decimal_places=2)
    former = models.DecimalField("原基数", max_digits=10, decimal_places=2)
    kind = models.CharField("情形", max_length=12, choices=Kind.choices)
    source = models.ForeignKey(Import, models.RESTRICT, verbose_name="来源")
    opened_at = models.DateTimeField("登记时间")
    # When the base was first raised, if versions of the same raise have followed each other.
    since = models.DateTimeField("待稽核起始时间")
    follows = models.ForeignKey(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name="承接",
    )

    class Meta:
        verbose_name = "待稽核的基数上调"
        verbose_name_plural = "待稽核的基数上调"
        triggers = append_only()
        constraints = [
            models.UniqueConstraint(
                name="base_hold_once_per_line", fields=["line_id", "insurance"]
            ),
            models.CheckConstraint(
                name="base_hold_is_a_raise", condition=Q(former__gt=0, declared__gt=F("former"))
            ),
        ]
        indexes = [
            models.Index(name="base_hold_of_month", fields=["employer", "month", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m} {self.insurance} {self.person_id[-4:]}"


class BaseHoldEnd(models.Model):
    """What the special audit of a raised base came to; two auditors answer for it."""

    class Verdict(models.TextChoices):
        CLEARED = "CLEARED", "同意上调"
        REFUSED_BASE = "REFUSED_BASE", "不予上调，维持原基数"

    hold = models.OneToOneField(
        BaseHold, models.RESTRICT, related_name="end", verbose_name="待稽核的基数上调"
    )
    verdict = models.CharField("稽核结论", max_length=12, choices=Verdict.choices)
    by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="稽核人员")
    seconded_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="第二稽核人员"
    )
    document = models.CharField("稽核文书", max_length=120)
    ended_at = models.DateTimeField("办结时间")
    # The same base again in a later version: what was decided about it holds on.
    carried_from = models.ForeignKey(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        verbose_name="沿用",
    )

    class Meta:
        verbose_name = "基数上调稽核结论"
        verbose_name_plural = "基数上调稽核结论"
        triggers = append_only()
        constraints = [
            models.CheckConstraint(
                name="base_hold_end_by_two",
                condition=~Q(by=F("seconded_by")),
                violation_error_message="专门稽核须由两名不同的稽核人员共同办结。",
            ),
            models.CheckConstraint(
                name="base_hold_end_with_document",
                condition=~Q(document=""),
                violation_error_message="请填写稽核文书的文号。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hold_id} {self.get_verdict_display()}"
