"""What the cross-checks found when they last looked: kept ready for the desk.

Never a source: `services.cross_checks` makes it anew from the facts, and nothing is decided
by it. A check's counts and its list come out of one statement, so they agree.
"""

from django.db import models

from registry.models import District, Employer


class CrossCheck(models.Model):
    """How one check stands: what it has seen, when, and whether somebody asked for it anew."""

    code = models.CharField("核对项目", max_length=40, unique=True)
    # The newest number of every input it has seen, and the day: what differs makes it due.
    facts = models.JSONField("已核对到", default=dict)
    checked_at = models.DateTimeField("核对时间", null=True, blank=True)
    seconds = models.DecimalField("用时（秒）", max_digits=8, decimal_places=2, default=0)
    failure = models.CharField("未能核对的原因", max_length=300, blank=True)
    asked_at = models.DateTimeField("要求重新核对的时间", null=True, blank=True)

    class Meta:
        verbose_name = "数据核对"
        verbose_name_plural = "数据核对"

    def __str__(self) -> str:
        return self.code


class CrossCheckCount(models.Model):
    """How many findings a check has in a district and zone, and what they come to in yuan.

    Without a district: findings about units that are not registered.
    """

    check_code = models.CharField("核对项目", max_length=40)
    district = models.ForeignKey(
        District, models.RESTRICT, null=True, db_index=False, verbose_name="参保地"
    )
    zone = models.CharField("功能区", max_length=20, blank=True)
    findings = models.PositiveIntegerField("条数")
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2, null=True)

    class Meta:
        verbose_name = "数据核对条数"
        verbose_name_plural = "数据核对条数"
        constraints = [
            models.UniqueConstraint(
                name="cross_check_count_once",
                fields=["check_code", "district", "zone"],
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.check_code} {self.findings}"


class CrossCheckFinding(models.Model):
    """One line of a check's list; of very long lists the first ones by weight.

    `detail` has what the check's columns name; amounts are strings there.
    """

    check_code = models.CharField("核对项目", max_length=40)
    place = models.PositiveIntegerField("次序")
    employer = models.ForeignKey(
        Employer,
        models.RESTRICT,
        null=True,
        db_constraint=False,
        db_index=False,
        verbose_name="参保单位",
    )
    month = models.DateField("费款所属期", null=True)
    amount = models.DecimalField("金额", max_digits=16, decimal_places=2, null=True)
    detail = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = "数据核对明细"
        verbose_name_plural = "数据核对明细"
        constraints = [
            models.UniqueConstraint(
                name="cross_check_finding_in_order", fields=["check_code", "place"]
            ),
        ]
        indexes = [
            models.Index(name="cross_check_of_employer", fields=["check_code", "employer"]),
        ]

    def __str__(self) -> str:
        return f"{self.check_code} {self.place}"
