"""How an employer runs its own accounts: invitations, handing over, and the log of it all."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models.employers import Employer
from registry.models.people import Membership

_OPEN_INVITATION = Q(used_at__isnull=True, withdrawn_at__isnull=True)


class InvitationSet(models.QuerySet["Invitation"]):
    def open(self) -> "InvitationSet":
        """Return those neither used nor withdrawn; some may have expired."""
        return self.filter(_OPEN_INVITATION)


class Invitation(models.Model):
    """The owner asks a colleague to act for the employer too. The owner hands the code over."""

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="invitations", verbose_name="参保单位"
    )
    name = models.CharField("姓名", max_length=40)
    phone = models.CharField("联系电话", max_length=30, blank=True)
    role = models.CharField("角色", max_length=12, choices=Membership.Role.choices)
    # Only the digest is kept, as of activation codes.
    digest = models.CharField("邀请码摘要", max_length=64, unique=True)
    invited_by = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="邀请人"
    )
    invited_at = models.DateTimeField("邀请时间")
    expires_at = models.DateTimeField("有效期至")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    used_by = models.OneToOneField(
        Membership,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="invitation",
        verbose_name="使用人",
    )
    withdrawn_at = models.DateTimeField("撤回时间", null=True, blank=True)

    objects = InvitationSet.as_manager()

    class Meta:
        verbose_name = "邀请"
        verbose_name_plural = "邀请"
        constraints = [
            # Two tabs, or two clicks, leave one slip that works.
            models.UniqueConstraint(
                name="invitation_one_open_per_name",
                fields=["employer", "name"],
                condition=_OPEN_INVITATION,
                violation_error_message="已经邀请过同名的人。",
            ),
            # An employer gets an owner from its agency or from the former owner only.
            models.CheckConstraint(
                name="invitation_never_to_own", condition=~Q(role=Membership.Role.OWNER)
            ),
            models.CheckConstraint(
                name="invitation_expires_later", condition=Q(expires_at__gt=F("invited_at"))
            ),
            models.CheckConstraint(
                name="invitation_used_by_somebody",
                condition=Q(used_at__isnull=True, used_by__isnull=True)
                | Q(used_at__isnull=False, used_by__isnull=False),
            ),
            models.CheckConstraint(
                name="invitation_used_or_withdrawn",
                condition=Q(used_at__isnull=True) | Q(withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.employer}）"


class Handover(models.Model):
    """The owner names a successor, who says yes: two people, and never a moment without owner."""

    class Afterwards(models.TextChoices):
        """What becomes of the former owner; the roles are those of `Membership.Role`."""

        SIGNER = "SIGNER", "继续使用账号，改为签署人"
        PREPARER = "PREPARER", "继续使用账号，改为经办人"
        LEAVE = "LEAVE", "停用自己的账号"

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="handovers", verbose_name="参保单位"
    )
    giver = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="原管理员"
    )
    taker = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="新管理员"
    )
    afterwards = models.CharField("原管理员今后", max_length=12, choices=Afterwards.choices)
    asked_at = models.DateTimeField("提出时间")
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    withdrawn_at = models.DateTimeField("取消时间", null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="取消人",
    )

    class Meta:
        verbose_name = "管理员移交"
        verbose_name_plural = "管理员移交"
        constraints = [
            models.UniqueConstraint(
                name="handover_one_open_per_employer",
                fields=["employer"],
                condition=Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                violation_error_message="已经有一次移交在等对方确认。",
            ),
            models.CheckConstraint(name="handover_two_people", condition=~Q(giver=F("taker"))),
            models.CheckConstraint(
                name="handover_withdrawn_by_somebody",
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
            ),
            models.CheckConstraint(
                name="handover_confirmed_or_withdrawn",
                condition=Q(confirmed_at__isnull=True) | Q(withdrawn_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver.name} → {self.taker.name}"


class MembershipEvent(models.Model):
    """One thing that happened to an employer's accounts: who, what, when, by whom."""

    class Kind(models.TextChoices):
        CODE_ISSUED = "CODE_ISSUED", "发放激活码"
        OPENED = "OPENED", "开通单位账号"
        INVITED = "INVITED", "邀请"
        INVITATION_WITHDRAWN = "INVITATION_WITHDRAWN", "撤回邀请"
        JOINED = "JOINED", "接受邀请，开通账号"
        ROLE_CHANGED = "ROLE_CHANGED", "更改角色"
        REMOVED = "REMOVED", "移除"
        HANDOVER_ASKED = "HANDOVER_ASKED", "提出移交管理员"
        HANDOVER_WITHDRAWN = "HANDOVER_WITHDRAWN", "取消移交"
        HANDED_OVER = "HANDED_OVER", "接任单位管理员"
        REPLACEMENT_ASKED = "REPLACEMENT_ASKED", "登记更换管理员"
        REPLACEMENT_APPROVED = "REPLACEMENT_APPROVED", "更换管理员复核通过"
        REPLACEMENT_REFUSED = "REPLACEMENT_REFUSED", "更换管理员复核未通过"
        OWNER_REPLACED = "OWNER_REPLACED", "更换单位管理员"

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="membership_events", verbose_name="参保单位"
    )
    kind = models.CharField("事项", max_length=30, choices=Kind.choices)
    member = models.ForeignKey(
        Membership, models.RESTRICT, null=True, related_name="events", verbose_name="单位人员"
    )
    # Names as they were on the day: people change roles, a log does not.
    subject = models.CharField("对象", max_length=60, blank=True)
    by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.RESTRICT, null=True, related_name="+", verbose_name="账号"
    )
    by_name = models.CharField("办理人", max_length=100)
    note = models.CharField("说明", max_length=400, blank=True)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "账号变动记录"
        verbose_name_plural = "账号变动记录"
        triggers = append_only()
        indexes = [models.Index(name="membership_event_of_employer", fields=["employer", "-id"])]

    def __str__(self) -> str:
        return f"{self.subject} {self.kind}"
