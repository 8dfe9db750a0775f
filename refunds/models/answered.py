"""What the bank answered: files, and what we made of each of their rows. Amounts in yuan."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from refunds import guards_answers, guards_hands
from refunds.models.bank import Attempt, Batch
from registry.guards import append_only, by_their_posts, no_delete
from registry.models import Officer


class BankFile(models.Model):
    """One file from the bank, once for ever by its content."""

    class Kind(models.TextChoices):
        ANSWER = "ANSWER", "回盘"
        RECEIPT = "RECEIPT", "受理回执"
        STATEMENT = "STATEMENT", "对账单"
        # Not from the bank's folder: what two people settled by the bank's own word.
        CORRECTION = "CORRECTION", "补记"

    name = models.CharField("文件名", max_length=255)
    sha256 = models.CharField("文件摘要", max_length=64, unique=True)
    kind = models.CharField("类别", max_length=10, choices=Kind.choices, default=Kind.ANSWER)
    refused = models.CharField("拒收原因", max_length=200, blank=True)
    # Read, but not believed: its rows changed nothing.
    held = models.CharField("暂不处理的原因", max_length=200, blank=True)
    lines_read = models.PositiveIntegerField("行数", default=0)
    paid = models.PositiveIntegerField("到账", default=0)
    bounced = models.PositiveIntegerField("退回", default=0)
    wrong = models.PositiveIntegerField("待核实", default=0)
    read_at = models.DateTimeField("读取时间")

    class Meta:
        verbose_name = "银行文件"
        verbose_name_plural = "银行文件"
        triggers = append_only()

    def __str__(self) -> str:
        return self.name


class BankAnswerLine(models.Model):
    """One row of the bank's file, as read, and what we made of it."""

    class Finding(models.TextChoices):
        PAID = "paid", "到账"
        BOUNCED = "bounced", "退回"
        RETURNED = "returned", "到账后退票"
        REPEATED = "repeated", "重复答复，无影响"
        OVERTAKEN = "overtaken", "早于已记录的退票，无影响"
        UNKNOWN_LINE = "unknown_line", "业务流水号不是我方的"
        NEVER_SENT = "never_sent", "这一笔没有送出过"
        OTHER_BATCH = "other_batch", "批次号与流水号不对应"
        WRONG_AMOUNT = "wrong_amount", "金额与送盘不符"
        WRONG_ACCOUNT = "wrong_account", "收款账号与送盘不符"
        WRONG_DATE = "wrong_date", "处理日期晚于今天"
        CONTRADICTION = "contradiction", "与此前的答复矛盾"
        BAD_CELL = "bad_cell", "单元格无法识别"
        HELD = "held", "文件不完整，未处理"

    #: Findings that need nobody.
    HARMLESS: ClassVar[frozenset[Finding]] = frozenset(
        {
            Finding.PAID,
            Finding.BOUNCED,
            Finding.RETURNED,
            Finding.REPEATED,
            Finding.OVERTAKEN,
        }
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
        indexes = [
            models.Index(
                name="answer_to_look_into",
                fields=["file"],
                condition=~Q(finding__in=["paid", "bounced", "returned", "repeated", "overtaken"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.row}"


class BatchReceipt(models.Model):
    """That the bank has taken a batch over, or will not."""

    batch = models.ForeignKey(Batch, models.RESTRICT, related_name="receipts", verbose_name="批次")
    file = models.OneToOneField(
        BankFile, models.RESTRICT, related_name="receipt", verbose_name="文件"
    )
    accepted = models.BooleanField("受理")
    reason = models.CharField("原因", max_length=200, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "受理回执"
        verbose_name_plural = "受理回执"
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.batch_id} {'受理' if self.accepted else '拒绝'}"


class AnswerHandled(models.Model):
    """That somebody has cleared up with the bank a row that changed nothing."""

    line = models.OneToOneField(
        BankAnswerLine, models.RESTRICT, related_name="handled", verbose_name="银行答复"
    )
    note = models.CharField("核实结果", max_length=200)
    by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="核实人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "银行答复核实"
        verbose_name_plural = "银行答复核实"
        triggers = [*append_only(), guards_hands.handled_by_its_posts()]
        constraints = [
            models.CheckConstraint(
                name="answer_handled_says_how",
                condition=~Q(note=""),
                violation_error_message="请写明核实结果。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}"


class BankWord(models.Model):
    """The bank's written word on one payment whose answer never came or does not fit.

    One officer enters it, another confirms it; only then does it count as the answer.
    """

    class Outcome(models.TextChoices):
        PAID = "PAID", "已付出"
        NOT_PAID = "NOT_PAID", "没有付出"
        RETURNED = "RETURNED", "付出后已退回"

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", "待确认"
        CONFIRMED = "CONFIRMED", "已确认"
        REFUSED = "REFUSED", "未同意"

    attempt = models.ForeignKey(Attempt, models.RESTRICT, related_name="words", verbose_name="付款")
    outcome = models.CharField("银行证明", max_length=10, choices=Outcome.choices)
    settled_on = models.DateField("银行处理日期")
    reason = models.CharField("银行说明的原因", max_length=200, blank=True)
    document = models.CharField("证明文号和日期", max_length=100)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    prepared_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="录入人"
    )
    prepared_at = models.DateTimeField("录入时间")
    decided_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    refusal = models.CharField("不同意的原因", max_length=200, blank=True)
    file = models.OneToOneField(
        BankFile, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="补记"
    )

    class Meta:
        verbose_name = "银行书面证明"
        verbose_name_plural = "银行书面证明"
        triggers = [
            guards_answers.word_is_fixed(),
            guards_hands.begins_as_a_proposal(),
            by_their_posts(prepares="FUND_FINANCE", decides=["FUND_FINANCE", "HEAD"]),
            no_delete(),
        ]
        constraints = [
            models.UniqueConstraint(
                name="bank_word_one_proposed",
                fields=["attempt"],
                condition=Q(state="PROPOSED"),
                violation_error_message="这笔付款已经录入银行证明，正在等另一人确认。",
            ),
            models.CheckConstraint(
                name="bank_word_two_people",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("prepared_by")),
                violation_error_message="录入和确认必须由两个人办理。",
            ),
            models.CheckConstraint(
                name="bank_word_decided_by_somebody",
                condition=Q(state="PROPOSED", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="PROPOSED") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="bank_word_has_a_document",
                condition=~Q(document=""),
                violation_error_message="请填写银行证明的文号和日期。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attempt_id} {self.get_outcome_display()}"
