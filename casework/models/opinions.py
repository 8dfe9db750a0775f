"""Written opinions (书面意见) of other departments, each bound to what it judged."""

import pgtrigger
from django.db import models
from django.db.models import Q

from casework.models.attached import OfficeFile
from casework.opinions import Verdict
from registry.guards import append_only, no_delete
from registry.models import Agency, Officer

_DIGEST = r"^[0-9a-f]{64}$"


class OpinionRequest(models.Model):
    """A department is asked for its opinion on one content of a matter.

    `content` is the digest of what is to be judged: once that changes, the request is void and
    the department is asked anew. Only the two fields about that ever change, and once.
    """

    matter_kind = models.CharField("办件类别", max_length=30)
    matter_id = models.BigIntegerField("办件")
    round = models.PositiveSmallIntegerField("轮次")
    content = models.CharField("内容摘要", max_length=64)
    agency = models.ForeignKey(Agency, models.RESTRICT, related_name="+", verbose_name="部门")
    asked_by = models.CharField("征求人", max_length=100)
    asked_at = models.DateTimeField("征求时间")
    voided_at = models.DateTimeField("失效时间", null=True, blank=True)
    void_reason = models.CharField("失效原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "征求意见"
        verbose_name_plural = "征求意见"
        constraints = [
            models.UniqueConstraint(
                name="opinion_one_request_standing",
                fields=["matter_kind", "matter_id", "agency"],
                condition=Q(voided_at__isnull=True),
            ),
            models.CheckConstraint(
                name="opinion_request_digest", condition=Q(content__regex=_DIGEST)
            ),
            models.CheckConstraint(
                name="opinion_request_void_for_a_reason",
                condition=Q(voided_at__isnull=True, void_reason="")
                | (Q(voided_at__isnull=False) & ~Q(void_reason="")),
            ),
        ]
        indexes = [
            models.Index(name="opinion_waiting", fields=["agency"], condition=Q(voided_at=None)),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "matter_kind",
                    "matter_id",
                    "round",
                    "content",
                    "agency",
                    "asked_by",
                    "asked_at",
                ],
            ),
            pgtrigger.Protect(
                name="void_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__voided_at__isnull=False),
            ),
            no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.agency} {self.matter_kind} {self.matter_id}"


def of_its_agency() -> pgtrigger.Trigger:
    """Return the trigger by which only an officer of the agency asked speaks for it, and only on
    the content it was asked about."""
    return pgtrigger.Trigger(
        name="of_its_agency",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
        IF NOT EXISTS (
            SELECT FROM casework_opinionrequest r
            JOIN registry_officer f ON f.agency_id = r.agency_id
            WHERE r.id = NEW.request_id AND f.id = NEW.officer_id
                AND r.voided_at IS NULL AND r.content = NEW.content
        ) THEN
            RAISE EXCEPTION 'casework: this officer was not asked about this content'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


class Opinion(models.Model):
    """What a department has answered: written, with number, date and file; never changed."""

    request = models.OneToOneField(
        OpinionRequest, models.RESTRICT, related_name="opinion", verbose_name="征求意见"
    )
    content = models.CharField("所审内容摘要", max_length=64)
    verdict = models.CharField("意见", max_length=12, choices=Verdict.choices)
    # What the officers of the other offices read, and what a refusal is composed from.
    grounds = models.CharField("理由", max_length=500)
    conditions = models.CharField("条件", max_length=300, blank=True)
    document_number = models.CharField("文号", max_length=60)
    document_date = models.DateField("成文日期")
    file = models.ForeignKey(
        OfficeFile, models.RESTRICT, related_name="+", verbose_name="书面意见文件"
    )
    officer = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="签署人")
    officer_name = models.CharField("签署人姓名", max_length=100)
    given_at = models.DateTimeField("签署时间")

    class Meta:
        verbose_name = "部门意见"
        verbose_name_plural = "部门意见"
        constraints = [
            models.CheckConstraint(
                name="opinion_has_grounds",
                condition=Q(verdict=Verdict.AGREE) | ~Q(grounds=""),
                violation_error_message="请写明理由。",
            ),
            models.CheckConstraint(
                name="opinion_has_its_conditions",
                condition=~Q(verdict=Verdict.CONDITIONS) | ~Q(conditions=""),
                violation_error_message="附条件同意的，请写明条件。",
            ),
            models.CheckConstraint(
                name="opinion_is_written",
                condition=~Q(document_number=""),
                violation_error_message="请填写书面意见的文号。",
            ),
        ]
        triggers = [*append_only(), of_its_agency()]

    def __str__(self) -> str:
        return f"{self.request_id} {self.verdict}"
