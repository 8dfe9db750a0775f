"""Months that weren't declared in time, assessed at a tenth more than the month before (R50a)."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models import Agency, Employer, Officer
from relief.models.declared import Insurance

#: Who starts an assessment and who agrees to it; both of the agency of the units' district.
STARTS = "HANDLER"
AGREES = ("REVIEWER", "HEAD")
_REFUSE = "USING ERRCODE = 'check_violation'"


def _of_agency(officer: str, agency: str, *posts: str) -> str:
    """Return SQL that is true of an active officer of an agency in one of some posts."""
    named = ", ".join(f"'{post}'" for post in posts)
    return f"""EXISTS (
        SELECT FROM registry_officer f JOIN auth_user u ON u.id = f.user_id AND u.is_active
        JOIN registry_agency g ON g.id = f.agency_id AND g.kind = 'SOCIAL_INSURANCE'
        WHERE f.id = {officer} AND f.agency_id = {agency} AND f.post IN ({named}))"""


class EstimateOrder(models.Model):
    """Units of one district that an officer wants assessed for a month they haven't declared,
    or no longer assessed; it counts once another officer has agreed: `EstimateDecision`."""

    class Kind(models.TextChoices):
        ASSESS = "ASSESS", "未申报核定"
        WITHDRAW = "WITHDRAW", "撤销核定"

    kind = models.CharField("类别", max_length=8, choices=Kind.choices)
    month = models.DateField("费款所属期")
    agency = models.ForeignKey(Agency, models.RESTRICT, related_name="+", verbose_name="经办机构")
    reason = models.CharField("事由", max_length=200)
    started_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="发起人"
    )
    started_at = models.DateTimeField("发起时间")

    class Meta:
        verbose_name = "未申报核定"
        verbose_name_plural = "未申报核定"
        constraints = [
            models.CheckConstraint(name="estimate_order_first_of_month", condition=Q(month__day=1)),
            models.CheckConstraint(
                name="estimate_order_for_a_reason",
                condition=~Q(reason=""),
                violation_error_message="请填写事由。",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="posts",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                IF NOT {_of_agency("NEW.started_by_id", "NEW.agency_id", STARTS)} THEN
                    RAISE EXCEPTION 'estimates: this officer does not start one' {_REFUSE};
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class EstimatedAssessment(models.Model):
    """What one unit is assessed at for a month and insurance that it didn't declare, in yuan.

    Of the agreed ones the one decided last counts, as long as the unit declares nobody for the
    month; a withdrawal is a row with nobody in it.
    """

    order = models.ForeignKey(
        EstimateOrder, models.RESTRICT, related_name="lines", verbose_name="未申报核定"
    )
    employer = models.ForeignKey(Employer, models.RESTRICT, db_index=False, verbose_name="参保单位")
    month = models.DateField("费款所属期")
    insurance = models.CharField("险种", max_length=12, choices=Insurance.choices)
    headcount = models.PositiveIntegerField("上月人数")
    base_total = models.DecimalField("上月缴费基数合计", max_digits=16, decimal_places=2)
    last_gross = models.DecimalField("上月单位应缴", max_digits=16, decimal_places=2)
    last_employee = models.DecimalField("上月个人应缴", max_digits=16, decimal_places=2)
    ratio = models.DecimalField("核定比例", max_digits=6, decimal_places=4)
    gross_due = models.DecimalField("单位应缴", max_digits=16, decimal_places=2)
    employee_due = models.DecimalField("个人应缴", max_digits=16, decimal_places=2)
    clause = models.CharField("依据", max_length=60)

    class Meta:
        verbose_name = "未申报核定明细"
        verbose_name_plural = "未申报核定明细"
        indexes = [models.Index(name="estimate_of_month", fields=["employer", "month", "id"])]
        constraints = [
            models.UniqueConstraint(
                name="estimate_once_per_order", fields=["order", "employer", "insurance"]
            ),
            models.CheckConstraint(
                name="estimate_is_the_ratio",
                condition=Q(gross_due__gte=0, employee_due__gte=0, ratio__gte=0)
                & (Q(headcount__gt=0) | Q(gross_due=0, employee_due=0)),
            ),
            models.CheckConstraint(
                name="estimate_has_a_clause",
                condition=~Q(clause=""),
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="of_its_order",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=f"""
                IF NOT EXISTS (
                    SELECT FROM relief_estimateorder o
                    JOIN registry_agency g ON g.id = o.agency_id
                    JOIN registry_employer e ON e.id = NEW.employer_id
                        AND e.district_id = g.district_id
                    WHERE o.id = NEW.order_id AND o.month = NEW.month
                        AND (o.kind = 'ASSESS') = (NEW.headcount > 0)
                ) OR EXISTS (
                    SELECT FROM relief_estimatedecision d WHERE d.order_id = NEW.order_id
                ) THEN
                    RAISE EXCEPTION 'estimates: not a line of its order' {_REFUSE};
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.month:%Y-%m} {self.insurance}"


class EstimateDecision(models.Model):
    """What another officer has decided; runs see those of their as-of date and before."""

    order = models.OneToOneField(
        EstimateOrder, models.RESTRICT, related_name="decision", verbose_name="未申报核定"
    )
    agreed = models.BooleanField("同意")
    reason = models.CharField("不同意的理由", max_length=200, blank=True)
    # As on the order, so that the table itself can tell the two apart.
    started_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="发起人"
    )
    decided_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="复核人"
    )
    decided_on = models.DateField("复核日期")
    decided_at = models.DateTimeField("复核时间")

    class Meta:
        verbose_name = "未申报核定复核"
        verbose_name_plural = "未申报核定复核"
        constraints = [
            models.CheckConstraint(
                name="estimate_decision_by_two",
                condition=~Q(decided_by=F("started_by")),
                violation_error_message="发起和复核必须由两个人办理。",
            ),
            models.CheckConstraint(
                name="estimate_decision_refused_for_a_reason",
                condition=Q(agreed=True) | ~Q(reason=""),
                violation_error_message="不同意时请写明理由。",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="hands",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("of_agency", "bigint")],
                func=f"""
                SELECT o.agency_id INTO of_agency FROM relief_estimateorder o
                WHERE o.id = NEW.order_id AND o.started_by_id = NEW.started_by_id;
                IF of_agency IS NULL THEN
                    RAISE EXCEPTION 'estimates: started by somebody else' {_REFUSE};
                END IF;
                IF NOT {_of_agency("NEW.decided_by_id", "of_agency", *AGREES)} THEN
                    RAISE EXCEPTION 'estimates: this officer does not decide' {_REFUSE};
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {'同意' if self.agreed else '不同意'}"
