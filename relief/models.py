"""What is due: policy documents, what was declared and paid, and what the runs found."""

from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models import Employer, Import, Officer, Work


class Insurance(models.TextChoices):
    PENSION = "pension", "养老"
    UNEMPLOYMENT = "unemployment", "失业"
    INJURY = "injury", "工伤"


class PolicyDocument(models.Model):
    """A published document as rules: TOML, cited, prepared and published by two people.

    Documents that come with the program are recorded as published by the release.
    """

    slug = models.SlugField("标识", max_length=80, unique=True)
    title = models.CharField("名称", max_length=200)
    number = models.CharField("文号", max_length=60, blank=True)
    published = models.DateField("发布日期")
    text = models.TextField("规则文本")
    sha256 = models.CharField("摘要", max_length=64)
    by_release = models.BooleanField("随程序发布", default=False)
    prepared_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="起草人"
    )
    published_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="发布人"
    )
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "政策文件"
        verbose_name_plural = "政策文件"
        triggers = append_only()
        constraints = [
            models.CheckConstraint(
                name="policy_document_two_people",
                condition=Q(by_release=True, prepared_by__isnull=True, published_by__isnull=True)
                | Q(by_release=False, prepared_by__isnull=False, published_by__isnull=False)
                & ~Q(prepared_by=F("published_by")),
                violation_error_message="起草人和发布人必须是两个人。",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DeclarationLine(models.Model):
    """One person's declared bases of one month, in yuan; partitioned by month.

    A later line for the same person replaces it: the old one stays and names the new one.
    A base of 0 means not insured; 0 in all three takes the person out of the month.
    """

    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_constraint=False, db_index=False, verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    person_id = models.CharField("证件号码", max_length=18)
    person_name = models.CharField("姓名", max_length=60)
    pension_base = models.DecimalField("养老缴费基数", max_digits=10, decimal_places=2)
    unemployment_base = models.DecimalField("失业缴费基数", max_digits=10, decimal_places=2)
    injury_base = models.DecimalField("工伤缴费基数", max_digits=10, decimal_places=2)
    source = models.ForeignKey(
        Import, models.RESTRICT, db_constraint=False, db_index=False, verbose_name="来源"
    )
    row = models.PositiveIntegerField("行号")
    replaced_by = models.BigIntegerField("被替换为", null=True)

    class Meta:
        managed = False  # a partitioned table: migration 0002 makes it
        verbose_name = "申报明细"
        verbose_name_plural = "申报明细"

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m} {self.person_id[-4:]}"


class Declaration(models.Model):
    """Totals of one employer, month and insurance, in yuan, under the stamped rules.

    The sums are of amounts rounded per person. When a rate or a limit differs from the stamp,
    the totals are made anew from the lines; the old row stays and names the new one.
    """

    employer = models.ForeignKey(Employer, models.RESTRICT, db_index=False, verbose_name="参保单位")
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    headcount = models.PositiveIntegerField("人数")
    base_total = models.DecimalField("缴费基数合计", max_digits=16, decimal_places=2)
    gross_due = models.DecimalField("单位应缴", max_digits=16, decimal_places=2)
    employee_due = models.DecimalField("个人应缴", max_digits=16, decimal_places=2)
    employer_rate = models.DecimalField("单位费率", max_digits=7, decimal_places=6)
    employee_rate = models.DecimalField("个人费率", max_digits=7, decimal_places=6)
    lower = models.DecimalField("基数下限", max_digits=10, decimal_places=2)
    upper = models.DecimalField("基数上限", max_digits=10, decimal_places=2)
    replaced_by = models.BigIntegerField("被替换为", null=True)

    class Meta:
        verbose_name = "申报汇总"
        verbose_name_plural = "申报汇总"
        constraints = [
            models.UniqueConstraint(
                name="declaration_one_in_force",
                fields=["employer", "month", "insurance"],
                condition=Q(replaced_by__isnull=True),
            ),
        ]
        indexes = [
            # What a run that started earlier must still see.
            models.Index(
                name="declaration_replaced",
                fields=["replaced_by"],
                condition=Q(replaced_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m} {self.insurance}"


class Payment(models.Model):
    """A contribution that arrived, in yuan."""

    employer = models.ForeignKey(Employer, models.RESTRICT, db_index=False, verbose_name="参保单位")
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    employer_amount = models.DecimalField("单位缴费金额", max_digits=12, decimal_places=2)
    employee_amount = models.DecimalField("个人缴费金额", max_digits=12, decimal_places=2)
    arrived_on = models.DateField("到账日期")
    voucher = models.CharField("缴费凭证号", max_length=60, unique=True)
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
                condition=Q(employer_amount__gte=0, employee_amount__gte=0),
                violation_error_message="缴费金额不能为负数。",
            ),
        ]

    def __str__(self) -> str:
        return self.voucher


class PaidBack(models.Model):
    """Employer money that left again, in yuan: `refunds` posts what the bank has confirmed.

    Positive when the bank paid it out, negative when it came back (退票).
    """

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

    employer = models.ForeignKey(Employer, models.RESTRICT, db_index=False, verbose_name="参保单位")
    reason = models.CharField("原因", max_length=12, choices=Reason.choices)
    due_on = models.DateField("生效日期")
    marked_at = models.DateTimeField("登记时间")
    cause = models.ForeignKey(Import, models.RESTRICT, db_index=False, verbose_name="来源")
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


class Overpaid(models.Model):
    """What is overpaid now, in yuan: a list kept ready for the desk, made from the facts.

    Never a source: `services.overpaid` makes it anew from assessments and money that moved, and
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
    """Up to where the facts are in `Overpaid`: one row."""

    day = models.DateField("截至日期")
    payments = models.BigIntegerField("缴费")
    paid_back = models.BigIntegerField("退还")
    run = models.BigIntegerField("核定")

    class Meta:
        verbose_name = "多缴名单进度"
        verbose_name_plural = "多缴名单进度"
        constraints = [models.CheckConstraint(name="overpaid_mark_is_one", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
