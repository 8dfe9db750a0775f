"""Public look-ups of a matter's progress: counted, so that nobody guesses numbers by machine."""

from django.db import models


class LookupTry(models.Model):
    """One look-up: by whom, as a digest of the address, and of which number. Kept for a day."""

    address = models.CharField("来源摘要", max_length=64)
    receipt = models.CharField("办件编号", max_length=20)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "进度查询记录"
        verbose_name_plural = "进度查询记录"
        indexes = [
            models.Index(name="lookup_by_address", fields=["address", "at"]),
            models.Index(name="lookup_by_receipt", fields=["receipt", "at"]),
        ]

    def __str__(self) -> str:
        return f"{self.receipt} {self.at:%Y-%m-%d %H:%M}"
