"""Days on which work stands still, by a document: prepared by one administrator, approved by
another."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from registry.guards import no_delete

#: Who approves may sign in to the administration; nothing is approved or ended for days gone by.
_NOT_BACKDATED = """
IF NEW.approved_by_id IS NOT NULL AND OLD.approved_by_id IS NULL AND (
    (NEW.approved_at AT TIME ZONE 'Asia/Shanghai')::date > NEW.from_day
    OR NOT EXISTS (SELECT FROM auth_user u
        WHERE u.id = NEW.approved_by_id AND u.is_active AND u.is_staff)
) THEN
    RAISE EXCEPTION 'casework: a freeze is approved by an administrator before it begins'
        USING ERRCODE = 'check_violation';
END IF;
IF NEW.ended_on IS NOT NULL AND OLD.ended_on IS NULL
    AND NEW.ended_on
        < greatest((NEW.ended_at AT TIME ZONE 'Asia/Shanghai')::date, NEW.from_day) - 1
THEN
    RAISE EXCEPTION 'casework: a freeze does not end in the past' USING ERRCODE = 'check_violation';
END IF;
RETURN NEW;
"""


class FreezeWindow(models.Model):
    """From one day to another, both included: clocks stand still, or something is held back.

    It holds once it is approved. Ended early, `ended_on` is the last day on which it held (the
    day before `from_day`: it never began).
    """

    from_day = models.DateField("从（含当日）")
    to_day = models.DateField("到（含当日）")
    reason = models.CharField("原因", max_length=60, help_text="单位和各部门都会看到，如：月末结账")
    document = models.CharField("依据文件", max_length=200)
    stops_clocks = models.BooleanField("暂停计算办理时限", default=True)
    holds_submissions = models.BooleanField(
        "暂停接收申请",
        default=False,
        help_text="单位仍可填写和保存。月末是缴费截止日，暂停接收会使单位来不及申请，请避开。",
    )
    holds_decisions = models.BooleanField("暂停审批和签订协议", default=False)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="+", verbose_name="拟定人"
    )
    prepared_at = models.DateTimeField("拟定时间")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="核准人",
    )
    approved_at = models.DateTimeField("核准时间", null=True, blank=True)
    ended_on = models.DateField("实际最后一天", null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="提前结束人",
    )
    ended_at = models.DateTimeField("提前结束时间", null=True, blank=True)

    class Meta:
        verbose_name = "暂停时段"
        verbose_name_plural = "暂停时段"
        constraints = [
            models.CheckConstraint(
                name="freeze_ends_after_it_began",
                condition=Q(to_day__gte=F("from_day")),
                violation_error_message="结束日不能早于开始日。",
            ),
            models.CheckConstraint(
                name="freeze_stops_something",
                condition=Q(stops_clocks=True)
                | Q(holds_submissions=True)
                | Q(holds_decisions=True),
                violation_error_message="请至少勾选一项要暂停的内容。",
            ),
            models.CheckConstraint(
                name="freeze_says_why", condition=~Q(reason="") & ~Q(document="")
            ),
            models.CheckConstraint(
                name="freeze_two_people",
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False)
                & ~Q(approved_by=F("prepared_by")),
                violation_error_message="拟定人和核准人必须是两个人。",
            ),
            models.CheckConstraint(
                name="freeze_ended_by_somebody",
                condition=Q(ended_on__isnull=True, ended_by__isnull=True, ended_at__isnull=True)
                | Q(
                    ended_on__lte=F("to_day"),
                    ended_by__isnull=False,
                    ended_at__isnull=False,
                    approved_by__isnull=False,
                ),
            ),
        ]
        indexes = [
            models.Index(
                name="freeze_in_force",
                fields=["from_day", "to_day"],
                condition=Q(approved_by__isnull=False),
            )
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed",
                exclude=["approved_by", "approved_at", "ended_on", "ended_by", "ended_at"],
            ),
            pgtrigger.Protect(
                name="approved_once",
                operation=pgtrigger.UpdateOf("approved_by_id", "approved_at"),
                condition=pgtrigger.Q(old__approved_by_id__isnull=False),
            ),
            pgtrigger.Protect(
                name="ended_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__ended_on__isnull=False),
            ),
            pgtrigger.Trigger(
                name="not_backdated",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func=_NOT_BACKDATED,
            ),
            # Nobody puts in what is approved already.
            pgtrigger.Protect(
                name="prepared_first",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Q(new__approved_by_id__isnull=False)
                | pgtrigger.Q(new__ended_on__isnull=False),
            ),
            no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.reason}（{self.from_day} 至 {self.to_day}）"
