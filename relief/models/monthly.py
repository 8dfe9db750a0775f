"""The monthly declaration online: a draft table, what was sent of it, and what was accepted.

A draft is nobody's decision and may change at any time. Sent, it becomes a workbook like any
other: an import with a preview. Only what was signed and stored is a `MonthlySubmission`.
"""

from datetime import date

from django.db import models
from django.db.models import Q

from registry import months
from registry.guards import append_only
from registry.models import Employer, Import, Membership


class MonthlyDraft(models.Model):
    """What an enterprise has typed for a month and not yet sent. One at a time."""

    class State(models.TextChoices):
        OPEN = "OPEN", "已保存，未提交"
        SENT = "SENT", "已提交"
        DROPPED = "DROPPED", "已放弃"

    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="+", verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    # The month that its rows came from: the last one declared, or the month itself.
    started_from = models.DateField("起始内容来自", null=True, blank=True)
    # The newest line of the month when it was begun: later ones came from elsewhere.
    lines_mark = models.BigIntegerField("开始时的申报明细", default=0)
    # Counts up at every change: what was checked is what is signed.
    version = models.PositiveIntegerField("修改次数", default=1)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.OPEN)
    opened_by = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="填写人"
    )
    opened_at = models.DateTimeField("开始时间")
    updated_by = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="最后修改人"
    )
    updated_at = models.DateTimeField("最后修改时间")

    class Meta:
        verbose_name = "月度申报草稿"
        verbose_name_plural = "月度申报草稿"
        constraints = [
            models.UniqueConstraint(
                name="monthly_draft_one_open",
                fields=["employer", "month"],
                condition=Q(state="OPEN"),
            ),
            models.CheckConstraint(name="monthly_draft_first_of_month", condition=Q(month__day=1)),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m}"

    @property
    def last_month(self) -> date:
        """The month whose bases stand beside the cells: the one it began from, or the one before."""
        if self.started_from is not None and self.started_from < self.month:
            return self.started_from
        return months.after(self.month, -1)


class MonthlyDraftRow(models.Model):
    """One person of a draft: the cells as typed, even wrong, and what could be read of them."""

    class Origin(models.TextChoices):
        LAST = "LAST", "上月"
        DECLARED = "DECLARED", "本月已申报"
        ADDED = "ADDED", "本次增员"

    draft = models.ForeignKey(
        MonthlyDraft,
        models.CASCADE,  # a part of the draft
        db_index=False,
        related_name="rows",
        verbose_name="草稿",
    )
    position = models.PositiveIntegerField("顺序")
    origin = models.CharField("来源", max_length=10, choices=Origin.choices)
    removed = models.BooleanField("减员", default=False)
    person_id = models.CharField("证件号码", max_length=100, blank=True)
    person_name = models.CharField("姓名", max_length=100, blank=True)
    pension_base = models.CharField("养老缴费基数", max_length=100, blank=True)
    unemployment_base = models.CharField("失业缴费基数", max_length=100, blank=True)
    injury_base = models.CharField("工伤缴费基数", max_length=100, blank=True)
    # As the workbook's own readers took them; empty where they refuse the cell.
    read_id = models.CharField("读出的证件号码", max_length=18, blank=True)
    read_pension = models.DecimalField("读出的养老基数", max_digits=10, decimal_places=2, null=True)
    read_unemployment = models.DecimalField(
        "读出的失业基数", max_digits=10, decimal_places=2, null=True
    )
    read_injury = models.DecimalField("读出的工伤基数", max_digits=10, decimal_places=2, null=True)
    faults = models.PositiveSmallIntegerField("有误的单元格", default=0)
    # Where it stood in the workbook that was sent last.
    file_row = models.PositiveIntegerField("文件中的行号", null=True)

    class Meta:
        verbose_name = "月度申报草稿行"
        verbose_name_plural = "月度申报草稿行"
        indexes = [
            models.Index(name="monthly_row_in_order", fields=["draft", "position", "id"]),
            models.Index(name="monthly_row_by_person", fields=["draft", "read_id"]),
        ]

    def __str__(self) -> str:
        return f"{self.draft_id} {self.person_name}"


class MonthlyFiling(models.Model):
    """A workbook on its way: sent for a month by an enterprise, not yet signed or stored.

    The import says how far it is. Here stands what the import doesn't know: for which month it
    was brought, from which draft as it was then, and what was declared by signing.
    """

    import_of = models.OneToOneField(
        Import, models.RESTRICT, related_name="filing", verbose_name="导入"
    )
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="+", verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    draft = models.ForeignKey(
        MonthlyDraft,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="filings",
        verbose_name="草稿",
    )
    draft_version = models.PositiveIntegerField("草稿修改次数", default=0)
    asked_by = models.ForeignKey(
        Membership,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="请签署人",
    )
    asked_at = models.DateTimeField("请签署时间", null=True, blank=True)
    # Which wording of the undertaking the signer has agreed to.
    undertaking = models.CharField("承诺书版本", max_length=20, blank=True)
    created_at = models.DateTimeField("创建时间")

    class Meta:
        verbose_name = "月度申报核对"
        verbose_name_plural = "月度申报核对"
        indexes = [
            models.Index(name="monthly_filing_of_month", fields=["employer", "month", "-id"])
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m}"


class MonthlySubmission(models.Model):
    """A declaration of a month that was signed and accepted, with its receipt.

    A correction is a new version, which names the one it supersedes.
    """

    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="+", verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    version = models.PositiveIntegerField("版本")
    import_of = models.ForeignKey(
        Import, models.RESTRICT, related_name="submissions", verbose_name="导入"
    )
    receipt = models.CharField("回执编号", max_length=20, unique=True)
    supersedes = models.OneToOneField(
        "self", models.RESTRICT, null=True, blank=True, verbose_name="更正的版本"
    )
    signed_by = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="签署人"
    )
    # As they were called on the day.
    signed_name = models.CharField("签署人姓名", max_length=100)
    signed_at = models.DateTimeField("签署时间")
    seconded_name = models.CharField("第二确认人", max_length=100, blank=True)
    undertaking = models.CharField("承诺书版本", max_length=20, blank=True)
    stored_at = models.DateTimeField("入库时间")
    # The newest line of the month at that moment: what the version said can be read for ever.
    lines_mark = models.BigIntegerField("申报明细")
    totals = models.JSONField("合计")

    class Meta:
        verbose_name = "月度申报回执"
        verbose_name_plural = "月度申报回执"
        triggers = append_only()
        constraints = [
            models.UniqueConstraint(
                name="monthly_submission_version_once", fields=["employer", "month", "version"]
            ),
            models.UniqueConstraint(
                name="monthly_submission_once_per_import", fields=["import_of", "month"]
            ),
            models.CheckConstraint(
                name="monthly_submission_supersedes",
                condition=Q(version=1, supersedes__isnull=True)
                | Q(version__gt=1, supersedes__isnull=False),
            ),
        ]
        indexes = [models.Index(name="monthly_submission_latest", fields=["-stored_at"])]

    def __str__(self) -> str:
        return self.receipt
