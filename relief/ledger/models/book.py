"""The book: postings, entries and legs. Rows are added, never changed or deleted."""

from django.db import models
from django.db.models import Q

from registry.guards import append_only
from registry.models import Employer
from relief.ledger import guards
from relief.ledger.accounts import Account
from relief.models.declared import Insurance

#: What every run and payment posts to.
EVERYDAY = (Account.CHARGED, Account.RELIEVED, Account.RECEIVABLE, Account.PAID)


class LedgerPosting(models.Model):
    """What one commit added to one chain. Its digest seals its rows and its predecessor."""

    # Fund and lane: postings of one chain are written one after the other.
    chain = models.CharField("账链", max_length=24)
    number = models.PositiveBigIntegerField("链内序号")
    previous = models.BinaryField("前一摘要", max_length=32)
    digest = models.BinaryField("摘要（SM3）", max_length=32)
    entries = models.PositiveIntegerField("凭证数")
    legs = models.PositiveIntegerField("分录数")
    debit = models.DecimalField("借方合计", max_digits=18, decimal_places=2)
    cause = models.CharField("来由", max_length=80)
    at = models.DateTimeField("记账时间")

    class Meta:
        verbose_name = "记账批次"
        verbose_name_plural = "记账批次"
        triggers = [*append_only(), guards.follows_its_chain(), guards.balances()]
        constraints = [
            models.UniqueConstraint(name="posting_once_per_number", fields=["chain", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.chain}/{self.number}"


class LedgerEntry(models.Model):
    """One cause and what it moved, for one employer and fund; its legs come to 0.00."""

    # At the commit the posting exists: it is written after its entries.
    posting = models.ForeignKey(LedgerPosting, models.RESTRICT, verbose_name="记账批次")
    # Hundreds of thousands at a time, out of the very statement that reads the employers.
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_constraint=False, db_index=False, verbose_name="参保单位"
    )
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    value_on = models.DateField("起算日")
    reason = models.CharField("摘要", max_length=120)
    document = models.CharField("凭据", max_length=80, blank=True)
    # A cause is posted once for ever; what follows from facts by comparison has none.
    reference = models.CharField("唯一依据", max_length=120, null=True, blank=True)
    sha256 = models.BinaryField("行摘要", max_length=32)

    class Meta:
        verbose_name = "记账凭证"
        verbose_name_plural = "记账凭证"
        triggers = [*append_only(), guards.entries_before_posting()]
        indexes = [models.Index(name="entry_of_employer", fields=["employer", "id"])]
        constraints = [
            models.UniqueConstraint(
                name="entry_once_per_reference",
                fields=["reference"],
                condition=Q(reference__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class LedgerLeg(models.Model):
    """One side of an entry, in yuan: positive debits the account, negative credits it.

    Millions of rows: what joins one to its entry is checked once per posting (`guards.balances`).
    """

    posting = models.ForeignKey(
        LedgerPosting, models.RESTRICT, db_constraint=False, verbose_name="记账批次"
    )
    entry = models.ForeignKey(
        LedgerEntry, models.RESTRICT, db_constraint=False, db_index=False, verbose_name="记账凭证"
    )
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_constraint=False, db_index=False, verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    value_on = models.DateField("起算日")
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2)
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    account = models.CharField("科目", max_length=16, choices=Account.choices)
    # Money of a construction project, which is nothing of the employer's declared months.
    project = models.ForeignKey(
        "relief.Project",
        models.RESTRICT,
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
        verbose_name="建设项目",
    )
    sha256 = models.BinaryField("行摘要", max_length=32)

    class Meta:
        verbose_name = "分录"
        verbose_name_plural = "分录"
        triggers = [*append_only(), guards.legs_before_posting()]
        indexes = [
            models.Index(name="leg_of_line", fields=["employer", "insurance", "month"]),
            models.Index(
                name="leg_of_project", fields=["employer"], condition=Q(project__isnull=False)
            ),
            # What is on its way back: one leg in a hundred, asked for by account and day.
            models.Index(
                name="leg_on_its_way",
                fields=["account", "value_on"],
                include=["amount", "employer", "insurance", "month", "entry"],
                condition=~Q(account__in=EVERYDAY),
            ),
        ]
        constraints = [
            models.CheckConstraint(name="leg_is_something", condition=~Q(amount=0)),
            models.CheckConstraint(name="leg_first_of_month", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="leg_account_known", condition=Q(account__in=Account.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"
