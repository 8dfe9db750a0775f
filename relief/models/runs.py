"""Runs, what waits for one, and what they found."""

from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models import Employer, Import, Officer, Work
from relief.models.declared import Insurance


class Run(Work):
    """One recalculation: what was known on the as-of date, for some months and employers."""

    as_of = models.DateField("核定基准日")
    from_month = models.DateField("起始月份", null=True, blank=True)
    to_month = models.DateField("截止月份", null=True, blank=True)
    # Empty: everybody.
    employer_ids = models.JSONField("单位范围", default=list, blank=True)
    policy_sha256 = models.CharField("政策摘要", max_length=64)
    policy_label = models.CharField("适用政策", max_length=300)
    # High-water marks: the inputs are append-only, so their last numbers freeze them.
    inputs = models.JSONField("输入水位", default=dict, blank=True)
    by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="发起人"
    )
    os_user = models.CharField("系统账号", max_length=64, blank=True)
    reason = models.CharField("事由", max_length=200, blank=True)
    # Started by the system itself, because news came in: `services.reassess`.
    automatic = models.BooleanField("系统自动", default=False)
    totals = models.JSONField("结果", default=dict, blank=True)

    class Meta:
        verbose_name = "核定"
        verbose_name_plural = "核定"

    def __str__(self) -> str:
        return f"核定 {self.pk}"

    @property
    def starter(self) -> str:
        """Who started it, as lists say it."""
        if self.by:
            return self.by.name
        return "系统自动" if self.automatic else f"系统（{self.os_user or '命令'}）"


class RunShard(Work):
    """A range of employers within a run; worked through in one transaction."""

    run = models.ForeignKey(Run, models.RESTRICT, related_name="shards", verbose_name="核定")
    number = models.PositiveIntegerField("分片")
    first_employer_id = models.BigIntegerField("起始单位")
    last_employer_id = models.BigIntegerField("截止单位")
    # Equal only for the very same stored rows: a shard that comes to the same isn't worked twice.
    fingerprint = models.TextField("输入摘要", blank=True)
    totals = models.JSONField("结果", default=dict, blank=True)

    class Meta:
        verbose_name = "核定分片"
        verbose_name_plural = "核定分片"
        constraints = [
            models.UniqueConstraint(name="run_shard_once", fields=["run", "number"]),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class ReassessmentDue(models.Model):
    """News about a unit that has been assessed before: it waits for a recalculation.

    Open until a run that covers it starts; kept then, with that run. `due_on` is later than the
    import where the news itself is dated later.
    """

    class Reason(models.TextChoices):
        SIZES = "SIZES", "划型数据更新"
        TERMS = "TERMS", "单位信息变更"
        DECLARED = "DECLARED", "已核定月份的申报变更"
        BASES = "BASES", "基数上调稽核办结"
        PROJECTS = "PROJECTS", "建设项目变更"
        CLASSES = "CLASSES", "人工归类"
        ESTIMATED = "ESTIMATED", "未申报核定"

    employer = models.ForeignKey(Employer, models.RESTRICT, db_index=False, verbose_name="参保单位")
    reason = models.CharField("原因", max_length=12, choices=Reason.choices)
    due_on = models.DateField("生效日期")
    marked_at = models.DateTimeField("登记时间")
    # None where officers decided it.
    cause = models.ForeignKey(
        Import, models.RESTRICT, null=True, blank=True, db_index=False, verbose_name="来源"
    )
    taken_by_run = models.ForeignKey(
        Run, models.RESTRICT, null=True, blank=True, related_name="taken", verbose_name="核定"
    )
    # How many runs that the system started for it have failed.
    failures = models.PositiveSmallIntegerField("未完成次数", default=0)

    class Meta:
        verbose_name = "待重新核定"
        verbose_name_plural = "待重新核定"
        constraints = [
            models.UniqueConstraint(
                name="reassessment_due_once",
                fields=["employer", "due_on"],
                condition=Q(taken_by_run__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.get_reason_display()}"


class Assessment(models.Model):
    """What was found due for one employer, month and insurance, in yuan.

    In force on a day is the version with the greatest as-of date not after it, and of
    those the latest run's. Only finished runs count: `queries.assessments_in_force`.
    """

    # A million rows a run: both keys come out of the very statement that reads employers and
    # run, and neither may be deleted, so the database needn't look each of them up again.
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_constraint=False, db_index=False, verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    as_of = models.DateField("核定基准日")
    run = models.ForeignKey(
        Run, models.RESTRICT, db_constraint=False, db_index=False, verbose_name="核定"
    )
    headcount = models.PositiveIntegerField("人数")
    base_total = models.DecimalField("缴费基数合计", max_digits=16, decimal_places=2)
    gross_due = models.DecimalField("单位应缴", max_digits=16, decimal_places=2)
    relief_fraction = models.DecimalField("减免比例", max_digits=5, decimal_places=4)
    relief = models.DecimalField("减免金额", max_digits=16, decimal_places=2)
    net_due = models.DecimalField("减免后应缴", max_digits=16, decimal_places=2)
    employee_due = models.DecimalField("个人应缴", max_digits=16, decimal_places=2)
    employer_class = models.CharField("减免类别", max_length=16)
    clause = models.CharField("依据", max_length=120)

    class Meta:
        verbose_name = "核定结果"
        verbose_name_plural = "核定结果"
        triggers = append_only()
        constraints = [
            # Also the way to the version in force, and the guard against a shard run twice.
            models.UniqueConstraint(
                name="assessment_once_per_run",
                fields=["employer", "month", "insurance", "as_of", "run"],
            ),
            models.CheckConstraint(
                name="assessment_adds_up", condition=Q(gross_due=F("relief") + F("net_due"))
            ),
            models.CheckConstraint(
                name="assessment_within_gross", condition=Q(relief__gte=0, net_due__gte=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m} {self.insurance}"
