"""New hires (增员) that an enterprise has reported online: their papers may come later (R55)."""

from django.db import models
from django.db.models import Q

from registry.models import Employer, Import


class Hire(models.Model):
    """A person whom an enterprise declared and who wasn't declared there the month before.

    Only `ended_at` and `ended_by` change: the person was taken out of the month again, or put
    back into it.
    """

    employer = models.ForeignKey(Employer, models.RESTRICT, db_index=False, verbose_name="参保单位")
    month = models.DateField("费款所属期")
    person_id = models.CharField("证件号码", max_length=18)
    person_name = models.CharField("姓名", max_length=60)
    reported_at = models.DateTimeField("报备时间")
    source = models.ForeignKey(Import, models.RESTRICT, related_name="+", verbose_name="来源")
    ended_at = models.DateTimeField("撤销时间", null=True, blank=True)
    ended_by = models.ForeignKey(
        Import,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="撤销的导入",
    )

    class Meta:
        verbose_name = "增员报备"
        verbose_name_plural = "增员报备"
        constraints = [
            models.UniqueConstraint(
                name="hire_once_a_month", fields=["employer", "month", "person_id"]
            ),
            models.CheckConstraint(
                name="hire_ended_by_an_import",
                condition=Q(ended_at__isnull=True, ended_by__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m} {self.person_id[-4:]}"
