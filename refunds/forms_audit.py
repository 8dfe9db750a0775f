"""Forms of audit's third look, and of the rules of approval."""

from typing import Any

from django import forms

from refunds.models import SampleCheck

MONEY = {"max_digits": 14, "decimal_places": 2, "min_value": 0}


class CheckForm(forms.Form):
    """What audit says of the lines that are ticked."""

    verdict = forms.ChoiceField(
        label="核查结论",
        widget=forms.RadioSelect,
        choices=SampleCheck.Verdict.choices,
        error_messages={
            "required": "请选择核查无误或者拦下核查",
            "invalid_choice": "请选择核查无误或者拦下核查",
        },
    )
    reason = forms.CharField(
        label="说明",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="拦下时必填，写清楚疑点和要核实什么。",
        error_messages={"max_length": "说明不能超过200个字"},
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        held = cleaned.get("verdict") == SampleCheck.Verdict.HOLD
        if held and not cleaned.get("reason", "").strip():
            self.add_error("reason", "拦下时请写明原因")
        return cleaned


class EndForm(forms.Form):
    """How a held refund goes on."""

    RELEASE, REFUSE = "release", "refuse"
    decision = forms.ChoiceField(
        label="核查结论",
        widget=forms.RadioSelect,
        choices=[(RELEASE, "放行，等下一个付款批次"), (REFUSE, "退回单位")],
        error_messages={"required": "请选择放行或者退回", "invalid_choice": "请选择放行或者退回"},
    )
    reason = forms.CharField(
        label="核查情况",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写明怎样核实的。退回时单位会看到这段话。",
        error_messages={
            "required": "请写明核查情况",
            "max_length": "核查情况不能超过200个字",
        },
    )


class RulesForm(forms.Form):
    """A set of rules as a person enters it: from which amount the head agrees too."""

    title = forms.CharField(label="名称", max_length=100, error_messages={"required": "请填写名称"})
    from_day = forms.DateField(
        label="施行日期",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="须晚于今天。在这天及以后提交的退费按这套规则审批。",
        error_messages={"required": "请填写施行日期", "invalid": "请按年-月-日填写施行日期"},
    )
    document = forms.CharField(
        label="依据文件", max_length=200, error_messages={"required": "请填写依据文件"}
    )
    clause = forms.CharField(
        label="条款", max_length=200, error_messages={"required": "请填写条款"}
    )
    head_from = forms.DecimalField(
        label="从多少元起还要负责人审批",
        required=False,
        help_text="不填就是任何金额都只要初审和复审；填0就是每一笔都要负责人审批。",
        error_messages={"invalid": "请填写金额"},
        **MONEY,  # type: ignore[arg-type]
    )
    random_percent = forms.DecimalField(
        label="随机抽查比例（%）",
        max_digits=4,
        decimal_places=1,
        min_value=0,
        max_value=100,
        error_messages={
            "required": "请填写随机抽查比例",
            "invalid": "请填写0到100的数",
            "max_value": "随机抽查比例不能超过100%",
            "min_value": "随机抽查比例不能小于0",
        },
    )
    large = forms.DecimalField(
        label="多少元起必查",
        error_messages={"required": "请填写金额", "invalid": "请填写金额"},
        **MONEY,  # type: ignore[arg-type]
    )
    first_refund = forms.DecimalField(
        label="单位首次退费多少元起必查",
        error_messages={"required": "请填写金额", "invalid": "请填写金额"},
        **MONEY,  # type: ignore[arg-type]
    )
    account_days = forms.IntegerField(
        label="账户变更多少天内必查",
        min_value=0,
        max_value=3650,
        error_messages={"required": "请填写天数", "invalid": "请填写天数"},
    )
