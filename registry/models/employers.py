"""Insured units (参保单位), what held for them by month, and their accounts."""

from datetime import date, datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models.agencies import District


class UnitType(models.TextChoices):
    """How a unit is registered (单位类型); it decides who is excluded (policy D6, D13)."""

    ENTERPRISE = "ENTERPRISE", "企业"
    INDIVIDUAL_BUSINESS = "INDIVIDUAL_BUSINESS", "个体工商户"
    PRIVATE_NON_ENTERPRISE = "PRIVATE_NON_ENTERPRISE", "民办非企业单位"
    SOCIAL_GROUP = "SOCIAL_GROUP", "社会团体"
    FOUNDATION = "FOUNDATION", "基金会"
    OTHER_SOCIAL = "OTHER_SOCIAL", "其他社会组织"
    GOVERNMENT = "GOVERNMENT", "机关"
    PUBLIC_INSTITUTION = "PUBLIC_INSTITUTION", "事业单位"
    PUBLIC_INSTITUTION_ENTERPRISE = "PUBLIC_INSTITUTION_ENTERPRISE", "事业单位（企业养老）"


class Employer(models.Model):
    """An insured unit, as last reported. What a calculation needs stands in `EmployerTerms`."""

    uscc = models.CharField("统一社会信用代码", max_length=18, unique=True)
    name = models.CharField("单位名称", max_length=120)
    district = models.ForeignKey(District, models.RESTRICT, verbose_name="参保地")
    zone = models.CharField("功能区", max_length=20, blank=True)
    industry_code = models.CharField("行业代码", max_length=4)
    established_on = models.DateField("成立日期")
    insured_on = models.DateField("参保日期")
    legal_person = models.CharField("法定代表人", max_length=60, blank=True)
    contact = models.CharField("联系人", max_length=60, blank=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    group_name = models.CharField("所属集团", max_length=120, blank=True)
    address = models.CharField("地址", max_length=200, blank=True)
    # The import that first named it was taken back, and nothing else speaks of it.
    withdrawn_at = models.DateTimeField("登记撤回时间", null=True, blank=True)

    class Meta:
        verbose_name = "参保单位"
        verbose_name_plural = "参保单位"
        indexes = [
            models.Index(name="employer_by_district", fields=["district", "uscc"]),
            models.Index(name="employer_by_zone", fields=["zone", "uscc"], condition=~Q(zone="")),
        ]

    def __str__(self) -> str:
        return self.name


class EmployerFormer(models.Model):
    """What was known of an employer before an import changed it: what a withdrawal brings back."""

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="former", verbose_name="参保单位"
    )
    # The facts by name; null where the unit wasn't registered before.
    facts = models.JSONField("原内容", null=True)
    source = models.ForeignKey(
        "registry.Import", models.RESTRICT, related_name="+", verbose_name="被哪次导入更改"
    )
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "参保单位原内容"
        verbose_name_plural = "参保单位原内容"
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.employer_id} {self.recorded_at:%Y-%m-%d}"


class EmployerTerms(models.Model):
    """What held for an employer from a month on: in force is the greatest `from_month` not
    after the month asked for, and of those the row stored last."""

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="terms", verbose_name="参保单位"
    )
    from_month = models.DateField("生效月份")
    unit_type = models.CharField("单位类型", max_length=30, choices=UnitType.choices)
    injury_rate = models.DecimalField("工伤保险费率", max_digits=7, decimal_places=6)
    parent_uscc = models.CharField("上级法人信用代码", max_length=18, blank=True)
    source = models.ForeignKey(
        "registry.Import", models.RESTRICT, null=True, blank=True, verbose_name="来源"
    )
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "单位按月属性"
        verbose_name_plural = "单位按月属性"
        triggers = append_only()
        indexes = [
            models.Index(name="terms_in_force", fields=["employer", "-from_month", "-id"]),
            models.Index(
                name="terms_by_parent", fields=["parent_uscc"], condition=~Q(parent_uscc="")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="terms_injury_rate_is_a_ratio",
                condition=Q(injury_rate__gt=0, injury_rate__lte="0.05"),
                violation_error_message="工伤保险费率应在 0.05% 至 5% 之间。",
            ),
            models.CheckConstraint(
                name="terms_from_a_first_of_month", condition=Q(from_month__day=1)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.from_month:%Y-%m}"


class BankAccountSet(models.QuerySet["BankAccount"]):
    """Accounts by what counts of them."""

    def standing(self, *, until: datetime | None = None) -> Self:
        """Return those that nobody has taken back; `until`: before then."""
        taken_back = Q(reversed_by__isnull=False)
        if until is not None:
            taken_back &= Q(reversed_by__recorded_at__lt=until)
        return self.filter(~taken_back, reverses__isnull=True)

    def latest_first(self) -> Self:
        """Return them with the one that outranks the others first."""
        return self.order_by(F("enabled_on").desc(nulls_last=True), "-pk")

    def in_force(self, on: date, *, until: datetime | None = None) -> Self:
        """Return those that a day knows of, the one in force first; `until` as in `standing`."""
        begun = Q(enabled_on__isnull=True) | Q(enabled_on__lte=on)
        return self.standing(until=until).filter(begun).latest_first()


class BankAccount(models.Model):
    """An account that an employer may be paid to from `enabled_on`, or where null from ever.

    In force on a day is, of those begun by then and not taken back, the one that began last,
    and of those the row stored last. A row that `reverses` another takes it back.
    """

    class Origin(models.TextChoices):
        REGISTERED = "REGISTERED", "参保登记"
        IMPORTED = "IMPORTED", "账户导入"
        CORRECTED = "CORRECTED", "单位更正"

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="accounts", verbose_name="参保单位"
    )
    holder = models.CharField("户名", max_length=120)
    bank = models.CharField("开户银行", max_length=120)
    bank_code = models.CharField("开户行行号", max_length=12)
    number = models.CharField("银行账号", max_length=32)
    enabled_on = models.DateField("启用日期", null=True, blank=True)
    origin = models.CharField("来源类别", max_length=12, choices=Origin.choices)
    source = models.ForeignKey(
        "registry.Import", models.RESTRICT, null=True, blank=True, verbose_name="来源"
    )
    recorded_at = models.DateTimeField("登记时间")
    reverses = models.OneToOneField(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="reversed_by",
        verbose_name="撤回",
    )

    objects = BankAccountSet.as_manager()

    class Meta:
        verbose_name = "银行账户"
        verbose_name_plural = "银行账户"
        triggers = append_only()
        indexes = [models.Index(name="account_in_force", fields=["employer", "-id"])]
        constraints = [
            models.CheckConstraint(
                name="account_number_is_digits",
                condition=Q(number__regex=r"^[0-9]{8,32}$"),
                violation_error_message="银行账号应为8至32位数字。",
            ),
            models.CheckConstraint(
                name="account_bank_code_is_digits",
                condition=Q(bank_code__regex=r"^[0-9]{12}$"),
                violation_error_message="开户行行号应为12位数字。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder} 尾号{self.number[-4:]}"
