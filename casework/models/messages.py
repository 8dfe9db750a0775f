"""What a unit and the office in charge write to each other in a matter, and who read it."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q

from casework.models.attached import OfficeFile
from casework.models.papers import PaperFile
from registry.guards import append_only
from registry.models import Agency, Membership, Officer


class CaseMessage(models.Model):
    """One message in a matter, by a member of the unit or an officer of an office. Never changed."""

    matter_kind = models.CharField("办件类别", max_length=30)
    matter_id = models.BigIntegerField("办件")
    # Of the form it was written in: sent twice, it is one message.
    key = models.UUIDField("表单号", unique=True)
    member = models.ForeignKey(
        Membership,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="单位留言人",
    )
    officer = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="机构留言人"
    )
    agency = models.ForeignKey(
        Agency, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="留言机构"
    )
    # As they were called on the day.
    by_name = models.CharField("留言人", max_length=100)
    text = models.CharField("内容", max_length=1000)
    paper = models.ForeignKey(
        PaperFile, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="单位附件"
    )
    office_file = models.ForeignKey(
        OfficeFile,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="机构附件",
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "办件留言"
        verbose_name_plural = "办件留言"
        constraints = [
            models.CheckConstraint(name="message_says_something", condition=~Q(text="")),
            models.CheckConstraint(
                name="message_of_one_side",
                condition=Q(
                    member__isnull=False,
                    officer__isnull=True,
                    agency__isnull=True,
                    office_file__isnull=True,
                )
                | Q(
                    member__isnull=True,
                    officer__isnull=False,
                    agency__isnull=False,
                    paper__isnull=True,
                ),
            ),
        ]
        indexes = [models.Index(name="message_of_matter", fields=["matter_kind", "matter_id"])]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.matter_kind} {self.matter_id} {self.pk}"

    @property
    def from_unit(self) -> bool:
        """Whether the unit wrote it."""
        return self.member_id is not None

    @property
    def file(self) -> PaperFile | OfficeFile | None:
        """What was sent with it."""
        return self.paper or self.office_file


class MessageRead(models.Model):
    """Who of the other side was the first to read a message."""

    message = models.OneToOneField(
        CaseMessage, models.RESTRICT, related_name="read", verbose_name="留言"
    )
    by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="+", verbose_name="阅读人账号"
    )
    by_name = models.CharField("阅读人", max_length=100)
    at = models.DateTimeField("阅读时间")

    class Meta:
        verbose_name = "留言阅读"
        verbose_name_plural = "留言阅读"
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="by_the_other_side",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF EXISTS (
                    SELECT FROM casework_casemessage m WHERE m.id = NEW.message_id
                        AND (m.member_id IS NOT NULL) <> EXISTS (
                            SELECT FROM registry_officer o WHERE o.user_id = NEW.by_user_id)
                ) THEN
                    RAISE EXCEPTION 'casework: message % is read by the other side', NEW.message_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message_id} {self.by_name}"
