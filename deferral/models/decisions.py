"""Who said yes or no at the end, in writing."""

from django.db import models
from django.db.models import Q

from deferral import guards
from deferral.models.applications import Submission
from registry.guards import append_only
from registry.models import Officer


class Decision(models.Model):
    """One officer's approval or refusal of one round; never changed."""

    submission = models.ForeignKey(
        Submission, models.RESTRICT, related_name="decisions", verbose_name="缓缴申请内容"
    )
    granted = models.BooleanField("批准")
    reason = models.CharField("理由", max_length=500, blank=True)
    # What the officers found of each criterion: {"losses": true, …}.
    findings = models.JSONField("困难情形认定", default=dict)
    officer = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="审批人")
    # Somebody absent, for whom the officer acted as deputy.
    acting_for = models.ForeignKey(
        Officer,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="代何人审批",
    )
    officer_name = models.CharField("审批人姓名", max_length=100)
    at = models.DateTimeField("审批时间")

    class Meta:
        verbose_name = "缓缴审批"
        verbose_name_plural = "缓缴审批"
        constraints = [
            models.UniqueConstraint(
                name="deferral_decided_once_each",
                fields=["submission", "officer"],
                violation_error_message="您已对这件申请作出审批。",
            ),
            models.CheckConstraint(
                name="deferral_refusal_has_reason",
                condition=Q(granted=True) | ~Q(reason=""),
                violation_error_message="不予批准的，请写明理由。",
            ),
        ]
        triggers = [*append_only(), guards.decided_by_others()]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.granted}"
