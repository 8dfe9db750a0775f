"""People who sign in: officers of agencies, and members of employers."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from registry.models.agencies import Agency
from registry.models.employers import Employer


class Post(models.TextChoices):
    """An officer's post (岗位). One person holds one: posts that exclude each other can't meet."""

    HANDLER = "HANDLER", "经办岗"
    REVIEWER = "REVIEWER", "复核岗"
    FUND_FINANCE = "FUND_FINANCE", "基金财务岗"
    HEAD = "HEAD", "负责人岗"
    AUDIT = "AUDIT", "稽核内控岗"
    OPINION = "OPINION", "部门会审岗"


def _on_one_side(other_table: str) -> pgtrigger.Trigger:
    """Return the trigger that keeps an account from being an officer's and a member's at once:
    nobody decides on their own employer's money."""
    return pgtrigger.Trigger(
        name="on_one_side",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("user_id"),
        func=f"""
            IF EXISTS (SELECT 1 FROM {other_table} other WHERE other.user_id = NEW.user_id) THEN
                RAISE EXCEPTION 'account % is on the other side already', NEW.user_id
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


class Officer(models.Model):
    """A member of an agency's staff."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="officer", verbose_name="账号"
    )
    agency = models.ForeignKey(
        Agency, models.RESTRICT, related_name="officers", verbose_name="机构"
    )
    name = models.CharField("姓名", max_length=40)
    post = models.CharField("岗位", max_length=20, choices=Post.choices)
    phone = models.CharField("办公电话", max_length=30, blank=True)

    class Meta:
        verbose_name = "工作人员"
        verbose_name_plural = "工作人员"
        triggers = [_on_one_side("registry_membership")]

    def __str__(self) -> str:
        return f"{self.name}（{self.agency}）"


class MembershipSet(models.QuerySet["Membership"]):
    def active(self) -> "MembershipSet":
        """Return those who still act for their employer."""
        return self.filter(ended_at__isnull=True)


class Membership(models.Model):
    """A person who acts for an employer online. Ended, never deleted: what they have signed
    stays signed by them."""

    class Role(models.TextChoices):
        OWNER = "OWNER", "单位管理员"
        SIGNER = "SIGNER", "签署人"
        PREPARER = "PREPARER", "经办人"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.RESTRICT, related_name="membership", verbose_name="账号"
    )
    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="members", verbose_name="参保单位"
    )
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    role = models.CharField("角色", max_length=12, choices=Role.choices, default=Role.OWNER)
    since = models.DateTimeField("开通时间")
    ended_at = models.DateTimeField("停用时间", null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="停用人",
    )
    ended_reason = models.CharField("停用原因", max_length=200, blank=True)

    objects = MembershipSet.as_manager()

    class Meta:
        verbose_name = "单位人员"
        verbose_name_plural = "单位人员"
        triggers = [_on_one_side("registry_officer")]
        constraints = [
            models.UniqueConstraint(
                name="membership_one_active_owner",
                fields=["employer"],
                condition=Q(role="OWNER", ended_at__isnull=True),
                violation_error_message="单位已经有管理员。",
            ),
            models.CheckConstraint(
                name="membership_ended_by_somebody",
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, ended_reason="")
                | Q(ended_at__isnull=False, ended_by__isnull=False),
            ),
            models.CheckConstraint(
                name="membership_ends_after_it_began",
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("since")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.employer}）"

    @property
    def active(self) -> bool:
        """Whether the person still acts for the employer."""
        return self.ended_at is None


class ActivationCode(models.Model):
    """A code that an agency hands out once: it opens an employer's online account, or gives it
    a new owner where the former has left."""

    class Purpose(models.TextChoices):
        OPEN = "OPEN", "开通账号"
        REPLACE = "REPLACE", "更换管理员"

    class Decision(models.TextChoices):
        APPROVED = "APPROVED", "已通过"
        REFUSED = "REFUSED", "未通过"

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="activation_codes", verbose_name="参保单位"
    )
    # Only the digest is kept: who reads the table can't open an account.
    digest = models.CharField("激活码摘要", max_length=64, unique=True)
    purpose = models.CharField("用途", max_length=12, choices=Purpose.choices, default=Purpose.OPEN)
    issued_by = models.ForeignKey(Officer, models.RESTRICT, verbose_name="发放人")
    issued_at = models.DateTimeField("发放时间")
    expires_at = models.DateTimeField("有效期至")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    used_by = models.OneToOneField(
        Membership, models.RESTRICT, null=True, blank=True, verbose_name="使用人"
    )
    # Replacing an owner only: whom, why, and the second officer's word.
    replaces = models.ForeignKey(
        Membership,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="原管理员",
    )
    reason = models.CharField("更换原因", max_length=200, blank=True)
    decision = models.CharField("复核结果", max_length=12, choices=Decision.choices, blank=True)
    decided_by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="复核人"
    )
    decided_at = models.DateTimeField("复核时间", null=True, blank=True)

    class Meta:
        verbose_name = "激活码"
        verbose_name_plural = "激活码"
        constraints = [
            models.CheckConstraint(
                name="activation_code_expires_later", condition=Q(expires_at__gt=F("issued_at"))
            ),
            models.CheckConstraint(
                name="activation_code_used_by_somebody",
                condition=Q(used_at__isnull=True, used_by__isnull=True)
                | Q(used_at__isnull=False, used_by__isnull=False),
            ),
            models.CheckConstraint(
                name="activation_code_replaces_for_a_reason",
                condition=Q(purpose="OPEN", replaces__isnull=True, reason="", decision="")
                | (Q(purpose="REPLACE", replaces__isnull=False) & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="activation_code_decided_by_somebody",
                condition=Q(decision="", decided_by__isnull=True, decided_at__isnull=True)
                | (~Q(decision="") & Q(decided_by__isnull=False, decided_at__isnull=False)),
            ),
            # One officer alone must not be able to give an employer's account to a friend.
            models.CheckConstraint(
                name="activation_code_two_officers",
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("issued_by")),
                violation_error_message="更换管理员要由另一位工作人员复核。",
            ),
            models.CheckConstraint(
                name="activation_code_approved_before_use",
                condition=Q(purpose="OPEN") | Q(used_at__isnull=True) | Q(decision="APPROVED"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.employer} {self.issued_at:%Y-%m-%d}"
