"""Money that moved, and what of it is overpaid now."""

from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models import Employer, Import
from relief.models.declared import Insurance


class Payment(models.Model):
    """A contribution that arrived, in yuan."""

    employer = models.ForeignKey(Employer, models.RESTRICT, db_index=False, verbose_name="参保单位")
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    employer_amount = models.DecimalField("单位缴费金额", max_digits=12, decimal_places=2)
    employee_amount = models.DecimalField("个人缴费金额", max_digits=12, decimal_places=2)
    arrived_on = models.DateField("到账日期")
    voucher = models.CharField("缴费凭证号", max_length=60)
    # A voucher that was taken back may come again: the second time it counts anew.
    version = models.PositiveSmallIntegerField("第几次登记", default=1)
    # A row that takes another back: the same amounts below zero, on the same day.
    reverses = models.OneToOneField(
        "self", models.RESTRICT, null=True, blank=True, verbose_name="冲销"
    )
    payer_number = models.CharField("付款账号", max_length=32, blank=True)
    payer_holder = models.CharField("付款户名", max_length=120, blank=True)
    source = models.ForeignKey(
        Import, models.RESTRICT, null=True, blank=True, db_index=False, verbose_name="来源"
    )

    class Meta:
        verbose_name = "缴费"
        verbose_name_plural = "缴费"
        triggers = append_only()
        indexes = [models.Index(name="payment_of_month", fields=["employer", "month", "insurance"])]
        constraints = [
            models.CheckConstraint(
                name="payment_amounts_not_negative",
                condition=Q(reverses__isnull=True, employer_amount__gte=0, employee_amount__gte=0)
                | Q(reverses__isnull=False, employer_amount__lte=0, employee_amount__lte=0),
                violation_error_message="缴费金额不能为负数。",
            ),
            models.UniqueConstraint(
                name="payment_once_per_voucher",
                fields=["voucher", "version"],
                condition=Q(reverses__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.voucher


class PaidBack(models.Model):
    """Employer money that left again, in yuan: `refunds` posts what the bank has confirmed.

    Positive when the bank paid it out, negative when it came back (退票). An offset is positive
    on the month that gives and negative on the month that takes.
    """

    class Kind(models.TextChoices):
        REFUND = "REFUND", "退费"
        OFFSET = "OFFSET", "冲抵"

    kind = models.CharField("类别", max_length=8, choices=Kind.choices, default=Kind.REFUND)
    employer = models.ForeignKey(Employer, models.RESTRICT, db_index=False, verbose_name="参保单位")
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    amount = models.DecimalField("金额", max_digits=12, decimal_places=2)
    on = models.DateField("日期")
    # One posting per cause, however often the bank's answer is read.
    reference = models.CharField("依据", max_length=80, unique=True)

    class Meta:
        verbose_name = "退还"
        verbose_name_plural = "退还"
        triggers = append_only()
        indexes = [
            models.Index(name="paid_back_of_month", fields=["employer", "month", "insurance"])
        ]
        constraints = [
            models.CheckConstraint(name="paid_back_is_something", condition=~Q(amount=0)),
        ]

    def __str__(self) -> str:
        return self.reference


class Overpaid(models.Model):
    """What is overpaid now, in yuan: a list kept ready for the desk, made from the book.

    Never a source: `services.overpaid` makes it anew from what is charged, relieved and paid, and
    nothing is decided by it. Only the lines that are overpaid are in it.
    """

    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_constraint=False, db_index=False, verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    paid = models.DecimalField("已缴", max_digits=16, decimal_places=2)
    net_due = models.DecimalField("减免后应缴", max_digits=16, decimal_places=2)
    overpaid = models.DecimalField("多缴", max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = "多缴"
        verbose_name_plural = "多缴"
        constraints = [
            models.UniqueConstraint(
                name="overpaid_once", fields=["employer", "month", "insurance"]
            ),
            models.CheckConstraint(
                name="overpaid_adds_up",
                condition=Q(paid=F("net_due") + F("overpaid"), overpaid__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m} {self.insurance}"


class OverpaidMark(models.Model):
    """Up to where the book is in `Overpaid`: one row."""

    day = models.DateField("截至日期")
    # The number that each chain had reached.
    chains = models.JSONField("账链序号", default=dict)

    class Meta:
        verbose_name = "多缴名单进度"
        verbose_name_plural = "多缴名单进度"
        constraints = [models.CheckConstraint(name="overpaid_mark_is_one", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
