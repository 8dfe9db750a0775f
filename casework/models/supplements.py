"""Telling the applicant once of everything that is missing (一次性告知)."""

import pgtrigger
from django.db import models
from django.db.models import Q

from registry.guards import append_only, no_delete
from registry.models import Officer


class Supplement(models.Model):
    """One notice of everything that has to be put right; only that may then be changed."""

    matter_kind = models.CharField("办件类别", max_length=30)
    matter_id = models.BigIntegerField("办件")
    # The round that was found wanting.
    round = models.PositiveSmallIntegerField("轮次")
    officer = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="告知人")
    asked_at = models.DateTimeField("告知时间")
    answered_at = models.DateTimeField("补正时间", null=True, blank=True)

    class Meta:
        verbose_name = "一次性告知"
        verbose_name_plural = "一次性告知"
        constraints = [
            models.UniqueConstraint(
                name="supplement_once_per_round", fields=["matter_kind", "matter_id", "round"]
            ),
            models.UniqueConstraint(
                name="supplement_one_open",
                fields=["matter_kind", "matter_id"],
                condition=Q(answered_at__isnull=True),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed", fields=["matter_kind", "matter_id", "round", "officer", "asked_at"]
            ),
            no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.matter_kind} {self.matter_id} {self.round}"


class SupplementItem(models.Model):
    """One thing to put right: a step of the form or a paper, and how."""

    supplement = models.ForeignKey(
        Supplement, models.RESTRICT, related_name="items", verbose_name="一次性告知"
    )
    # `step:…` or `paper:…`: what is opened for changes.
    target = models.CharField("对象", max_length=60)
    label = models.CharField("名称", max_length=60)
    note = models.CharField("怎样补正", max_length=300)

    class Meta:
        verbose_name = "补正事项"
        verbose_name_plural = "补正事项"
        constraints = [
            models.UniqueConstraint(name="supplement_item_once", fields=["supplement", "target"]),
            models.CheckConstraint(
                name="supplement_item_says_how",
                condition=~Q(note=""),
                violation_error_message="请写明怎样补正。",
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.label
