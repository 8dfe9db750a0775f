"""Three accounts of the same money, day by day: the ledger, the bank's answers, the statement.

Amounts in yuan, paid out above zero, come back below.
"""

from django.db import models
from django.db.models import F, Q

from casework.models import Letter
from refunds import guards_hands, guards_reconcile
from refunds.models.answered import BankFile
from refunds.models.statements import BankStatement
from registry.guards import append_only, by_their_posts, no_delete
from registry.models import Officer


class Difference(models.Model):
    """One movement of one day on which the three don't agree.

    Found by `services.reconcile`, which also clears it once they do. Whatever is left is
    settled by a `Correction`.
    """

    class Kind(models.TextChoices):
        NOT_ON_STATEMENT = "NOT_ON_STATEMENT", "我方已记，对账单上没有"
        NOT_ANSWERED = "NOT_ANSWERED", "对账单上有，银行没有回盘"
        OTHER_DAY = "OTHER_DAY", "回盘日期与对账单日期不同"
        THERE_AND_BACK = "THERE_AND_BACK", "银行当时付出，后来退回"
        AMOUNT = "AMOUNT", "金额不同"
        TWICE = "TWICE", "对账单上重复"
        NOT_OURS = "NOT_OURS", "不是退费业务"
        LEDGER = "LEDGER", "账簿与回盘不一致"
        BALANCE = "BALANCE", "对账单余额不连续"
        NO_STATEMENT = "NO_STATEMENT", "没有对账单"

    class State(models.TextChoices):
        OPEN = "OPEN", "待处理"
        PROPOSED = "PROPOSED", "待另一人确认"
        SETTLED = "SETTLED", "已处理"
        CLEARED = "CLEARED", "已自行对平"

    account = models.CharField("账号", max_length=32)
    day = models.DateField("日期")
    kind = models.CharField("类型", max_length=16, choices=Kind.choices)
    # Our line number, or the statement's row where the bank named none.
    key = models.CharField("业务", max_length=60, blank=True)
    ledger = models.DecimalField("账簿", max_digits=16, decimal_places=2)
    answers = models.DecimalField("回盘", max_digits=16, decimal_places=2)
    statement = models.DecimalField("对账单", max_digits=16, decimal_places=2)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    owner = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="经办人"
    )
    found_at = models.DateTimeField("发现时间")
    ended_at = models.DateTimeField("了结时间", null=True, blank=True)

    class Meta:
        verbose_name = "对账差异"
        verbose_name_plural = "对账差异"
        triggers = [
            guards_reconcile.difference_is_fixed(),
            guards_hands.settled_by_two(),
            no_delete(),
        ]
        constraints = [
            models.UniqueConstraint(
                name="difference_once",
                fields=["account", "day", "kind", "key"],
                condition=Q(state__in=["OPEN", "PROPOSED", "SETTLED"]),
            ),
            models.CheckConstraint(
                name="difference_ended_or_not",
                condition=Q(state__in=["OPEN", "PROPOSED"], ended_at__isnull=True)
                | Q(state__in=["SETTLED", "CLEARED"], ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="difference_open",
                fields=["day", "account"],
                condition=Q(state__in=["OPEN", "PROPOSED"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.get_kind_display()} {self.key}"


class Correction(models.Model):
    """How a difference is to be settled: proposed by one officer, confirmed by another."""

    class Action(models.TextChoices):
        EXPLAIN = "EXPLAIN", "说明原因，不改变退费"
        TAKE_STATEMENT = "TAKE_STATEMENT", "以对账单为准，补记银行结果"

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", "待确认"
        CONFIRMED = "CONFIRMED", "已确认"
        REFUSED = "REFUSED", "未同意"

    difference = models.ForeignKey(
        Difference, models.RESTRICT, related_name="corrections", verbose_name="差异"
    )
    action = models.CharField("办法", max_length=16, choices=Action.choices)
    reason = models.CharField("原因", max_length=200)
    # What proves it: the bank's letter, a voucher.
    document = models.CharField("凭据", max_length=100)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    prepared_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="提出人"
    )
    prepared_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    refusal = models.CharField("不同意的原因", max_length=200, blank=True)
    # What the bank would have told us, where that was made good.
    file = models.OneToOneField(
        BankFile, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="补记"
    )

    class Meta:
        verbose_name = "对账更正"
        verbose_name_plural = "对账更正"
        triggers = [
            guards_reconcile.correction_is_fixed(),
            guards_hands.begins_as_a_proposal(),
            by_their_posts(prepares="FUND_FINANCE", decides=["FUND_FINANCE", "HEAD"]),
            no_delete(),
        ]
        constraints = [
            models.UniqueConstraint(
                name="correction_one_proposed",
                fields=["difference"],
                condition=Q(state="PROPOSED"),
                violation_error_message="这项差异已经有人提出处理办法，正在等另一人确认。",
            ),
            models.CheckConstraint(
                name="correction_two_people",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("prepared_by")),
                violation_error_message="提出和确认必须由两个人办理。",
            ),
            models.CheckConstraint(
                name="correction_decided_by_somebody",
                condition=Q(state="PROPOSED", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="PROPOSED") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="correction_says_why",
                condition=~Q(reason="") & ~Q(document=""),
                violation_error_message="请写明原因和凭据。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.difference_id} {self.get_action_display()}"


class DayClose(models.Model):
    """A day of an account at which the three agree to the fen, with its certificate."""

    account = models.CharField("账号", max_length=32)
    day = models.DateField("日期")
    # A day whose figures moved afterwards is closed again.
    round = models.PositiveSmallIntegerField("第几次")
    statement = models.ForeignKey(
        BankStatement, models.RESTRICT, related_name="+", verbose_name="对账单"
    )
    ledger_total = models.DecimalField("账簿", max_digits=18, decimal_places=2)
    answers_total = models.DecimalField("回盘", max_digits=18, decimal_places=2)
    statement_total = models.DecimalField("对账单", max_digits=18, decimal_places=2)
    # Of the statement: what two people have explained as no matter of ours, or of another day.
    explained_total = models.DecimalField("已说明", max_digits=18, decimal_places=2)
    difference = models.DecimalField("差额", max_digits=18, decimal_places=2)
    facts = models.JSONField("明细")
    certificate = models.OneToOneField(
        Letter, models.RESTRICT, related_name="+", verbose_name="证书"
    )
    closed_by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="对账人")
    closed_at = models.DateTimeField("对平时间")

    class Meta:
        verbose_name = "日终对账"
        verbose_name_plural = "日终对账"
        triggers = [
            *append_only(),
            guards_reconcile.day_closes_at_nothing(),
            guards_reconcile.day_closed_by_its_posts(),
        ]
        constraints = [
            models.UniqueConstraint(
                name="day_closed_once_per_round", fields=["account", "day", "round"]
            ),
            models.CheckConstraint(
                name="day_closes_at_nothing",
                condition=Q(
                    difference=0,
                    ledger_total=F("answers_total"),
                    statement_total=F("answers_total") + F("explained_total"),
                ),
                violation_error_message="差额不为 0.00 元，不能办理日终对账。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account[-4:]} {self.day:%Y-%m-%d}"
