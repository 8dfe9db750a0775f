"""Files of a matter: what the unit attaches, and what an office puts in."""

from uuid import uuid4

import pgtrigger
from django.db import models
from django.db.models import Q

from casework.models.papers import PaperFile
from registry.guards import append_only, no_delete
from registry.models import Officer

_UPLOADED = "office/{at:%Y/%m}/{name}.{extension}"


def office_name(file: "OfficeFile", file_name: str) -> str:
    """Return where an office's file is kept: under a name of ours, nothing of the user's."""
    return _UPLOADED.format(at=file.uploaded_at, name=uuid4().hex, extension=file.extension)


class OfficeFile(models.Model):
    """A file that an officer uploaded, as it was. It never changes."""

    file = models.FileField("文件", upload_to=office_name, max_length=120)
    given_name = models.CharField("原文件名", max_length=200)
    extension = models.CharField("格式", max_length=4)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("文件摘要", max_length=64)
    officer = models.ForeignKey(Officer, models.RESTRICT, related_name="+", verbose_name="上传人")
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "部门文件"
        verbose_name_plural = "部门文件"
        triggers = append_only()

    def __str__(self) -> str:
        return self.given_name


class Attachment(models.Model):
    """A unit's file in one place of its application. Taken out, it stays as it was handed in."""

    matter_kind = models.CharField("办件类别", max_length=30)
    matter_id = models.BigIntegerField("办件")
    # Which paper of the matter's list it is.
    slot = models.CharField("材料代码", max_length=40)
    file = models.ForeignKey(
        PaperFile, models.RESTRICT, related_name="attachments", verbose_name="文件"
    )
    at = models.DateTimeField("上传时间")
    removed_at = models.DateTimeField("移除时间", null=True, blank=True)

    class Meta:
        verbose_name = "申请材料"
        verbose_name_plural = "申请材料"
        constraints = [
            models.UniqueConstraint(
                name="attachment_once",
                fields=["matter_kind", "matter_id", "slot", "file"],
                condition=Q(removed_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(name="attachment_of_matter", fields=["matter_kind", "matter_id", "slot"])
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="fixed", fields=["matter_kind", "matter_id", "slot", "file", "at"]
            ),
            no_delete(),
        ]

    def __str__(self) -> str:
        return f"{self.slot} {self.file_id}"
