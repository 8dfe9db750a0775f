"""What signing in has to remember: one-time passwords and wrong activation codes."""

from django.conf import settings
from django.db import models


class TemporaryPassword(models.Model):
    """While the row stands, the account's password was drawn by somebody else: it opens only
    the page on which the holder sets their own."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,  # says something about the account only
        primary_key=True,
        related_name="temporary_password",
        verbose_name="账号",
    )
    set_at = models.DateTimeField("设置时间")

    class Meta:
        verbose_name = "一次性密码"
        verbose_name_plural = "一次性密码"

    def __str__(self) -> str:
        return str(self.user)


class ActivationFailure(models.Model):
    """A wrong activation code: counted by address and by the credit code it was tried on."""

    address = models.GenericIPAddressField("网络地址", null=True)
    uscc = models.CharField("统一社会信用代码", max_length=18)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "激活失败"
        verbose_name_plural = "激活失败"
        indexes = [
            models.Index(name="activation_failure_address", fields=["address", "at"]),
            models.Index(name="activation_failure_uscc", fields=["uscc", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.uscc} {self.at:%Y-%m-%d %H:%M}"
