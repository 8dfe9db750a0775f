"""What the bank answered: files, and what we made of each of their rows. Amounts in yuan."""

from typing import ClassVar

from django.db import models

from refunds.models.bank import Attempt
from registry.guards import append_only


class BankFile(models.Model):
    """One file from the bank, once for ever by its content."""

    name = models.CharField("文件名", max_length=255)
    sha256 = models.CharField("文件摘要", max_length=64, unique=True)
    refused = models.CharField("拒收原因", max_length=200, blank=True)
    lines_read = models.PositiveIntegerField("行数", default=0)
    paid = models.PositiveIntegerField("到账", default=0)
    bounced = models.PositiveIntegerField("退回", default=0)
    wrong = models.PositiveIntegerField("待核实", default=0)
    read_at = models.DateTimeField("读取时间")

    class Meta:
        verbose_name = "银行回盘文件"
        verbose_name_plural = "银行回盘文件"
        triggers = append_only()

    def __str__(self) -> str:
        return self.name


class BankAnswerLine(models.Model):
    """One row of the bank's file, as read, and what we made of it."""

    class Finding(models.TextChoices):
        PAID = "paid", "到账"
        BOUNCED = "bounced", "退回"
        REPEATED = "repeated", "重复答复，无影响"
        OVERTAKEN = "overtaken", "早于已记录的退票，无影响"
        UNKNOWN_LINE = "unknown_line", "业务流水号不是我方的"
        OTHER_BATCH = "other_batch", "批次号与流水号不对应"
        WRONG_AMOUNT = "wrong_amount", "金额与送盘不符"
        WRONG_ACCOUNT = "wrong_account", "收款账号与送盘不符"
        WRONG_DATE = "wrong_date", "处理日期晚于今天"
        CONTRADICTION = "contradiction", "与此前的答复矛盾"
        BAD_CELL = "bad_cell", "单元格无法识别"

    #: Findings that need nobody.
    HARMLESS: ClassVar[frozenset[Finding]] = frozenset(
        {Finding.PAID, Finding.BOUNCED, Finding.REPEATED, Finding.OVERTAKEN}
    )

    file = models.ForeignKey(
        BankFile, models.RESTRICT, related_name="lines", db_index=False, verbose_name="文件"
    )
    row = models.PositiveIntegerField("行号")
    batch_number = models.CharField("批次号", max_length=60, blank=True)
    line_no = models.CharField("业务流水号", max_length=60, blank=True)
    account = models.CharField("收款账号", max_length=60, blank=True)
    amount = models.CharField("金额", max_length=60, blank=True)
    outcome = models.CharField("结果", max_length=60, blank=True)
    reason = models.CharField("原因", max_length=200, blank=True)
    settled = models.CharField("处理日期", max_length=60, blank=True)
    attempt = models.ForeignKey(
        Attempt,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="answers",
        verbose_name="付款",
    )
    finding = models.CharField("处理结果", max_length=16, choices=Finding.choices)
    detail = models.CharField("说明", max_length=300, blank=True)

    class Meta:
        verbose_name = "银行答复"
        verbose_name_plural = "银行答复"
        triggers = append_only()
        constraints = [
            models.UniqueConstraint(name="answer_once_per_row", fields=["file", "row"]),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.row}"
