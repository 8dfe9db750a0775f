"""Required papers (材料): what is to be handed in by when, the files, and what was reminded of.

What happened to a paper stands in its timeline: `Move` of the kind `paper`.
"""

from datetime import date
from uuid import uuid4

from django.db import models
from django.db.models import Q

from casework.models.workdays import Deadline
from casework.papers.workflow import CLOSED, OPEN_STATES, OVERDUE, State
from registry.guards import append_only
from registry.models import Employer, Membership

_UPLOADED = "papers/{at:%Y/%m}/{name}.{extension}"


def own_name(file: "PaperFile", file_name: str) -> str:
    """Return where a file is kept: under a name of ours, nothing of the user's."""
    return _UPLOADED.format(at=file.uploaded_at, name=uuid4().hex, extension=file.extension)


class RequiredPaper(models.Model):
    """One paper that a matter needs. It never holds the matter up: it is tracked to its deadline.

    `closed_at`: no longer needed; what was handed in stays.
    """

    matter_kind = models.CharField("办件类别", max_length=30)
    matter_id = models.BigIntegerField("办件")
    employer = models.ForeignKey(
        Employer, models.RESTRICT, db_index=False, related_name="papers", verbose_name="参保单位"
    )
    kind = models.CharField("材料代码", max_length=40)
    # As they were called on the day: names and persons change, a request doesn't.
    title = models.CharField("材料", max_length=60)
    subject = models.CharField("对象", max_length=120)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.MISSING)
    deadline = models.ForeignKey(Deadline, models.RESTRICT, verbose_name="期限")
    # The deadline's own, kept here too: lists are sorted and searched by it.
    due_on = models.DateField("截止日期")
    asked_at = models.DateTimeField("登记时间")
    # Of the last return; shown until the paper comes in again.
    reason = models.CharField("退回原因", max_length=200, blank=True)
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    closed_at = models.DateTimeField("不再需要的时间", null=True, blank=True)

    class Meta:
        verbose_name = "应补材料"
        verbose_name_plural = "应补材料"
        constraints = [
            models.UniqueConstraint(
                name="paper_once_per_matter", fields=["matter_kind", "matter_id", "kind"]
            ),
            models.CheckConstraint(
                name="paper_sent_back_with_reason",
                condition=~Q(state="SENT_BACK") | ~Q(reason=""),
                violation_error_message="请填写退回原因。",
            ),
        ]
        indexes = [
            models.Index(name="paper_of_employer", fields=["employer", "matter_kind", "due_on"]),
            models.Index(
                name="paper_open",
                fields=["due_on"],
                condition=Q(state__in=["MISSING", "SENT_BACK"], closed_at__isnull=True),
            ),
            models.Index(
                name="paper_to_review",
                fields=["submitted_at"],
                condition=Q(state="SUBMITTED", closed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.title}"

    @property
    def is_open(self) -> bool:
        """Whether the employer has the next say."""
        return self.closed_at is None and self.state in OPEN_STATES

    def is_overdue(self, today: date) -> bool:
        """Whether the employer is late with it."""
        return self.is_open and self.due_on < today

    def standing(self, today: date) -> str:
        """Return how it stands, in a word: the state, or what the day makes of it."""
        if self.closed_at is not None:
            return CLOSED
        return OVERDUE if self.is_overdue(today) else str(State(self.state).label)


class PaperFile(models.Model):
    """A file as it was uploaded; one may serve several papers. It never changes."""

    employer = models.ForeignKey(
        Employer, models.RESTRICT, related_name="+", verbose_name="参保单位"
    )
    file = models.FileField("文件", upload_to=own_name, max_length=120)
    # For the reader only: the file is kept and served under names of ours.
    given_name = models.CharField("原文件名", max_length=200)
    extension = models.CharField("格式", max_length=4)
    size = models.PositiveIntegerField("字节数")
    sha256 = models.CharField("文件摘要", max_length=64)
    member = models.ForeignKey(
        Membership, models.RESTRICT, related_name="+", verbose_name="单位经办人"
    )
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "材料文件"
        verbose_name_plural = "材料文件"
        triggers = append_only()

    def __str__(self) -> str:
        return self.given_name


class PaperSubmission(models.Model):
    """A file handed in for a paper; the latest one counts."""

    paper = models.ForeignKey(
        RequiredPaper, models.RESTRICT, related_name="submissions", verbose_name="应补材料"
    )
    file = models.ForeignKey(
        PaperFile, models.RESTRICT, related_name="submissions", verbose_name="文件"
    )
    at = models.DateTimeField("提交时间")

    class Meta:
        verbose_name = "材料提交"
        verbose_name_plural = "材料提交"
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.paper_id} {self.file_id}"


class PaperReminder(models.Model):
    """The employer was reminded of a paper: once for each due day and step."""

    #: The step that comes after the due day.
    OVERDUE = -1

    paper = models.ForeignKey(
        RequiredPaper, models.RESTRICT, related_name="reminders", verbose_name="应补材料"
    )
    due_on = models.DateField("截止日期")
    # So many working days before it; -1: it is past.
    step = models.SmallIntegerField("提前工作日")
    sent_at = models.DateTimeField("发送时间")

    class Meta:
        verbose_name = "材料提醒"
        verbose_name_plural = "材料提醒"
        triggers = append_only()
        constraints = [
            models.UniqueConstraint(name="paper_reminded_once", fields=["paper", "due_on", "step"]),
            models.CheckConstraint(name="paper_reminder_step", condition=Q(step__gte=-1)),
        ]

    def __str__(self) -> str:
        return f"{self.paper_id} {self.due_on} {self.step}"
