"""Calls for help with an import, as the officer who took one wrote it down."""

from django.db import models

from registry.guards import append_only
from registry.models.intake import Import
from registry.models.people import Officer


class ImportCall(models.Model):
    """Somebody asked an officer by telephone how to put a workbook right."""

    import_of = models.ForeignKey(
        Import, models.RESTRICT, related_name="calls", verbose_name="导入"
    )
    by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="接听人")
    note = models.CharField("问了什么", max_length=200, blank=True)
    at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = "电话咨询"
        verbose_name_plural = "电话咨询"
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.import_of_id} {self.note}"
