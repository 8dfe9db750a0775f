"""Forms of reconciliation: how a difference is to be settled, and whether one agrees."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from refunds.models import Correction


class CorrectionForm(forms.Form):
    """How a difference is to be settled, and by what document."""

    action = forms.ChoiceField(
        label="处理办法",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择处理办法", "invalid_choice": "请选择处理办法"},
    )
    reason = forms.CharField(
        label="原因",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明原因", "max_length": "原因不能超过200个字"},
    )
    document = forms.CharField(
        label="凭据",
        max_length=100,
        help_text="例如银行书面证明的文号和日期、记账凭证号。",
        error_messages={"required": "请填写凭据", "max_length": "凭据不能超过100个字"},
    )

    def __init__(self, data: Any = None, *, ways: Sequence[Correction.Action]) -> None:
        super().__init__(data)
        choices = [(way.value, way.label) for way in ways]
        self.fields["action"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["action"].initial = choices[0][0]


class VerdictForm(forms.Form):
    """Whether the second officer agrees."""

    CONFIRM, REFUSE = "confirm", "refuse"
    VERDICTS: ClassVar = [(CONFIRM, "同意，按这个办法处理"), (REFUSE, "不同意，退回")]

    verdict = forms.ChoiceField(
        label="您的意见",
        choices=VERDICTS,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择意见", "invalid_choice": "请选择意见"},
    )
    refusal = forms.CharField(
        label="不同意的原因",
        required=False,
        max_length=200,
        error_messages={"max_length": "原因不能超过200个字"},
    )
