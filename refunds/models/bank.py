"""What goes to the bank: accounts, batches, lines, tries. Amounts in yuan."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from refunds import guards, guards_accounts, guards_answers, guards_batches, guards_sampling
from refunds.models.owed import Obligation, Submission
from refunds.workflow import LIVE, AttemptState, BatchState, attempt_transitions, batch_transitions
from registry.guards import append_only, no_delete
from registry.models import Officer
from relief.models import Insurance


class Channel(models.TextChoices):
    """The format of a bank's files."""

    WORKBOOK = "workbook", "银行 xlsx 模板"
    PIPE = "pipe", "GB18030 竖线分隔文本"
    ISO20022 = "iso20022", "ISO 20022 报文"


class Link(models.TextChoices):
    """How batches get to the bank."""

    FOLDER = "folder", "文件目录"
    HTTP = "http", "银企直连"


class FundAccount(models.Model):
    """The account a fund pays from; the row stored last is in force."""

    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    holder = models.CharField("户名", max_length=120)
    bank = models.CharField("开户银行", max_length=120)
    number = models.CharField("银行账号", max_length=32)
    bank_code = models.CharField("开户行行号", max_length=12, blank=True)
    # How its bank wants batches written, and how they get there.
    channel = models.CharField(
        "文件格式", max_length=12, choices=Channel.choices, default=Channel.WORKBOOK
    )
    link = models.CharField("传送方式", max_length=8, choices=Link.choices, default=Link.FOLDER)
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
    """Payments of one fund from one account: drafted, checked and approved by three people, then
    sealed into the very bytes that the bank gets."""

    number = models.CharField("批次号", max_length=24, unique=True)
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    state = models.CharField(
        "状态", max_length=10, choices=BatchState.choices, default=BatchState.DRAFT
    )
    count = models.PositiveIntegerField("笔数")
    total = models.DecimalField("合计金额", max_digits=16, decimal_places=2)
    account = models.ForeignKey(
        FundAccount, models.RESTRICT, null=True, related_name="+", verbose_name="付款账户"
    )
    payer_account = models.CharField("付款账号", max_length=32)
    channel = models.CharField(
        "文件格式", max_length=12, choices=Channel.choices, default=Channel.WORKBOOK
    )
    business_date = models.DateField("业务日期", null=True)
    # Over every field of every line: what is signed is what is sent.
    lines_sha256 = models.CharField("明细摘要", max_length=64, blank=True)
    drafted_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="拟批人"
    )
    drafted_at = models.DateTimeField("拟批时间")
    checked_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, related_name="+", verbose_name="核对人"
    )
    checked_at = models.DateTimeField("核对时间", null=True)
    checked_sha256 = models.CharField("核对的摘要", max_length=64, null=True)
    approved_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, related_name="+", verbose_name="批准人"
    )
    approved_at = models.DateTimeField("批准时间", null=True)
    approved_sha256 = models.CharField("批准的摘要", max_length=64, null=True)
    content = models.BinaryField("送盘文件", null=True)
    content_sha256 = models.CharField("文件摘要", max_length=64, unique=True, null=True)
    sealed_at = models.DateTimeField("封批时间", null=True)
    sent_at = models.DateTimeField("送盘时间", null=True, blank=True)
    answered_at = models.DateTimeField("回盘时间", null=True)
    closed_at = models.DateTimeField("对平时间", null=True)
    dissolved_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, related_name="+", verbose_name="拆批人"
    )
    dissolved_at = models.DateTimeField("拆批时间", null=True)
    # Why it could not be sealed, or why it was taken apart.
    problem = models.CharField("说明", max_length=300, blank=True)
    # Sealed by one person, before three were asked for; no new one can be made.
    legacy = models.BooleanField("旧规则", default=False)

    class Meta:
        verbose_name = "退费批次"
        verbose_name_plural = "退费批次"
        constraints = [
            models.CheckConstraint(
                name="batch_has_lines",
                condition=Q(count__gt=0, total__gt=0)
                | Q(state__in=["DRAFT", "DISSOLVED"], count=0, total=0),
            ),
            models.CheckConstraint(
                name="batch_three_people",
                condition=(
                    (Q(checked_by__isnull=True) | ~Q(checked_by=F("drafted_by")))
                    & (
                        Q(approved_by__isnull=True)
                        | (~Q(approved_by=F("drafted_by")) & ~Q(approved_by=F("checked_by")))
                    )
                ),
                violation_error_message="拟批、核对、批准必须由三个人办理。",
            ),
            models.CheckConstraint(
                name="batch_checked_before_it_goes_on",
                condition=Q(legacy=True)
                | Q(state__in=["DRAFT", "DISSOLVED"])
                | Q(
                    checked_by__isnull=False,
                    checked_at__isnull=False,
                    checked_sha256=F("lines_sha256"),
                ),
            ),
            models.CheckConstraint(
                name="batch_approved_before_it_goes_on",
                condition=Q(legacy=True)
                | Q(state__in=["DRAFT", "CHECKED", "DISSOLVED"])
                | Q(
                    approved_by__isnull=False,
                    approved_at__isnull=False,
                    approved_sha256=F("lines_sha256"),
                ),
            ),
            models.CheckConstraint(
                name="batch_sealed_with_its_bytes",
                condition=Q(state="DISSOLVED")
                | Q(state__in=["DRAFT", "CHECKED", "APPROVED"], content__isnull=True)
                | Q(
                    state__in=["SEALED", "SENT", "ANSWERED", "CLOSED"],
                    content__isnull=False,
                    content_sha256__isnull=False,
                    sealed_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="batch_dissolved_by_somebody",
                condition=Q(state="DISSOLVED", dissolved_by__isnull=False) & ~Q(problem="")
                | (~Q(state="DISSOLVED") & Q(dissolved_by__isnull=True)),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "number",
                    "insurance",
                    "account",
                    "payer_account",
                    "channel",
                    "business_date",
                    "drafted_by",
                    "drafted_at",
                    "legacy",
                ],
            ),
            pgtrigger.FSM(name="legal_move", field="state", transitions=batch_transitions()),
            no_delete(),
            guards_batches.no_new_legacy(),
            guards_batches.once_written(),
            guards_batches.comes_to_its_lines(),
            guards_batches.signed_by_its_post(),
            guards_batches.recalled_before_sending(),
            guards_sampling.seed_bound(),
            guards_sampling.sample_cleared(),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def file_name(self) -> str:
        """The name under which the bank gets it; the contract's for workbooks."""
        suffixes = {Channel.WORKBOOK: ".xlsx", Channel.PIPE: ".txt", Channel.ISO20022: ".xml"}
        return f"{self.number}{suffixes[Channel(self.channel)]}"


class BatchSend(models.Model):
    """One try to get a batch to the bank, written down before it is made.

    While it stands the batch can't be taken back: the bank may have it.
    """

    class Outcome(models.TextChoices):
        OPEN = "OPEN", "不知是否送到"
        DONE = "DONE", "已送到"
        REFUSED = "REFUSED", "银行拒收"

    batch = models.ForeignKey(
        Batch, models.RESTRICT, related_name="sends", db_index=False, verbose_name="批次"
    )
    number = models.PositiveSmallIntegerField("第几次")
    begun_at = models.DateTimeField("开始时间")
    ended_at = models.DateTimeField("结束时间", null=True)
    outcome = models.CharField("结果", max_length=8, choices=Outcome.choices, default=Outcome.OPEN)
    said = models.CharField("银行答复", max_length=200, blank=True)

    class Meta:
        verbose_name = "送盘"
        verbose_name_plural = "送盘"
        constraints = [
            models.UniqueConstraint(name="batch_send_once_per_number", fields=["batch", "number"]),
            models.UniqueConstraint(
                name="batch_send_one_open", fields=["batch"], condition=Q(outcome="OPEN")
            ),
            models.CheckConstraint(
                name="batch_send_ended_or_not",
                condition=Q(outcome="OPEN", ended_at__isnull=True)
                | (~Q(outcome="OPEN") & Q(ended_at__isnull=False)),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="fixed", fields=["batch", "number", "begun_at"]),
            no_delete(),
            guards_batches.send_is_of_a_sealed_batch(),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.number}"


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
            no_delete(),
            guards_answers.ends_by_the_banks_word(),
            guards.attempt_is_approved(),
            guards_accounts.account_is_cool(),
            guards_batches.attempt_joins_a_draft(),
            guards_batches.attempt_recalled_in_time(),
            guards_sampling.no_line_after_the_draw(),
        ]

    def __str__(self) -> str:
        return self.line_no
