"""Overdue steps as they were reported to those who answer for them."""

import pgtrigger
from django.db import models
from django.db.models import Q

from casework.models.clocks import Clock
from registry.guards import append_only
from registry.models import Agency


class Escalation(models.Model):
    """One overdue clock, reported once to one office; `turn` counts the reports of a clock."""

    clock = models.ForeignKey(
        Clock, models.RESTRICT, related_name="escalations", verbose_name="办理时限"
    )
    level = models.CharField("颜色", max_length=6, choices=[("RED", "已超时")], default="RED")
    turn = models.PositiveSmallIntegerField("第几次报告")
    agency = models.ForeignKey(Agency, models.RESTRICT, related_name="+", verbose_name="报告对象")
    late_days = models.PositiveSmallIntegerField("超期工作日")
    clause = models.CharField("依据", max_length=200)
    at = models.DateTimeField("报告时间")

    class Meta:
        verbose_name = "超期报告"
        verbose_name_plural = "超期报告"
        constraints = [
            models.UniqueConstraint(
                name="escalation_once", fields=["clock", "level", "turn", "agency"]
            ),
            models.CheckConstraint(name="escalation_is_late", condition=Q(late_days__gte=1)),
        ]
        indexes = [models.Index(name="escalation_of_agency", fields=["agency", "clock"])]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="of_a_running_clock",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF EXISTS (SELECT FROM casework_clock c
                    WHERE c.id = NEW.clock_id AND c.stopped_at IS NOT NULL) THEN
                    RAISE EXCEPTION 'casework: clock % was stopped', NEW.clock_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.turn} {self.agency_id}"
