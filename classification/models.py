"""How large a unit counts as, by the province's shared data (policy D6, D7)."""

from django.db import models
from django.db.models import Q

from registry.guards import append_only
from registry.models import Import


class Size(models.TextChoices):
    LARGE = "LARGE", "大型"
    MEDIUM = "MEDIUM", "中型"
    SMALL = "SMALL", "小型"
    MICRO = "MICRO", "微型"


class SizeRecord(models.Model):
    """One row of the province's data. It may name a unit that is not insured here.

    Of the rows dated by the as-of date the greatest (dated, id) holds, from `from_month`
    or, where the row names none, from the first month that the policy documents name.
    """

    uscc = models.CharField("统一社会信用代码", max_length=18)
    name = models.CharField("单位名称", max_length=120)
    size = models.CharField("划型", max_length=8, choices=Size.choices)
    dated = models.DateField("数据日期")
    from_month = models.DateField("生效月份", null=True, blank=True)
    source = models.ForeignKey(Import, models.RESTRICT, null=True, blank=True, verbose_name="来源")
    recorded_at = models.DateTimeField("登记时间")
    # A row that takes another back: neither of them holds any more.
    withdraws = models.OneToOneField(
        "self", models.RESTRICT, null=True, blank=True, verbose_name="撤回"
    )

    class Meta:
        verbose_name = "省级划型数据"
        verbose_name_plural = "省级划型数据"
        triggers = append_only()
        indexes = [models.Index(name="size_in_force", fields=["uscc", "-dated", "-id"])]
        constraints = [
            models.CheckConstraint(
                name="size_from_a_first_of_month",
                condition=Q(from_month__isnull=True) | Q(from_month__day=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.get_size_display()}"
