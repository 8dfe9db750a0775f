"""The table of payment codes (支付系统行名行号): which bank office has which code."""

from typing import Self

from django.db import models
from django.db.models import Q

from registry.guards import append_only


class BankOfficeSet(models.QuerySet["BankOffice"]):
    """Rows of the table by what counts of them."""

    def in_force(self) -> Self:
        """Return the row that counts of each code: the latest by its date and storing."""
        standing = self.filter(withdraws__isnull=True, withdrawn_by__isnull=True)
        return standing.order_by("code", "-dated", "-pk").distinct("code")


class BankOffice(models.Model):
    """What one version of the table says of a code; a later version is a row more."""

    class State(models.TextChoices):
        OPEN = "OPEN", "正常"
        CLOSED = "CLOSED", "撤销"

    code = models.CharField("行号", max_length=12)
    name = models.CharField("行名", max_length=120)
    state = models.CharField("状态", max_length=6, choices=State.choices)
    dated = models.DateField("数据日期")
    source = models.ForeignKey(
        "registry.Import", models.RESTRICT, null=True, blank=True, verbose_name="来源"
    )
    recorded_at = models.DateTimeField("登记时间")
    withdraws = models.OneToOneField(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="withdrawn_by",
        verbose_name="撤回",
    )

    objects = BankOfficeSet.as_manager()

    class Meta:
        verbose_name = "银行行号"
        verbose_name_plural = "银行行号"
        triggers = append_only()
        indexes = [
            models.Index(name="bank_office_latest", fields=["code", "-dated", "-id"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="bank_office_code_is_digits",
                condition=Q(code__regex=r"^[0-9]{12}$"),
                violation_error_message="行号应为12位数字。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
