"""The upload form."""

from collections.abc import Collection
from typing import Any

from django import forms

from registry.intake import queries
from registry.models import Officer


class UploadForm(forms.Form):
    """Which kind of workbook, and the file."""

    kind = forms.ChoiceField(
        label="工作簿类别",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择工作簿类别", "invalid_choice": "请选择所列的类别"},
    )
    file = forms.FileField(
        label="文件",
        max_length=200,
        help_text="支持 .xlsx、.xls 和 .csv。读取第一张工作表，第 1 行为表头。",
        error_messages={
            "required": "请选择要导入的文件",
            "empty": "文件是空的（0 字节），请重新选择",
            "max_length": "文件名太长，请改短后重新选择",
        },
    )

    def __init__(self, *args: Any, officer: Officer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = queries.kinds_for(officer)
        self.fields["kind"].choices = [(name, kind.schema.title) for name, kind in kinds.items()]


class WithdrawalForm(forms.Form):
    """Why an import is to be taken back."""

    reason = forms.CharField(
        label="撤回原因",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="复核人会看到这段话，例如：文件选错了月份。",
        error_messages={"required": "请写明撤回的原因", "max_length": "请不要超过 200 个字"},
    )


class DismissForm(forms.Form):
    """Which waiting rows are given up, by their numbers, and why; none named: all of them."""

    rows = forms.CharField(
        label="行号",
        required=False,
        help_text="用逗号分开，例如 3,7,12。不填表示全部待更正的行。",
    )
    reason = forms.CharField(
        label="不再处理的原因",
        max_length=200,
        help_text="例如：该职工已由另一单位申报。",
        error_messages={"required": "请写明原因", "max_length": "请不要超过 200 个字"},
    )

    def __init__(self, *args: Any, rows: Collection[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting = set(rows)

    def clean_rows(self) -> list[int]:
        """Return the numbers, each of a row that waits."""
        words = self.cleaned_data["rows"].replace("，", ",").replace("、", ",").split(",")
        words = [word.strip() for word in words if word.strip()]
        unknown = [word for word in words if not word.isdecimal() or int(word) not in self._waiting]
        if unknown:
            raise forms.ValidationError(f"第 {'、'.join(unknown)} 行不在待更正的行中，请核对行号")
        return [int(word) for word in words]


class ManualSearch(forms.Form):
    """What the manual of errors is narrowed to."""

    q = forms.CharField(
        label="错误代码或关键词",
        max_length=60,
        required=False,
        help_text="例如：身份证、校验、表头、密码。",
        widget=forms.TextInput(attrs={"type": "search"}),
        error_messages={"max_length": "请不要超过 60 个字"},
    )
