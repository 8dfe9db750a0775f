"""A change of the account that an employer is paid to: a case of its own, with two officers."""

from typing import ClassVar
from uuid import uuid4

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from refunds import guards_accounts
from refunds.models.owed import Submission
from registry.guards import no_delete
from registry.models import BankAccount, Employer, Officer


def own_name(case: "AccountChange", file_name: str) -> str:
    """Return where a paper is kept: under a name of ours, nothing of the user's."""
    return f"account-papers/{case.proposed_at:%Y/%m}/{uuid4().hex}.{case.extension}"


class AccountChange(models.Model):
    """One proposal of a new account, and who decided on it.

    Refunds under way are not touched by it: each keeps the account that was approved. Where the
    bank has sent a refund back, the change belongs to the enterprise's correction (`submission`)
    and is decided on with it.
    """

    KIND: ClassVar[str] = "account"

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", "待核对"
        CHECKED = "CHECKED", "已核对，待确认"
        CONFIRMED = "CONFIRMED", "已确认"
        REFUSED = "REFUSED", "未通过"
        WITHDRAWN = "WITHDRAWN", "已撤回"

    TONES: ClassVar[dict[str, str]] = {
        "PROPOSED": "wait",
        "CHECKED": "wait",
        "CONFIRMED": "good",
        "REFUSED": "bad",
        "WITHDRAWN": "bad",
    }
    OPEN: ClassVar[list[str]] = ["PROPOSED", "CHECKED"]

    receipt = models.CharField("办件编号", max_length=20, unique=True)
    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="account_changes", verbose_name="参保单位"
    )
    former = models.ForeignKey(
        BankAccount,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="原登记账户",
    )
    submission = models.OneToOneField(
        Submission,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="account_change",
        verbose_name="依据的提交",
    )
    holder = models.CharField("户名", max_length=120)
    bank = models.CharField("开户银行", max_length=120)
    bank_code = models.CharField("开户行行号", max_length=12)
    number = models.CharField("银行账号", max_length=32)
    reason = models.CharField("变更原因", max_length=200)
    document = models.CharField("依据材料", max_length=200, blank=True)
    # The paper itself, where an officer proposes; what the unit hands in online is signed for.
    file = models.FileField("材料扫描件", upload_to=own_name, max_length=120, blank=True)
    given_name = models.CharField("原文件名", max_length=200, blank=True)
    extension = models.CharField("格式", max_length=4, blank=True)
    sha256 = models.CharField("文件摘要", max_length=64, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="+", verbose_name="提出人账号"
    )
    proposed_name = models.CharField("提出人", max_length=100)
    by_officer = models.BooleanField("工作人员代为提出", default=False)
    proposed_at = models.DateTimeField("提出时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    checked_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="核对人"
    )
    checked_at = models.DateTimeField("核对时间", null=True, blank=True)
    confirmed_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    cooling_until = models.DateTimeField("冷静期至", null=True, blank=True)
    # The registered account that came of it; null where it was registered already.
    account = models.ForeignKey(
        BankAccount,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="登记的账户",
    )
    refused_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="退回人"
    )
    closed_name = models.CharField("结束人", max_length=100, blank=True)
    closed_at = models.DateTimeField("结束时间", null=True, blank=True)
    closing_reason = models.CharField("结束原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "收款账户变更"
        verbose_name_plural = "收款账户变更"
        indexes = [
            models.Index(name="account_change_latest", fields=["employer", "number", "-id"]),
            models.Index(
                name="account_change_open",
                fields=["id"],
                condition=Q(state__in=["PROPOSED", "CHECKED"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="account_change_one_open",
                fields=["employer", "number"],
                condition=Q(state__in=["PROPOSED", "CHECKED"], submission__isnull=True),
                violation_error_message="这个账户已有变更在办理。",
            ),
            models.CheckConstraint(
                name="account_change_two_people",
                condition=Q(checked_by__isnull=True)
                | Q(confirmed_by__isnull=True)
                | ~Q(checked_by=F("confirmed_by")),
                violation_error_message="核对人和确认人必须是两个人。",
            ),
            models.CheckConstraint(
                name="account_change_as_far_as_decided",
                condition=Q(
                    state="PROPOSED",
                    checked_by__isnull=True,
                    confirmed_by__isnull=True,
                    closed_at__isnull=True,
                )
                | Q(
                    state="CHECKED",
                    checked_by__isnull=False,
                    checked_at__isnull=False,
                    confirmed_by__isnull=True,
                    closed_at__isnull=True,
                )
                | Q(
                    state="CONFIRMED",
                    checked_by__isnull=False,
                    confirmed_by__isnull=False,
                    confirmed_at__isnull=False,
                    cooling_until__gte=F("confirmed_at"),
                    closed_at__isnull=True,
                )
                | (
                    Q(state="REFUSED", refused_by__isnull=False, closed_at__isnull=False)
                    & ~Q(closing_reason="")
                )
                | Q(state="WITHDRAWN", closed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="account_change_officer_shows_papers",
                condition=Q(by_officer=False) | ~Q(document=""),
                violation_error_message="工作人员代为提出，必须写明依据材料。",
            ),
            models.CheckConstraint(
                name="account_change_file_is_known",
                condition=Q(file="", sha256="") | Q(sha256__regex=r"^[0-9a-f]{64}$"),
            ),
            models.CheckConstraint(
                name="account_change_number_form",
                condition=Q(number__regex=r"^[0-9]{8,32}$", bank_code__regex=r"^[0-9]{12}$"),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "receipt",
                    "employer",
                    "former",
                    "submission",
                    "holder",
                    "bank",
                    "bank_code",
                    "number",
                    "reason",
                    "document",
                    "file",
                    "given_name",
                    "extension",
                    "sha256",
                    "proposed_by",
                    "proposed_name",
                    "by_officer",
                    "proposed_at",
                ],
            ),
            pgtrigger.FSM(
                name="legal_move",
                field="state",
                transitions=[
                    ("PROPOSED", "CHECKED"),
                    ("PROPOSED", "REFUSED"),
                    ("PROPOSED", "WITHDRAWN"),
                    ("CHECKED", "CONFIRMED"),
                    ("CHECKED", "REFUSED"),
                    ("CHECKED", "WITHDRAWN"),
                    ("CONFIRMED", "WITHDRAWN"),
                ],
            ),
            no_delete(),
            guards_accounts.begins_proposed(),
            guards_accounts.decided_by_two(),
        ]

    def __str__(self) -> str:
        return self.receipt

    @property
    def tone(self) -> str:
        """How its state is coloured."""
        return self.TONES[self.state]
