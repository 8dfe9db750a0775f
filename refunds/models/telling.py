"""What officers note for units that don't choose online, and what units were reminded of."""

from typing import ClassVar
from uuid import uuid4

import pgtrigger
from django.db import models
from django.db.models import F, Q

from refunds import guards_hands
from refunds.models.owed import Obligation
from registry.guards import append_only, no_delete
from registry.models import BankAccount, Employer, Officer


def own_name(choice: "StaffChoice", file_name: str) -> str:
    """Return where evidence is kept: under a name of ours, nothing of the user's."""
    return f"evidence/{choice.recorded_at:%Y/%m}/{uuid4().hex}.{choice.extension}"


class StaffChoice(models.Model):
    """A unit's choice as an officer heard or read it, with the evidence.

    It counts once another officer has confirmed it by the evidence. Money then goes only to
    the account that was registered when it was noted.
    """

    class Wish(models.TextChoices):
        REFUND = "REFUND", "退费"
        OFFSET = "OFFSET", "冲抵"

    class Evidence(models.TextChoices):
        PHONE = "PHONE", "电话录音"
        LETTER = "LETTER", "书面函"
        IN_PERSON = "IN_PERSON", "现场办理"

    class State(models.TextChoices):
        PROPOSED = "PROPOSED", "待另一人确认"
        CONFIRMED = "CONFIRMED", "已确认"
        REFUSED = "REFUSED", "未通过"

    TONES: ClassVar[dict[str, str]] = {"PROPOSED": "wait", "CONFIRMED": "good", "REFUSED": "bad"}

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="+", db_index=False, verbose_name="参保单位"
    )
    wish = models.CharField("单位的选择", max_length=8, choices=Wish.choices)
    account = models.ForeignKey(
        BankAccount,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="登记的收款账户",
    )
    evidence = models.CharField("依据", max_length=10, choices=Evidence.choices)
    reference = models.CharField("录音编号或函件编号", max_length=60, blank=True)
    speaker = models.CharField("单位表示意见的人", max_length=60)
    file = models.FileField("依据文件", upload_to=own_name, max_length=120, blank=True)
    given_name = models.CharField("原文件名", max_length=200, blank=True)
    extension = models.CharField("格式", max_length=4, blank=True)
    sha256 = models.CharField("文件摘要", max_length=64, blank=True)
    recorded_by = models.ForeignKey(
        Officer, models.RESTRICT, related_name="+", verbose_name="登记人"
    )
    recorded_at = models.DateTimeField("登记时间")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    decided_by = models.ForeignKey(
        Officer,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="确认人",
    )
    decided_at = models.DateTimeField("确认时间", null=True, blank=True)
    reason = models.CharField("未通过原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "代为登记的选择"
        verbose_name_plural = "代为登记的选择"
        constraints = [
            models.CheckConstraint(
                name="staff_choice_two_people",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("recorded_by")),
                violation_error_message="登记和确认必须由两个人办理。",
            ),
            models.CheckConstraint(
                name="staff_choice_decided_by_somebody",
                condition=Q(state="PROPOSED", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(state="PROPOSED") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="staff_choice_refused_for_a_reason",
                condition=~Q(state="REFUSED") | ~Q(reason=""),
                violation_error_message="不通过时请写明原因。",
            ),
            models.CheckConstraint(
                name="staff_choice_refund_has_account",
                condition=Q(wish="REFUND", account__isnull=False)
                | Q(wish="OFFSET", account__isnull=True),
            ),
            # A recording is found by its number; anything else is kept here.
            models.CheckConstraint(
                name="staff_choice_has_evidence",
                condition=(Q(evidence="PHONE") & ~Q(reference="")) | ~Q(file=""),
                violation_error_message="请填写电话录音编号，或者上传书面依据。",
            ),
            models.CheckConstraint(
                name="staff_choice_file_is_known",
                condition=Q(file="", sha256="") | Q(sha256__regex=r"^[0-9a-f]{64}$"),
            ),
        ]
        indexes = [
            models.Index(name="staff_choice_of_employer", fields=["employer", "-id"]),
            models.Index(name="staff_choice_open", fields=["id"], condition=Q(state="PROPOSED")),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                fields=[
                    "employer",
                    "wish",
                    "account",
                    "evidence",
                    "reference",
                    "speaker",
                    "file",
                    "given_name",
                    "extension",
                    "sha256",
                    "recorded_by",
                    "recorded_at",
                ],
            ),
            pgtrigger.FSM(
                name="decided_once",
                field="state",
                transitions=[("PROPOSED", "CONFIRMED"), ("PROPOSED", "REFUSED")],
            ),
            no_delete(),
            guards_hands.begins_as_a_proposal(),
            guards_hands.noted_by_its_posts(),
        ]

    def __str__(self) -> str:
        return f"{self.employer_id} {self.get_wish_display()}"

    @property
    def tone(self) -> str:
        """The tone of the state's badge."""
        return self.TONES[self.state]


class StaffChoiceItem(models.Model):
    """One refund that a noted choice is about."""

    choice = models.ForeignKey(
        StaffChoice, models.RESTRICT, related_name="items", db_index=False, verbose_name="选择"
    )
    obligation = models.ForeignKey(
        Obligation, models.RESTRICT, related_name="staff_choices", verbose_name="退费"
    )

    class Meta:
        verbose_name = "代为登记的退费"
        verbose_name_plural = "代为登记的退费"
        triggers = append_only()
        constraints = [
            models.UniqueConstraint(name="staff_choice_item_once", fields=["choice", "obligation"]),
        ]

    def __str__(self) -> str:
        return f"{self.choice_id} {self.obligation_id}"


class ChoiceReminder(models.Model):
    """A unit was reminded, unasked, that a refund waits for its choice: once for each."""

    obligation = models.OneToOneField(
        Obligation, models.RESTRICT, related_name="reminder", verbose_name="退费"
    )
    due_on = models.DateField("请在此日前选择")
    sent_at = models.DateTimeField("发送时间")

    class Meta:
        verbose_name = "退费选择提醒"
        verbose_name_plural = "退费选择提醒"
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.due_on}"
