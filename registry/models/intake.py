"""Workbooks brought in: how far each is, every wrong cell, and the rows that wait for mending."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from registry.guards import append_only
from registry.models.employers import Employer
from registry.models.people import Membership, Officer
from registry.models.work import Work


class Stage(models.TextChoices):
    """What an import has come to. `Work.state` says whether a worker is on it."""

    RECEIVED = "RECEIVED", "待核对"
    REFUSED = "REFUSED", "有误，未入库"
    PREVIEW = "PREVIEW", "待确认"
    SECOND = "SECOND", "待第二人确认"
    STORING = "STORING", "待写入"
    STORED = "STORED", "已入库"
    PARTLY = "PARTLY", "部分入库，有行待更正"
    DISCARDED = "DISCARDED", "已放弃"
    WITHDRAWN = "WITHDRAWN", "已撤回"


class Import(Work):
    """One workbook brought in: on a page by an officer or an enterprise, or by a command.

    Nothing of it holds before a named person has confirmed its preview; where decided months
    change, a second one. Commands act at once. A withdrawal is an import of its own, which
    names the one it takes back.
    """

    Stage = Stage

    kind = models.CharField("类别", max_length=20)
    stage = models.CharField("进展", max_length=10, choices=Stage.choices, default=Stage.RECEIVED)
    file_name = models.CharField("文件名", max_length=200)
    file_sha256 = models.CharField("文件摘要", max_length=64)
    file = models.FileField("文件", upload_to="imports/%Y/%m", max_length=300, blank=True)
    by = models.ForeignKey(
        Officer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="经办人"
    )
    os_user = models.CharField("系统账号", max_length=64, blank=True)
    # An enterprise brings in what concerns itself, and nothing else.
    employer = models.ForeignKey(
        Employer, models.RESTRICT, null=True, blank=True, related_name="+", verbose_name="参保单位"
    )
    member = models.ForeignKey(
        Membership,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="单位经办人",
    )
    # What the caller's own program calls this upload; the same call again is the same import.
    idempotency_key = models.CharField("幂等键", max_length=100, blank=True)

    rows = models.PositiveIntegerField("读取行数", default=0)
    accepted = models.PositiveIntegerField("新增或更新行数", default=0)
    unchanged = models.PositiveIntegerField("相同行数", default=0)
    rejected = models.PositiveIntegerField("有误行数", default=0)
    error_count = models.PositiveIntegerField("错误数", default=0)
    # The first 1,000 wrong cells, as `import_workbook --format json` prints them.
    errors = models.JSONField("错误", default=list, blank=True)
    warnings = models.JSONField("提示", default=list, blank=True)
    # How often it was checked: what is stored may have changed between check and confirmation.
    checks = models.PositiveSmallIntegerField("核对次数", default=0)
    # The user's own workbook back, with the wrong cells marked.
    annotated = models.FileField(
        "标注的工作簿", upload_to="imports/%Y/%m", max_length=300, blank=True
    )

    # What would change, found by doing it and undoing it; what is stored must not differ.
    preview = models.JSONField("预览", default=dict, blank=True)
    preview_sha256 = models.CharField("预览摘要", max_length=64, blank=True)
    partial = models.BooleanField("只入库正确的行", default=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="确认人",
    )
    confirmed_at = models.DateTimeField("确认时间", null=True, blank=True)
    seconded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="第二确认人",
    )
    seconded_at = models.DateTimeField("第二人确认时间", null=True, blank=True)

    corrects = models.ForeignKey(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name="更正",
    )
    withdraws = models.ForeignKey(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="withdrawals",
        verbose_name="撤回",
    )
    withdrawal_reason = models.CharField("撤回原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "导入"
        verbose_name_plural = "导入"
        indexes = [
            models.Index(name="import_latest", fields=["-id"]),
            # What a week brought in, for the statistics of errors.
            models.Index(name="import_by_day", fields=["created_at"]),
            models.Index(
                name="import_open",
                fields=["lease_until"],
                condition=Q(state__in=["QUEUED", "RUNNING"]),
            ),
            models.Index(
                name="import_of_employer",
                fields=["employer", "-id"],
                condition=Q(employer__isnull=False),
            ),
            models.Index(
                name="import_waiting",
                fields=["stage"],
                condition=Q(stage__in=["REFUSED", "PREVIEW", "SECOND", "PARTLY"]),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="import_by_officer_or_member",
                condition=Q(member__isnull=True, employer__isnull=True)
                | Q(member__isnull=False, employer__isnull=False, by__isnull=True),
            ),
            models.CheckConstraint(
                name="import_confirmed_by_two",
                condition=Q(seconded_by__isnull=True) | ~Q(seconded_by=F("confirmed_by")),
                violation_error_message="第二确认人不能是确认人本人。",
            ),
            # A command acts at once, under the operating system's user; a page never does.
            models.CheckConstraint(
                name="import_stored_by_somebody",
                condition=~Q(stage__in=["STORING", "STORED", "PARTLY", "WITHDRAWN"])
                | Q(confirmed_by__isnull=False)
                | ~Q(os_user=""),
                violation_error_message="须由具名人员确认后才能入库。",
            ),
            models.UniqueConstraint(
                name="import_withdrawn_once",
                fields=["withdraws"],
                condition=~Q(stage="DISCARDED"),
                violation_error_message="这次导入已在撤回。",
            ),
            models.UniqueConstraint(
                name="import_once_per_officers_key",
                fields=["by", "idempotency_key"],
                condition=Q(by__isnull=False) & ~Q(idempotency_key=""),
            ),
            models.UniqueConstraint(
                name="import_once_per_members_key",
                fields=["member", "idempotency_key"],
                condition=Q(member__isnull=False) & ~Q(idempotency_key=""),
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportProblem(models.Model):
    """One wrong cell of an import: the first 100,000 are kept. The code says the rest."""

    import_of = models.ForeignKey(
        Import, models.RESTRICT, db_index=False, related_name="problems", verbose_name="导入"
    )
    # Of which check of the file; the last one counts.
    check_number = models.PositiveSmallIntegerField("第几次核对", default=1)
    # Both null: the whole file is meant.
    row = models.PositiveIntegerField("行号", null=True)
    header = models.CharField("列", max_length=200, null=True)
    code = models.CharField("错误代码", max_length=40)
    found = models.CharField("原值", max_length=100, blank=True)
    hint = models.JSONField("说明要素", default=dict, blank=True)

    class Meta:
        verbose_name = "导入错误"
        verbose_name_plural = "导入错误"
        triggers = append_only()
        indexes = [
            models.Index(name="import_problem_in_order", fields=["import_of", "check_number", "id"])
        ]

    def __str__(self) -> str:
        return f"{self.import_of_id} 第{self.row}行 {self.code}"


class ParkedRow(models.Model):
    """A bad row of a workbook whose good rows were stored: it waits for its correction.

    It ends by the import that brought it right, or because somebody says it isn't needed.
    """

    import_of = models.ForeignKey(
        Import, models.RESTRICT, db_index=False, related_name="parked", verbose_name="导入"
    )
    row = models.PositiveIntegerField("行号")
    # What names the row among others, where those cells could be read.
    key = models.CharField("业务主键", max_length=300, blank=True)
    resolved_by = models.ForeignKey(
        Import,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="resolved",
        verbose_name="更正的导入",
    )
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="不再处理人",
    )
    reason = models.CharField("不再处理的原因", max_length=200, blank=True)
    ended_at = models.DateTimeField("办结时间", null=True, blank=True)

    class Meta:
        verbose_name = "待更正行"
        verbose_name_plural = "待更正行"
        indexes = [
            models.Index(name="parked_by_key", fields=["key"], condition=Q(ended_at__isnull=True)),
        ]
        constraints = [
            models.UniqueConstraint(name="parked_row_once", fields=["import_of", "row"]),
            models.CheckConstraint(
                name="parked_row_ends_one_way",
                condition=Q(
                    ended_at__isnull=True, resolved_by__isnull=True, dismissed_by__isnull=True
                )
                | Q(ended_at__isnull=False, resolved_by__isnull=False, dismissed_by__isnull=True)
                | (
                    Q(ended_at__isnull=False, resolved_by__isnull=True, dismissed_by__isnull=False)
                    & ~Q(reason="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.import_of_id} 第{self.row}行"
