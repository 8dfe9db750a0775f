"""What happens to an agreement before its end: another plan, or an early end."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from deferral import guards
from deferral.models.agreements import Agreement
from deferral.workflow import ChangeState, change_transitions
from registry.guards import no_delete
from registry.models import Employer, Membership, Officer


def _answered() -> list[models.CheckConstraint]:
    """Return the constraints by which what was decided names who did it, and a no says why."""
    return [
        models.CheckConstraint(
            name="%(app_label)s_%(class)s_decided_by_somebody",
            condition=Q(state__in=["ASKED", "WITHDRAWN"], decided_by__isnull=True)
            | Q(
                state__in=["GRANTED", "REFUSED"],
                decided_by__isnull=False,
                decided_at__isnull=False,
            ),
        ),
        models.CheckConstraint(
            name="%(app_label)s_%(class)s_refused_with_grounds",
            condition=~Q(state="REFUSED") | ~Q(answer=""),
            violation_error_message="不同意的，请写明理由。",
        ),
    ]


class PlanChange(models.Model):
    """A unit's wish for another plan of repayment inside the same term.

    `lines` are `[day, yuan]` of what was open when it was asked for; `paid` had been paid by then.
    """

    agreement = models.ForeignKey(
        Agreement, models.RESTRICT, related_name="plan_changes", verbose_name="缓缴协议"
    )
    state = models.CharField(
        "状态", max_length=10, choices=ChangeState.choices, default=ChangeState.ASKED
    )
    reason = models.CharField("原因", max_length=300)
    lines = models.JSONField("新的计划")
    paid = models.DecimalField("申请时已缴", max_digits=14, decimal_places=2)
    open = models.DecimalField("申请时还差", max_digits=14, decimal_places=2)
    asked_by = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="申请人"
    )
    asked_name = models.CharField("申请人姓名", max_length=100)
    asked_at = models.DateTimeField("申请时间")
    decided_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="决定人"
    )
    decided_name = models.CharField("决定人姓名", max_length=100, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    answer = models.CharField("答复", max_length=300, blank=True)

    class Meta:
        verbose_name = "补缴计划变更"
        verbose_name_plural = "补缴计划变更"
        constraints = [
            models.UniqueConstraint(
                name="plan_change_one_pending", fields=["agreement"], condition=Q(state="ASKED")
            ),
            models.CheckConstraint(name="plan_change_has_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="plan_change_amounts", condition=Q(paid__gte=0, open__gt=0)
            ),
            *_answered(),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "agreement",
                    "reason",
                    "lines",
                    "paid",
                    "open",
                    "asked_by",
                    "asked_name",
                    "asked_at",
                ],
            ),
            pgtrigger.FSM(name="legal_move", field="state", transitions=change_transitions()),
            no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.state}"


class EarlyEnd(models.Model):
    """An office's proposal to end an agreement before its time, decided by somebody else.

    `preview` is what it does to each month, as the office saw it, and `content` its digest.
    `due_on`, set anew when it is decided, empty: the months have their ordinary due days back.
    """

    agreement = models.ForeignKey(
        Agreement, models.RESTRICT, related_name="early_ends", verbose_name="缓缴协议"
    )
    state = models.CharField(
        "状态", max_length=10, choices=ChangeState.choices, default=ChangeState.ASKED
    )
    ground = models.CharField("终止情形", max_length=20)
    reason = models.CharField("具体情况", max_length=300)
    document = models.CharField("文书", max_length=120)
    due_on = models.DateField("改为应缴日期", null=True, blank=True)
    successor = models.ForeignKey(
        Employer,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="承接义务的单位",
    )
    owed_by = models.CharField("由谁缴纳", max_length=200)
    preview = models.JSONField("终止的影响")
    content = models.CharField("内容摘要", max_length=64)
    proposed_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="提出人"
    )
    proposed_name = models.CharField("提出人姓名", max_length=100)
    proposed_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="决定人"
    )
    decided_name = models.CharField("决定人姓名", max_length=100, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True, blank=True)
    answer = models.CharField("答复", max_length=300, blank=True)

    class Meta:
        verbose_name = "提前终止"
        verbose_name_plural = "提前终止"
        constraints = [
            models.UniqueConstraint(
                name="early_end_one_pending", fields=["agreement"], condition=Q(state="ASKED")
            ),
            models.UniqueConstraint(
                name="early_end_once", fields=["agreement"], condition=Q(state="GRANTED")
            ),
            models.CheckConstraint(
                name="early_end_says_why", condition=~Q(reason="") & ~Q(owed_by="")
            ),
            models.CheckConstraint(
                name="early_end_by_two",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")),
                violation_error_message="提出人不能自己决定，请由另一人办理。",
            ),
            models.CheckConstraint(
                name="early_end_digest", condition=Q(content__regex=r"^[0-9a-f]{64}$")
            ),
            *_answered(),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "agreement",
                    "ground",
                    "reason",
                    "document",
                    "successor",
                    "owed_by",
                    "preview",
                    "content",
                    "proposed_by",
                    "proposed_name",
                    "proposed_at",
                ],
            ),
            pgtrigger.FSM(name="legal_move", field="state", transitions=change_transitions()),
            no_delete(),
            guards.ended_by_the_city(),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id} {self.ground}"
