"""Sums over the whole city as they stood: made by a worker, read by the report pages. In yuan."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from registry.models import Employer
from relief.models.declared import Insurance
from relief.models.runs import Run


class Report(models.Model):
    """What the city's assessments and book came to: after a run of everybody, or today.

    Follows from assessments and book and can be made again; that of today is replaced.
    `cells` and `patterns`: `relief.reports.cube`.
    """

    # None: as of today.
    run = models.ForeignKey(
        Run,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name="核定",
    )
    day = models.DateField("截至日期")
    first_month = models.DateField("最早月份")
    last_month = models.DateField("最晚月份")
    # The number that each chain of the book had reached.
    chains = models.JSONField("账链序号", default=dict)
    cells = models.JSONField("各格合计", default=list)
    patterns = models.JSONField("单位分布", default=list)
    # The book's own sums, beside the cells': {"charged": ["…", "…"], …}.
    book = models.JSONField("与账簿核对", default=dict)
    made_at = models.DateTimeField("生成时间")

    class Meta:
        verbose_name = "统计报表"
        verbose_name_plural = "统计报表"
        constraints = [
            models.UniqueConstraint(name="report_once_a_run", fields=["run"], nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"


class ReportLine(models.Model):
    """One employer's part of a report, by kind and insurance; amounts by month from the first."""

    report = models.ForeignKey(
        Report, models.CASCADE, related_name="lines", db_index=False, verbose_name="统计报表"
    )
    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="+", db_index=False, verbose_name="参保单位"
    )
    district = models.CharField("参保地", max_length=6)
    kind = models.CharField("类别", max_length=12)
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    gross_due = ArrayField(models.DecimalField(max_digits=14, decimal_places=2))
    relief = ArrayField(models.DecimalField(max_digits=14, decimal_places=2))
    paid = ArrayField(models.DecimalField(max_digits=14, decimal_places=2))
    overpaid = ArrayField(models.DecimalField(max_digits=14, decimal_places=2))
    underpaid = ArrayField(models.DecimalField(max_digits=14, decimal_places=2))

    # Over all months.
    all_gross_due = models.DecimalField(max_digits=14, decimal_places=2)
    all_relief = models.DecimalField(max_digits=14, decimal_places=2)
    all_paid = models.DecimalField(max_digits=14, decimal_places=2)
    all_overpaid = models.DecimalField(max_digits=14, decimal_places=2)
    all_underpaid = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = "统计报表单位明细"
        verbose_name_plural = "统计报表单位明细"
        constraints = [
            models.UniqueConstraint(
                name="report_line_once", fields=["report", "employer", "kind", "insurance"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.employer_id} {self.kind} {self.insurance}"
