"""Construction projects insured as projects: what was filed of each, and what is waived."""

from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models import Employer, Import, Officer
from relief.calc.project import LONGEST_CLAUSE
from relief.models.runs import Run
from relief.policy import CountBy

_COUNTS = [(CountBy.MONTH.value, "按月"), (CountBy.DAY.value, "按日")]


class Project(models.Model):
    """A construction project, known by its number; everything about it is in its versions."""

    code = models.CharField("项目编号", max_length=60, unique=True)

    class Meta:
        verbose_name = "建设项目"
        verbose_name_plural = "建设项目"
        triggers = append_only()

    def __str__(self) -> str:
        return self.code


class ProjectVersion(models.Model):
    """What was filed of a project; the latest that was not taken back holds. Amounts in yuan."""

    project = models.ForeignKey(
        Project, models.RESTRICT, related_name="versions", verbose_name="建设项目"
    )
    number = models.PositiveIntegerField("版本")
    employer = models.ForeignKey(Employer, models.RESTRICT, verbose_name="施工总承包单位")
    name = models.CharField("项目名称", max_length=120)
    price = models.DecimalField("工程总造价", max_digits=12, decimal_places=2)
    premium = models.DecimalField("已缴工伤保险费", max_digits=12, decimal_places=2)
    paid_on = models.DateField("缴费日期")
    start_on = models.DateField("合同开工日期")
    end_on = models.DateField("合同竣工日期")
    source = models.ForeignKey(Import, models.RESTRICT, null=True, blank=True, verbose_name="来源")
    recorded_at = models.DateTimeField("登记时间")
    # A row that takes another back: the version before that one holds again.
    withdraws = models.OneToOneField(
        "self", models.RESTRICT, null=True, blank=True, verbose_name="撤回"
    )

    class Meta:
        verbose_name = "建设项目版本"
        verbose_name_plural = "建设项目版本"
        triggers = append_only()
        constraints = [
            models.UniqueConstraint(
                name="project_version_once",
                fields=["project", "number"],
                condition=Q(withdraws__isnull=True),
            ),
            models.CheckConstraint(
                name="project_ends_after_start",
                condition=Q(end_on__gte=F("start_on")),
                violation_error_message="合同竣工日期早于开工日期。",
            ),
            models.CheckConstraint(
                name="project_amounts_positive", condition=Q(price__gt=0, premium__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"


class ProjectRelief(models.Model):
    """What a run found waived of a project's premium, in yuan; added where it changed.

    In force on a day as an `Assessment` is: the greatest as-of date not after it, and of those
    the latest finished run's. Both ways to spread the premium are kept; `count_by` decides.
    `is_gone`: every version was taken back; the amounts are nothing then.
    """

    project = models.ForeignKey(
        Project, models.RESTRICT, related_name="reliefs", db_index=False, verbose_name="建设项目"
    )
    version = models.ForeignKey(
        ProjectVersion, models.RESTRICT, related_name="+", db_index=False, verbose_name="依据的版本"
    )
    employer = models.ForeignKey(Employer, models.RESTRICT, verbose_name="施工总承包单位")
    as_of = models.DateField("核定基准日")
    run = models.ForeignKey(Run, models.RESTRICT, related_name="+", verbose_name="核定")
    premium = models.DecimalField("工伤保险费", max_digits=12, decimal_places=2)
    months_total = models.PositiveIntegerField("计划施工月数")
    months_relieved = models.PositiveIntegerField("减免月数")
    days_total = models.PositiveIntegerField("计划施工天数")
    days_relieved = models.PositiveIntegerField("减免天数")
    relief_fraction = models.DecimalField("减免比例", max_digits=5, decimal_places=4)
    relief_by_month = models.DecimalField("按月计的减免", max_digits=12, decimal_places=2)
    relief_by_day = models.DecimalField("按日计的减免", max_digits=12, decimal_places=2)
    relief = models.DecimalField("减免金额", max_digits=12, decimal_places=2)
    count_by = models.CharField("分摊口径", max_length=8, choices=_COUNTS)
    employer_class = models.CharField("总承包单位类别", max_length=16)
    clause = models.CharField("依据", max_length=LONGEST_CLAUSE)
    # `relief.calc.project.Flag`
    flags = models.PositiveSmallIntegerField("提示", default=0)
    is_gone = models.BooleanField("已撤回", default=False)

    class Meta:
        verbose_name = "建设项目减免"
        verbose_name_plural = "建设项目减免"
        triggers = append_only()
        constraints = [
            # Also the way to what is in force, and the guard against a shard run twice.
            models.UniqueConstraint(
                name="project_relief_once_per_run", fields=["project", "as_of", "run"]
            ),
            models.CheckConstraint(
                name="project_relief_within_premium",
                condition=Q(
                    relief_by_month__gte=0,
                    relief_by_month__lte=F("premium"),
                    relief_by_day__gte=0,
                    relief_by_day__lte=F("premium"),
                ),
            ),
            models.CheckConstraint(
                name="project_relief_as_counted",
                condition=Q(count_by="by_month", relief=F("relief_by_month"))
                | Q(count_by="by_day", relief=F("relief_by_day")),
            ),
            models.CheckConstraint(
                name="project_relief_months_within",
                condition=Q(
                    months_relieved__lte=F("months_total"), days_relieved__lte=F("days_total")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.as_of}"

    @property
    def gross_due(self) -> Decimal:
        """What the project would pay without relief."""
        return self.premium

    @property
    def net_due(self) -> Decimal:
        """What the project pays after relief."""
        return self.premium - self.relief


class ProjectPaidBack(models.Model):
    """A project's money that left again, in yuan: what `PaidBack` is for declared months.

    Positive when the bank paid it out, negative when it came back (退票). A table of its own: no
    sum over an employer's months may ever meet it.
    """

    project = models.ForeignKey(
        Project, models.RESTRICT, related_name="paid_back", verbose_name="建设项目"
    )
    employer = models.ForeignKey(Employer, models.RESTRICT, verbose_name="收款单位")
    amount = models.DecimalField("金额", max_digits=12, decimal_places=2)
    on = models.DateField("日期")
    # One posting per cause, however often the bank's answer is read.
    reference = models.CharField("依据", max_length=80, unique=True)

    class Meta:
        verbose_name = "建设项目退还"
        verbose_name_plural = "建设项目退还"
        triggers = append_only()
        constraints = [
            models.CheckConstraint(name="project_paid_back_is_something", condition=~Q(amount=0)),
        ]

    def __str__(self) -> str:
        return self.reference


class ProjectLook(models.Model):
    """Somebody has looked at what is flagged of a project, and says what came of it."""

    version = models.ForeignKey(
        ProjectVersion, models.RESTRICT, related_name="looks", verbose_name="看过的版本"
    )
    flags = models.PositiveSmallIntegerField("看过的提示")
    note = models.CharField("核对情况", max_length=200)
    by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="核对人")
    at = models.DateTimeField("核对时间")

    class Meta:
        verbose_name = "建设项目核对"
        verbose_name_plural = "建设项目核对"
        triggers = append_only()
        constraints = [
            models.UniqueConstraint(name="project_look_once", fields=["version", "flags"]),
            models.CheckConstraint(
                name="project_look_says_something", condition=~Q(note="") & Q(flags__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id}"
