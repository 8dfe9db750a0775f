"""Overpayments that pay other months' contributions. Amounts in yuan."""

from django.db import models
from django.db.models import F, Q

from refunds import guards_offset
from refunds.models.owed import Obligation, ObligationItem
from registry.guards import append_only


class OffsetUse(models.Model):
    """Money of one month of a refund that pays another month of the same fund, or its undoing.

    The month that gives is the item's. The sum of a use and its undoings is what still stands.
    """

    obligation = models.ForeignKey(
        Obligation, models.RESTRICT, related_name="uses", db_index=False, verbose_name="退费"
    )
    number = models.PositiveIntegerField("序号")
    item = models.ForeignKey(
        ObligationItem, models.RESTRICT, related_name="uses", verbose_name="多缴的月份"
    )
    to_month = models.DateField("冲抵的费款所属期")
    # Below zero: it undoes a part of another use, or all of it.
    amount = models.DecimalField("金额", max_digits=14, decimal_places=2)
    undoes = models.ForeignKey(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="undoings",
        verbose_name="撤回的冲抵",
    )
    on = models.DateField("日期")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "冲抵"
        verbose_name_plural = "冲抵"
        triggers = [
            *append_only(),
            guards_offset.use_is_covered(),
            guards_offset.use_is_open(),
            guards_offset.use_is_posted(),
        ]
        constraints = [
            models.UniqueConstraint(
                name="offset_use_once_per_number", fields=["obligation", "number"]
            ),
            models.CheckConstraint(
                name="offset_use_or_undoing",
                condition=Q(amount__gt=0, undoes__isnull=True)
                | Q(amount__lt=0, undoes__isnull=False),
            ),
            models.CheckConstraint(name="offset_use_first_of_month", condition=Q(to_month__day=1)),
            models.CheckConstraint(
                name="offset_use_undoes_another",
                condition=Q(undoes__isnull=True) | ~Q(undoes=F("id")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.number}"

    @property
    def reference(self) -> str:
        """What its postings are known by; the receipt is loaded with it."""
        return f"{self.obligation.receipt}.OFFSET.{self.number}"
