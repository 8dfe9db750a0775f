"""What the bank says moved on the funds' accounts. Amounts in yuan, as the bank sees its
account: in above zero, out below."""

from django.db import models
from django.db.models import Q

from refunds.models.answered import BankFile
from registry.guards import append_only


class BankStatement(models.Model):
    """One account on one day; of several versions the last counts."""

    account = models.CharField("账号", max_length=32)
    day = models.DateField("日期")
    version = models.PositiveSmallIntegerField("第几版")
    opening = models.DecimalField("期初余额", max_digits=18, decimal_places=2)
    closing = models.DecimalField("期末余额", max_digits=18, decimal_places=2)
    moved = models.DecimalField("发生额合计", max_digits=18, decimal_places=2)
    count = models.PositiveIntegerField("笔数")
    file = models.ForeignKey(
        BankFile, models.RESTRICT, related_name="statements", verbose_name="文件"
    )
    stored_at = models.DateTimeField("入库时间")

    class Meta:
        verbose_name = "银行对账单"
        verbose_name_plural = "银行对账单"
        triggers = append_only()
        constraints = [
            models.UniqueConstraint(
                name="statement_once_per_version", fields=["account", "day", "version"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account[-4:]} {self.day:%Y-%m-%d}"

    @property
    def adds_up(self) -> bool:
        """Whether opening balance and movements come to the closing balance."""
        return self.opening + self.moved == self.closing


class StatementLine(models.Model):
    """One movement of a statement, as the bank wrote it."""

    class Kind(models.TextChoices):
        PAYMENT = "PAYMENT", "付款"
        RETURN = "RETURN", "退回"
        OTHER = "OTHER", "其他"

    statement = models.ForeignKey(
        BankStatement, models.RESTRICT, related_name="lines", db_index=False, verbose_name="对账单"
    )
    row = models.PositiveIntegerField("行号")
    # Ours, where the bank named it.
    line_no = models.CharField("业务流水号", max_length=60, blank=True)
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)
    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    counterparty = models.CharField("对方", max_length=200, blank=True)
    reference = models.CharField("银行流水号", max_length=60, blank=True)
    text = models.CharField("摘要", max_length=200, blank=True)

    class Meta:
        verbose_name = "对账单明细"
        verbose_name_plural = "对账单明细"
        triggers = append_only()
        indexes = [
            models.Index(
                name="statement_line_of_ours", fields=["line_no"], condition=~Q(line_no="")
            )
        ]
        constraints = [
            models.UniqueConstraint(name="statement_line_once", fields=["statement", "row"]),
            models.CheckConstraint(name="statement_line_is_something", condition=~Q(amount=0)),
            models.CheckConstraint(
                name="statement_line_sign",
                condition=Q(kind="OTHER")
                | Q(kind="PAYMENT", amount__lt=0)
                | Q(kind="RETURN", amount__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.statement_id}:{self.row}"
