"""What was declared: lines of persons, and the totals made of them."""

from django.db import models
from django.db.models import Q

from registry.models import Employer, Import


class Insurance(models.TextChoices):
    PENSION = "pension", "养老"
    UNEMPLOYMENT = "unemployment", "失业"
    INJURY = "injury", "工伤"


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
            # The first and the last month that anybody declared.
            models.Index(
                name="declaration_month",
                fields=["month"],
                condition=Q(replaced_by__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m} {self.insurance}"
