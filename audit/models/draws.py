"""A sample from its frame to its list; nothing of it ever changes."""

import pgtrigger
from django.db import models
from django.db.models import Q

from audit import guards
from registry.guards import append_only, no_delete
from registry.models import Agency, Employer, Officer


class Draw(models.Model):
    """A sample of units that had relief in some months; `seed` is there once it is drawn."""

    number = models.CharField("抽样编号", max_length=20, unique=True)
    title = models.CharField("名称", max_length=100)
    agency = models.ForeignKey(Agency, models.RESTRICT, related_name="+", verbose_name="经办机构")
    from_month = models.DateField("起始月份")
    to_month = models.DateField("截止月份")
    as_of = models.DateField("截至日期")
    # A second round leaves out who was drawn in the first.
    follows = models.ForeignKey(
        "self", models.RESTRICT, null=True, blank=True, related_name="rounds", verbose_name="上一轮"
    )
    share = models.DecimalField("抽取比例", max_digits=5, decimal_places=4)
    least = models.PositiveIntegerField("每层至少")
    certain_from = models.DecimalField(
        "必抽金额", max_digits=14, decimal_places=2, null=True, blank=True
    )
    units = models.PositiveIntegerField("抽样框户数")
    frame_digest = models.CharField("抽样框摘要", max_length=64)
    prepared_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="制定人"
    )
    prepared_name = models.CharField("制定人姓名", max_length=100)
    prepared_at = models.DateTimeField("制定时间")
    seed = models.CharField("种子", max_length=64, blank=True)
    drawn_at = models.DateTimeField("抽取时间", null=True, blank=True)

    class Meta:
        verbose_name = "稽核抽样"
        verbose_name_plural = "稽核抽样"
        constraints = [
            models.CheckConstraint(
                name="draw_of_whole_months",
                condition=Q(from_month__day=1, to_month__day=1)
                & Q(to_month__gte=models.F("from_month")),
            ),
            models.CheckConstraint(name="draw_share", condition=Q(share__gte=0, share__lte=1)),
            models.CheckConstraint(
                name="draw_digest", condition=Q(frame_digest__regex=r"^[0-9a-f]{64}$")
            ),
            models.CheckConstraint(
                name="draw_seeded_when_drawn",
                condition=Q(seed="", drawn_at__isnull=True)
                | Q(seed__regex=r"^[0-9a-f]{64}$", drawn_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "number",
                    "title",
                    "agency",
                    "from_month",
                    "to_month",
                    "as_of",
                    "follows",
                    "share",
                    "least",
                    "certain_from",
                    "units",
                    "frame_digest",
                    "prepared_by",
                    "prepared_name",
                    "prepared_at",
                ],
            ),
            no_delete(),
            guards.drawn_once_from_both(),
        ]

    def __str__(self) -> str:
        return self.number


class FrameUnit(models.Model):
    """One unit of a frame, with the relief it had, in yuan."""

    draw = models.ForeignKey(Draw, models.RESTRICT, related_name="frame", verbose_name="抽样")
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="+", verbose_name="参保单位"
    )
    uscc = models.CharField("统一社会信用代码", max_length=18)
    stratum = models.CharField("层", max_length=40)
    relief = models.DecimalField("减免金额", max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = "抽样框单位"
        verbose_name_plural = "抽样框单位"
        constraints = [models.UniqueConstraint(name="frame_unit_once", fields=["draw", "uscc"])]
        triggers = [*append_only(), guards.frame_before_drawing()]

    def __str__(self) -> str:
        return self.uscc


class Commitment(models.Model):
    """One person's phrase: first its digest, then, once both have committed, itself."""

    draw = models.ForeignKey(Draw, models.RESTRICT, related_name="commitments", verbose_name="抽样")
    # The first and the second of the two: no third fits.
    place = models.PositiveSmallIntegerField("次序")
    digest = models.CharField("承诺摘要", max_length=64)
    phrase = models.CharField("口令", max_length=80, blank=True)
    officer = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="承诺人")
    officer_name = models.CharField("承诺人姓名", max_length=100)
    at = models.DateTimeField("承诺时间")
    revealed_at = models.DateTimeField("公开时间", null=True, blank=True)

    class Meta:
        verbose_name = "抽样承诺"
        verbose_name_plural = "抽样承诺"
        constraints = [
            models.UniqueConstraint(name="commitment_place_once", fields=["draw", "place"]),
            models.UniqueConstraint(
                name="commitment_once_each",
                fields=["draw", "officer"],
                violation_error_message="两次承诺要由两个人作出。",
            ),
            models.UniqueConstraint(name="commitment_not_copied", fields=["draw", "digest"]),
            models.CheckConstraint(name="commitment_of_two", condition=Q(place__in=[1, 2])),
            models.CheckConstraint(
                name="commitment_revealed_with_time",
                condition=Q(phrase="", revealed_at__isnull=True)
                | ~Q(phrase="") & Q(revealed_at__isnull=False),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed", fields=["draw", "place", "digest", "officer", "officer_name", "at"]
            ),
            no_delete(),
            guards.revealed_as_committed(),
        ]

    def __str__(self) -> str:
        return f"{self.draw_id} {self.place}"


class Pick(models.Model):
    """One unit of the sample; `place` 0: taken for certain."""

    draw = models.ForeignKey(Draw, models.RESTRICT, related_name="picks", verbose_name="抽样")
    unit = models.OneToOneField(
        FrameUnit, models.RESTRICT, related_name="pick", verbose_name="抽样框单位"
    )
    place = models.PositiveIntegerField("层内次序")

    class Meta:
        verbose_name = "抽中单位"
        verbose_name_plural = "抽中单位"
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.draw_id} {self.unit_id}"
