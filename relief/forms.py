"""Forms of the desk pages: starting a run, looking through overpayments."""

from datetime import date
from typing import Any

from django import forms

from registry import months
from registry.forms import EmployerSearch
from relief.models import Insurance
from relief.services import runs

_MONTH_HINT = "例如 2020-02。不填则从最早申报的月份起。"


class MonthField(forms.CharField):
    """A month written as 2020-02 or 202002; the first of the month, or None."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 7)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return months.parse(text)
        except months.NotAMonth:
            raise forms.ValidationError("月份请写成 2020-02 这样的形式。") from None


class RunForm(forms.Form):
    """What a run is to cover."""

    as_of = forms.DateField(
        label="核定基准日",
        help_text="按这一天已公布的政策、已有的划型数据和已到账的缴费核定。例如 2020-08-01。",
        input_formats=["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"],
        error_messages={
            "required": "请填写核定基准日。",
            "invalid": "日期请写成 2020-08-01 这样的形式。",
        },
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"autocomplete": "off"}),
    )
    from_month = MonthField(label="起始月份", required=False, help_text=_MONTH_HINT)
    to_month = MonthField(
        label="截止月份", required=False, help_text="例如 2020-12。不填则到最近申报的月份为止。"
    )
    employers = forms.CharField(
        label="只核定这些单位",
        required=False,
        help_text="填统一社会信用代码，一行一个；不填则核定全部单位。",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    reason = forms.CharField(
        label="事由",
        max_length=200,
        help_text="例如：延长减免政策公布、划型更正。会记在核定记录里。",
        error_messages={"required": "请填写事由。"},
    )

    def clean_employers(self) -> list[int]:
        try:
            return runs.employers_named(self.cleaned_data["employers"].upper().split())
        except runs.UnknownEmployers as refusal:
            raise forms.ValidationError(str(refusal)) from None


class OverpaidFilter(EmployerSearch):
    """What the list of overpayments may be narrowed by."""

    insurance = forms.ChoiceField(
        label="险种", required=False, choices=[("", "全部"), *Insurance.choices]
    )


class MonthlyUploadForm(forms.Form):
    """A workbook of declarations. `once` tells a second click from a second file."""

    file = forms.FileField(
        label="文件",
        max_length=200,
        help_text="支持 .xlsx、.xls 和 .csv，最多 50,000 行。读取第一张工作表，第 1 行为表头。",
        error_messages={
            "required": "请选择要上传的文件",
            "empty": "文件是空的（0 字节），请重新选择",
            "max_length": "文件名太长，请改短后重新选择",
        },
    )
    once = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)


class MonthlyFilter(EmployerSearch):
    """Which declarations of enterprises to show on the desk."""

    day = forms.DateField(
        label="收到日期",
        required=False,
        widget=forms.DateInput,
        error_messages={"invalid": "请填写日期，例如 2020-03-15"},
    )
