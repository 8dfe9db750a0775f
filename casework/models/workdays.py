"""The yearly holidays, and deadlines counted in working days, with the days that were counted."""

from datetime import date
from typing import Any

from django.db import models

from casework.workdays import Passed
from registry.guards import append_only


class Holiday(models.Model):
    """A day on which the State Council's yearly table differs from the week: off, or made up for.

    A row may be put right by an administrator and is never deleted: a day that is an ordinary
    working day after all is one with `is_workday`.
    """

    day = models.DateField("日期", unique=True)
    name = models.CharField("节日", max_length=40)
    is_workday = models.BooleanField("调休上班", default=False)

    class Meta:
        verbose_name = "节假日"
        verbose_name_plural = "节假日"

    def __str__(self) -> str:
        return f"{self.day} {self.name}{'（调休上班）' if self.is_workday else ''}"


class Deadline(models.Model):
    """A term in working days as it was counted: every day between, and why it counts or not.

    Several papers share one. It never changes; a term that is prolonged is another row.
    """

    started_on = models.DateField("起算日")
    working_days = models.PositiveSmallIntegerField("工作日")
    due_on = models.DateField("截止日期")
    # [["2020-07-21", true, ""], ["2020-07-25", false, "周末"], …]
    passed = models.JSONField("逐日计算")
    # Years of which no holidays were known when it was counted: weekends only.
    missing_years = models.JSONField("缺少节假日数据的年份", default=list, blank=True)
    clause = models.CharField("依据", max_length=200)
    counted_at = models.DateTimeField("计算时间")

    class Meta:
        verbose_name = "工作日期限"
        verbose_name_plural = "工作日期限"
        triggers = append_only()
        constraints = [
            models.CheckConstraint(
                name="deadline_after_its_start",
                condition=models.Q(due_on__gt=models.F("started_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_on} + {self.working_days} = {self.due_on}"

    def days(self) -> list[Passed]:
        """Return the days after the start up to the due day, as they were counted."""
        rows: list[list[Any]] = self.passed
        return [Passed(date.fromisoformat(day), counted, why) for day, counted, why in rows]
