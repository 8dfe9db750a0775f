"""Officers who are away, who acts for them meanwhile, and every step that was taken for them."""

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import DateField, F, Func, Q, Value
from django.db.models.functions import Coalesce

from casework.models.matters import Move
from registry.guards import append_only, no_delete
from registry.models import Officer

#: Both of one agency and post, the deputy able to sign in; set by the officer or their head.
_SAME_OFFICE = """
IF NOT EXISTS (
    SELECT FROM registry_officer a
    JOIN registry_officer d ON d.agency_id = a.agency_id AND d.post = a.post
    JOIN auth_user u ON u.id = d.user_id AND u.is_active
    JOIN registry_officer s ON s.agency_id = a.agency_id AND (s.id = a.id OR s.post = 'HEAD')
    WHERE a.id = NEW.officer_id AND d.id = NEW.deputy_id AND s.id = NEW.set_by_id
) THEN
    RAISE EXCEPTION 'casework: a deputy is of the same agency and post, named by the officer or head'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""

#: Days gone by stay days of the absence; nobody stood in on them for nothing.
_NOT_IN_THE_PAST = """
IF NEW.ended_on < greatest((NEW.ended_at AT TIME ZONE 'Asia/Shanghai')::date, NEW.from_day) - 1 THEN
    RAISE EXCEPTION 'casework: an absence does not end in the past'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""

#: On a day of the absence, by the deputy, who hasn't acted on the matter in their own name.
_AS_DEPUTY = """
IF NOT EXISTS (
    SELECT FROM casework_absence b
    JOIN registry_officer d ON d.id = b.deputy_id
    JOIN casework_move m ON m.id = NEW.move_id AND m.by_user_id = d.user_id
    WHERE b.id = NEW.absence_id AND (m.at AT TIME ZONE 'Asia/Shanghai')::date
        BETWEEN b.from_day AND coalesce(b.ended_on, b.to_day)
) THEN
    RAISE EXCEPTION 'casework: nobody is deputy on this day' USING ERRCODE = 'check_violation';
END IF;
IF EXISTS (
    SELECT FROM casework_move m
    JOIN casework_move e ON e.matter_kind = m.matter_kind AND e.matter_id = m.matter_id
        AND e.by_user_id = m.by_user_id AND e.id < m.id
    JOIN casework_absence b ON b.id = NEW.absence_id
    WHERE m.id = NEW.move_id AND NOT EXISTS (
        SELECT FROM casework_stoodin s JOIN casework_absence o ON o.id = s.absence_id
        WHERE s.move_id = e.id AND o.officer_id = b.officer_id
    )
) THEN
    RAISE EXCEPTION 'casework: the deputy has acted on this matter already'
        USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


class Absence(models.Model):
    """An officer is away from one day to another, both included, and a colleague acts for them.

    Ended early, `ended_on` is the last day on which it held (the day before `from_day`: it never
    began).
    """

    officer = models.ForeignKey(
        Officer, models.RESTRICT, related_name="absences", verbose_name="外出人"
    )
    deputy = models.ForeignKey(
        Officer, models.RESTRICT, related_name="deputyships", verbose_name="代办人"
    )
    from_day = models.DateField("从（含当日）")
    to_day = models.DateField("到（含当日）")
    reason = models.CharField("原因", max_length=60, blank=True)
    set_by = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="登记人")
    set_at = models.DateTimeField("登记时间")
    ended_on = models.DateField("实际最后一天", null=True, blank=True)
    ended_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="结束人"
    )
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)

    class Meta:
        verbose_name = "外出代办"
        verbose_name_plural = "外出代办"
        constraints = [
            models.CheckConstraint(
                name="absence_deputy_is_another", condition=~Q(deputy=F("officer"))
            ),
            models.CheckConstraint(
                name="absence_ends_after_it_began", condition=Q(to_day__gte=F("from_day"))
            ),
            models.CheckConstraint(
                name="absence_ended_by_somebody",
                condition=Q(ended_on__isnull=True, ended_by__isnull=True, ended_at__isnull=True)
                | Q(ended_on__lte=F("to_day"), ended_by__isnull=False, ended_at__isnull=False),
            ),
            ExclusionConstraint(
                name="absence_one_at_a_time",
                expressions=[
                    (
                        # A range of one number: no extension is needed to compare it.
                        Func(F("officer"), F("officer"), Value("[]"), function="int8range"),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            F("from_day"),
                            Func(
                                Coalesce("ended_on", "to_day"),
                                function="date",
                                template="(%(expressions)s + 1)",
                                output_field=DateField(),
                            ),
                            Value("[)"),
                            function="daterange",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes = [models.Index(name="absence_of_deputy", fields=["deputy", "to_day"])]
        triggers = [
            pgtrigger.ReadOnly(name="fixed", exclude=["ended_on", "ended_by", "ended_at"]),
            pgtrigger.Protect(
                name="ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_on__isnull=False),
            ),
            pgtrigger.Trigger(
                name="same_office",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=_SAME_OFFICE,
            ),
            pgtrigger.Trigger(
                name="not_in_the_past",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("ended_on"),
                func=_NOT_IN_THE_PAST,
            ),
            no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.officer_id} {self.from_day} {self.to_day}"


class StoodIn(models.Model):
    """A step that a deputy took for somebody absent; the step itself is the deputy's own."""

    move = models.OneToOneField(
        Move, models.RESTRICT, related_name="stood_in", verbose_name="办理记录"
    )
    absence = models.ForeignKey(
        Absence, models.RESTRICT, related_name="steps", verbose_name="外出代办"
    )

    class Meta:
        verbose_name = "代办记录"
        verbose_name_plural = "代办记录"
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="as_deputy",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=_AS_DEPUTY,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.move_id} {self.absence_id}"
