"""The offices that work with the system, and the districts they work for."""

from django.db import models


class District(models.Model):
    """A place of insurance (参保地): the city level itself, or a district or county."""

    code = models.CharField("行政区划代码", max_length=6, primary_key=True)
    name = models.CharField("名称", max_length=20, unique=True)
    is_city = models.BooleanField("市本级", default=False)

    class Meta:
        verbose_name = "参保地"
        verbose_name_plural = "参保地"
        constraints = [
            models.UniqueConstraint(
                name="district_one_city_level",
                fields=["is_city"],
                condition=models.Q(is_city=True),
                violation_error_message="市本级只能有一个。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Agency(models.Model):
    """An office of one district, or of one functional zone."""

    class Kind(models.TextChoices):
        SOCIAL_INSURANCE = "SOCIAL_INSURANCE", "社会保险经办机构"
        HR = "HR", "人力资源和社会保障部门"
        FINANCE = "FINANCE", "财政部门"
        TAX = "TAX", "税务部门"
        ECONOMY = "ECONOMY", "经济和信息化部门"
        STATISTICS = "STATISTICS", "统计部门"
        ZONE = "ZONE", "功能区管委会"

    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    district = models.ForeignKey(
        District, models.RESTRICT, related_name="agencies", verbose_name="参保地"
    )
    # Set for a zone's committee only: it sees the zone's employers and changes no route.
    zone = models.CharField("功能区", max_length=20, blank=True)
    name = models.CharField("名称", max_length=60, unique=True)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    address = models.CharField("地址", max_length=100, blank=True)

    class Meta:
        verbose_name = "机构"
        verbose_name_plural = "机构"
        constraints = [
            models.UniqueConstraint(
                name="agency_one_per_kind_and_district", fields=["kind", "district", "zone"]
            ),
            models.CheckConstraint(
                name="agency_zone_only_for_zones",
                condition=models.Q(kind="ZONE", district__isnull=False) & ~models.Q(zone="")
                | ~models.Q(kind="ZONE") & models.Q(zone=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name
