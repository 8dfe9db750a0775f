"""Due days that were moved for one employer (缓缴): rows are added, the latest one known counts."""

from django.db import models
from django.db.models import Q

from registry.guards import append_only
from registry.models import Employer
from relief.models.declared import Insurance


class LaterDueDate(models.Model):
    """From `decided_on` on, a month and insurance of an employer is due on `due_on`.

    In force on a day is the row stored last of those decided by then; one without a day gives
    the month its ordinary due day back.
    """

    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="+", verbose_name="参保单位"
    )
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    due_on = models.DateField("缴费截止日", null=True, blank=True)
    decided_on = models.DateField("决定日期")
    # What moved it; the same cause moves a month once.
    cause = models.CharField("事由", max_length=60)
    clause = models.CharField("依据", max_length=200)
    document = models.CharField("文书", max_length=60)
    posted_by = models.CharField("办理人", max_length=100)
    posted_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "顺延的缴费截止日"
        verbose_name_plural = "顺延的缴费截止日"
        constraints = [
            models.UniqueConstraint(
                name="later_due_date_once",
                fields=["employer", "month", "insurance", "cause"],
            ),
            models.CheckConstraint(name="later_due_date_month", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="later_due_date_has_a_ground", condition=~Q(clause="") & ~Q(document="")
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m} {self.insurance} {self.due_on}"
