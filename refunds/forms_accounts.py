"""Forms of changes of account."""

from typing import Any, ClassVar

from django import forms

from casework.papers import files
from refunds.forms import AccountForm
from refunds.models import AccountChange


class ChangeForm(AccountForm):
    """Another account for the unit, and why."""

    reason = forms.CharField(
        label="变更原因",
        max_length=200,
        help_text="例如：基本户迁移、原账户已销户。",
        error_messages={"required": "请写明变更原因", "max_length": "变更原因不能超过200个字"},
    )

    def __init__(self, data: Any = None, **known: Any) -> None:
        super().__init__(data, registered=None, new_only=True, **known)
        self.fields["which"].required = False

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["which"] = "new"
        return super().clean()


class UnitForm(forms.Form):
    """Which unit an officer proposes an account for."""

    uscc = forms.CharField(
        label="统一社会信用代码",
        max_length=18,
        strip=True,
        help_text="18位，写在单位提交的材料上。",
        error_messages={
            "required": "请填写统一社会信用代码",
            "max_length": "统一社会信用代码是18位",
        },
    )


class PaperForm(forms.Form):
    """What a unit has handed in on paper, with its scan."""

    document = forms.CharField(
        label="依据材料",
        max_length=200,
        help_text="材料名称和日期，例如：2020年7月20日变更收款账户的函（盖公章）。",
        error_messages={
            "required": "请写明单位提交的书面材料名称和日期",
            "max_length": "不能超过200个字",
        },
    )
    file = forms.FileField(
        label="材料扫描件",
        help_text="PDF、JPG 或 PNG，不超过 10 MB。",
        widget=forms.ClearableFileInput(attrs={"accept": files.ACCEPTED}),
        error_messages={
            "required": "请上传材料的扫描件",
            "empty": "文件是空的，请重新选择",
            "invalid": "请选择文件",
        },
    )


class CaseDecisionForm(forms.Form):
    """An officer's decision on a change of account."""

    GRANT, REFUSE = "grant", "refuse"
    VERDICTS: ClassVar = [(GRANT, "与单位核实无误，通过"), (REFUSE, "退回单位")]
    decision = forms.ChoiceField(
        label="办理意见",
        widget=forms.RadioSelect,
        choices=VERDICTS,
        error_messages={"required": "请选择通过或者退回", "invalid_choice": "请选择通过或者退回"},
    )
    reason = forms.CharField(
        label="退回原因",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="退回时必填。单位会看到这段话。",
        error_messages={"max_length": "退回原因不能超过200个字"},
    )
    # The state that this page showed.
    seen = forms.CharField(widget=forms.HiddenInput, max_length=10)


class CaseFilter(forms.Form):
    """Which changes to show."""

    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), *AccountChange.State.choices]
    )
