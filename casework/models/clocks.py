"""Clocks of a matter's steps in working days, with the pauses that don't count."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from registry.guards import no_delete
from registry.models import Agency


class Clock(models.Model):
    """One office has so many working days for one step of a matter. Only its end is added."""

    matter_kind = models.CharField("办件类别", max_length=30)
    matter_id = models.BigIntegerField("办件")
    step = models.CharField("环节", max_length=30)
    agency = models.ForeignKey(Agency, models.RESTRICT, related_name="+", verbose_name="办理机构")
    working_days = models.PositiveSmallIntegerField("工作日")
    clause = models.CharField("依据", max_length=200)
    started_on = models.DateField("起算日")
    started_at = models.DateTimeField("起算时间")
    stopped_at = models.DateTimeField("办结时间", null=True, blank=True)

    class Meta:
        verbose_name = "办理时限"
        verbose_name_plural = "办理时限"
        constraints = [
            models.UniqueConstraint(
                name="clock_one_running",
                fields=["matter_kind", "matter_id", "step", "agency"],
                condition=Q(stopped_at__isnull=True),
            ),
            models.CheckConstraint(name="clock_has_days", condition=Q(working_days__gte=1)),
        ]
        indexes = [
            models.Index(name="clock_of_matter", fields=["matter_kind", "matter_id"]),
            models.Index(
                name="clock_running", fields=["agency"], condition=Q(stopped_at__isnull=True)
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "matter_kind",
                    "matter_id",
                    "step",
                    "agency",
                    "working_days",
                    "clause",
                    "started_on",
                    "started_at",
                ],
            ),
            pgtrigger.Protect(
                name="stopped_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__stopped_at__isnull=False),
            ),
            no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.matter_kind} {self.matter_id} {self.step}"


class Pause(models.Model):
    """Days that don't count: from the day after `since` to `until`, both days local."""

    clock = models.ForeignKey(
        Clock, models.RESTRICT, related_name="pauses", verbose_name="办理时限"
    )
    reason = models.CharField("暂停原因", max_length=100)
    by_name = models.CharField("暂停人", max_length=100)
    since = models.DateField("暂停日")
    since_at = models.DateTimeField("暂停时间")
    until = models.DateField("恢复日", null=True, blank=True)
    until_at = models.DateTimeField("恢复时间", null=True, blank=True)

    class Meta:
        verbose_name = "时限暂停"
        verbose_name_plural = "时限暂停"
        constraints = [
            models.UniqueConstraint(
                name="pause_one_open", fields=["clock"], condition=Q(until_at__isnull=True)
            ),
            models.CheckConstraint(
                name="pause_ends_after_it_began",
                condition=Q(until__isnull=True, until_at__isnull=True)
                | Q(until__gte=F("since"), until_at__gte=F("since_at")),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed", fields=["clock", "reason", "by_name", "since", "since_at"]
            ),
            pgtrigger.Protect(
                name="resumed_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__until_at__isnull=False),
            ),
            no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.since}"
