"""The upload form."""

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
