"""Forms about single payments: the bank's written word, and what came of asking."""

from typing import ClassVar

from django import forms

from refunds.models import BankWord


class WordForm(forms.Form):
    """What the bank has put in writing about one payment."""

    outcome = forms.ChoiceField(
        label="银行证明的结果",
        choices=BankWord.Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择结果", "invalid_choice": "请选择结果"},
    )
    settled_on = forms.DateField(
        label="银行处理日期",
        help_text="例如 2020-07-20",
        error_messages={
            "required": "请填写银行处理日期",
            "invalid": "日期应写成 2020-07-20 的样子",
        },
    )
    reason = forms.CharField(
        label="没有付出或者退回的原因",
        required=False,
        max_length=200,
        help_text="单位会看到这段话。",
        error_messages={"max_length": "原因不能超过200个字"},
    )
    document = forms.CharField(
        label="证明文号和日期",
        max_length=100,
        error_messages={
            "required": "请填写银行证明的文号和日期",
            "max_length": "文号不能超过100个字",
        },
    )


class WordVerdictForm(forms.Form):
    """Whether the second officer has seen the same in the bank's letter."""

    CONFIRM, REFUSE = "confirm", "refuse"
    VERDICTS: ClassVar = [(CONFIRM, "与银行证明一致，确认"), (REFUSE, "不一致，退回")]

    verdict = forms.ChoiceField(
        label="核对结果",
        choices=VERDICTS,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择核对结果", "invalid_choice": "请选择核对结果"},
    )
    refusal = forms.CharField(
        label="不一致的地方",
        required=False,
        max_length=200,
        error_messages={"max_length": "不能超过200个字"},
    )


class HandledForm(forms.Form):
    """What came of asking the bank about a row."""

    note = forms.CharField(
        label="核实结果",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明核实结果", "max_length": "不能超过200个字"},
    )
