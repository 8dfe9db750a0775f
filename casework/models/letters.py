"""Letters that left the house (文书), as they left it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from registry.guards import append_only
from registry.models import Employer


class Letter(models.Model):
    """One letter: its number, the facts it was composed from, and its very bytes."""

    kind = models.CharField("文书类别", max_length=30)
    number = models.CharField("文号", max_length=40, unique=True)
    # Random, printed as a QR code: who has the paper may ask whether it is genuine.
    code = models.CharField("校验码", max_length=20, unique=True)
    title = models.CharField("标题", max_length=120)
    office = models.CharField("出具机构", max_length=120)
    employer = models.ForeignKey(
        Employer,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="letters",
        verbose_name="参保单位",
    )
    matter_kind = models.CharField("办件类别", max_length=30)
    matter_id = models.BigIntegerField("办件")
    facts = models.JSONField("内容")
    pdf = models.BinaryField("文件")
    sha256 = models.CharField("文件摘要", max_length=64)
    by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, null=True, related_name="+", verbose_name="账号"
    )
    by_name = models.CharField("出具人", max_length=100)
    issued_at = models.DateTimeField("出具时间")

    class Meta:
        verbose_name = "文书"
        verbose_name_plural = "文书"
        triggers = append_only()
        indexes = [
            models.Index(name="letter_of_matter", fields=["matter_kind", "matter_id", "id"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="letter_digest_form", condition=Q(sha256__regex=r"^[0-9a-f]{64}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.number}"
