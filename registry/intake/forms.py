"""Forms of imports: upload, decisions, calls for help, statistics; search in the manual."""

from collections.abc import Collection, Iterable
from typing import Any

from django import forms

from registry import slots
from registry.intake import queries
from registry.intake.weeks import Week
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


class BankSearch(forms.Form):
    """What the table of payment codes is searched for."""

    q = forms.CharField(
        label="银行和地名，或者行号的前几位",
        max_length=60,
        required=False,
        help_text="例如：攀枝花 农业、1036650。词之间用空格分开。",
        widget=forms.TextInput(attrs={"type": "search"}),
        error_messages={"max_length": "请不要超过 60 个字"},
    )


class StatisticsFilter(forms.Form):
    """Of which week, kind and senders the errors are counted."""

    week = forms.ChoiceField(label="周", required=False)
    kind = forms.ChoiceField(label="工作簿类别", required=False)
    sender = forms.ChoiceField(
        label="由谁上传",
        required=False,
        choices=[("", "全部"), ("staff", "经办机构"), ("enterprise", "参保单位")],
    )

    def __init__(self, *args: Any, weeks: Iterable[Week], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(name, kind.schema.title) for name, kind in slots.import_kinds().items()]
        week, kind = self.fields["week"], self.fields["kind"]
        assert isinstance(week, forms.ChoiceField)
        assert isinstance(kind, forms.ChoiceField)
        week.choices = [(str(each), each.label) for each in weeks]
        kind.choices = [("", "全部"), *kinds]

    def by_enterprise(self) -> bool | None:
        """Return whether enterprises' workbooks are meant; None: everybody's."""
        return {"staff": False, "enterprise": True}.get(self.cleaned_data["sender"])


class CallForm(forms.Form):
    """What somebody called about."""

    note = forms.CharField(
        label="问了什么",
        required=False,
        max_length=200,
        help_text="可以不填，例如：不知道怎样把一列设为文本。请不要写证件号码。",
        error_messages={"max_length": "请不要超过 200 个字"},
    )
