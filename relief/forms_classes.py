"""Forms of classes by hand: what is proposed, and what another officer says of it."""

from typing import Any

from django import forms

from casework.papers import files
from classification.models import CountsAs
from relief.forms import MonthField


class ClassForm(forms.Form):
    """What a unit should count as, by which document."""

    counts_as = forms.ChoiceField(
        label="归类",
        choices=CountsAs.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择归类"},
    )
    from_month = MonthField(
        label="起始月份",
        help_text="例如 2020-02。",
        error_messages={"required": "请填写起始月份"},
    )
    to_month = MonthField(
        label="截止月份", required=False, help_text="例如 2020-12。不填则一直适用。"
    )
    ground = forms.CharField(
        label="理由",
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请填写理由"},
    )
    document = forms.CharField(
        label="文书号",
        max_length=40,
        help_text="认定文书的文号，会写在每笔核定结果的依据里。",
        error_messages={"required": "请填写文书号"},
    )
    document_on = forms.DateField(
        label="文书日期",
        widget=forms.DateInput,
        error_messages={"required": "请填写文书日期", "invalid": "日期不正确，例如 2020-03-01"},
    )
    file = forms.FileField(
        label="文书",
        max_length=200,
        help_text="PDF、JPG 或 PNG，不超过 10 MB。",
        widget=forms.ClearableFileInput(attrs={"accept": files.ACCEPTED}),
        error_messages={"required": "请上传文书", "empty": "文件是空的（0 字节），请重新选择"},
    )


class ClassVerdictForm(forms.Form):
    """What another officer says of a proposal."""

    AGREE = "agree"

    verdict = forms.ChoiceField(
        label="复核意见",
        choices=[(AGREE, "同意"), ("refuse", "不同意")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择复核意见"},
    )
    reason = forms.CharField(
        label="不同意的理由",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        answers: dict[str, Any] = super().clean() or {}
        if answers.get("verdict") == "refuse" and not answers.get("reason", "").strip():
            self.add_error("reason", "不同意时请写明理由")
        return answers
