"""People who sign in: officers of agencies, and members of employers."""

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
    AUDIT = "AUDIT", "稽核内控岗"
    OPINION = "OPINION", "部门会审岗"


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

    def __str__(self) -> str:
        return f"{self.name}（{self.agency}）"


class Membership(models.Model):
    """A person who acts for an employer online."""

    class Role(models.TextChoices):
        OWNER = "OWNER", "单位管理员"

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

    class Meta:
        verbose_name = "单位经办人"
        verbose_name_plural = "单位经办人"

    def __str__(self) -> str:
        return f"{self.name}（{self.employer}）"


class ActivationCode(models.Model):
    """A code that an agency hands out once, for an employer to open its online account."""

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="activation_codes", verbose_name="参保单位"
    )
    # Only the digest is kept: who reads the table can't open an account.
    digest = models.CharField("激活码摘要", max_length=64, unique=True)
    issued_by = models.ForeignKey(Officer, models.RESTRICT, verbose_name="发放人")
    issued_at = models.DateTimeField("发放时间")
    expires_at = models.DateTimeField("有效期至")
    used_at = models.DateTimeField("使用时间", null=True, blank=True)
    used_by = models.OneToOneField(
        Membership, models.RESTRICT, null=True, blank=True, verbose_name="使用人"
    )

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
        ]

    def __str__(self) -> str:
        return f"{self.employer} {self.issued_at:%Y-%m-%d}"
