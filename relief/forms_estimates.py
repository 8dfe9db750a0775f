"""Forms of assessments of undeclared months."""

from django import forms

from relief.forms import MonthField


class EstimateMonth(forms.Form):
    """Which month to look at."""

    month = MonthField(label="费款所属期", required=False, help_text="例如 2020-06。")


class EstimateForm(forms.Form):
    """Why the chosen units are assessed; the units are checked in the table."""

    reason = forms.CharField(
        label="事由",
        max_length=200,
        help_text="例如：逾期未申报，已催报。",
        error_messages={"required": "请填写事由"},
    )
