"""The shapes of imports in the API: what is sent, and what is answered."""

from typing import Any

from rest_framework import serializers

from registry.models import Import

#: As many rows as fit a request that a person waits for; more come as a file.
MOST_JSON_ROWS = 5_000


class ImportOut(serializers.Serializer):
    """An import: how far it is, its counts, its errors, and what it would change."""

    id = serializers.IntegerField(help_text="导入编号")
    kind = serializers.CharField(help_text="类别")
    stage = serializers.ChoiceField(choices=Import.Stage.choices, help_text="进展")
    state = serializers.CharField(help_text="后台处理：QUEUED、RUNNING、DONE、FAILED、CANCELLED")
    file_name = serializers.CharField(help_text="文件名")
    file_sha256 = serializers.CharField(help_text="文件的 SHA-256")
    summary = serializers.CharField(help_text="一句话的结果")
    rows = serializers.IntegerField(help_text="读取的数据行数")
    accepted = serializers.IntegerField(help_text="新增或更新的行数")
    unchanged = serializers.IntegerField(help_text="与已入库内容相同的行数")
    rejected = serializers.IntegerField(help_text="有误的行数")
    parked = serializers.IntegerField(help_text="仍待更正的行数")
    error_count = serializers.IntegerField(help_text="错误总数")
    steps_done = serializers.IntegerField(help_text="已核对的行数")
    steps_total = serializers.IntegerField(help_text="总行数，未知时为 0")
    preview_sha256 = serializers.CharField(help_text="预览的摘要，确认时原样送回")
    created_at = serializers.DateTimeField(help_text="上传时间")
    finished_at = serializers.DateTimeField(allow_null=True, help_text="结束时间")


class ImportDetail(ImportOut):
    """One import with everything found in it."""

    preview = serializers.DictField(help_text="入库后的变化")
    errors = serializers.ListField(help_text="前 1000 处错误", child=serializers.DictField())
    warnings = serializers.ListField(help_text="提示", child=serializers.DictField())


class ColumnOut(serializers.Serializer):
    """One column of a kind of workbook."""

    header = serializers.CharField(help_text="表头")
    kind = serializers.CharField(help_text="读取方式")
    required = serializers.BooleanField(help_text="是否必须有这一列并填写")
    choices = serializers.ListField(help_text="可填的内容", child=serializers.CharField())
    example = serializers.CharField(help_text="示例")


class KindOut(serializers.Serializer):
    """A kind of workbook that the account may bring in."""

    kind = serializers.CharField(help_text="类别")
    title = serializers.CharField(help_text="名称")
    columns = ColumnOut(many=True, help_text="列")


class Upload(serializers.Serializer):
    """A workbook, or the same rows as JSON: each a set of header and value."""

    kind = serializers.CharField(help_text="类别")
    file = serializers.FileField(required=False, help_text=".xlsx、.xls 或 .csv 文件")
    rows = serializers.ListField(
        required=False,
        min_length=1,
        max_length=MOST_JSON_ROWS,
        child=serializers.DictField(child=serializers.CharField(allow_blank=True)),
        help_text="数据行：表头到内容。错误中的行号从 2 数起，与表格一致。",
    )
    corrects = serializers.IntegerField(required=False, help_text="更正哪一次导入")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take a file or rows, not both."""
        if ("file" in attrs) == ("rows" in attrs):
            raise serializers.ValidationError("请送文件或数据行，二者之一。")
        return attrs


class Confirmation(serializers.Serializer):
    """A yes to what was seen."""

    seen = serializers.CharField(help_text="所见预览的摘要 preview_sha256")
    partial = serializers.BooleanField(default=False, help_text="只入库正确的行")


class Reason(serializers.Serializer):
    """Why an import is to be taken back."""

    reason = serializers.CharField(max_length=200, help_text="撤回原因")
