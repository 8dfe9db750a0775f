"""Forms of changes of account."""

from typing import Any, ClassVar

from django import forms

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
