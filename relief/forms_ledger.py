"""Forms of the book's pages: as of which day, and corrections by two people."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from registry import months
from registry.as_of import AsOfForm
from relief.models import Insurance, LedgerCorrection

Kind = LedgerCorrection.Kind


def _day() -> forms.DateField:
    return forms.DateField(
        label="截至日期",
        required=False,
        widget=forms.DateInput,
        error_messages={"invalid": "请填写日期，例如 2020-08-31"},
    )


class SheetFilter(forms.Form):
    """As of which day."""

    day = _day()


class EntryFilter(AsOfForm):
    """Which entries of an employer to show, and as of which day."""

    insurance = forms.ChoiceField(
        label="险种", required=False, choices=[("", "全部"), *Insurance.choices]
    )


class CorrectionFilter(forms.Form):
    """Which corrections to show."""

    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), *LedgerCorrection.State.choices]
    )


class _Grounds(forms.Form):
    """Why, and on what paper."""

    reason = forms.CharField(
        label="事由",
        max_length=100,
        help_text="写明为什么调账，审批人和审计人员会看到。",
        error_messages={"required": "请填写事由。"},
    )
    document = forms.CharField(
        label="依据文号或凭证号",
        max_length=80,
        help_text="例如：批复文号、银行回单号。",
        error_messages={"required": "请填写依据文号或凭证号。"},
    )


class CorrectionForm(_Grounds):
    """A proposal: one amount a month, empty where nothing is corrected."""

    kind = forms.ChoiceField(
        label="类别",
        choices=[choice for choice in Kind.choices if choice[0] != Kind.REVERSAL],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择类别。"},
    )
    field_order = ["kind", "reason", "document"]

    def __init__(self, data: Any = None, *, of: Iterable[date]) -> None:
        super().__init__(data)
        self.months = {f"amount_{month:%Y%m}": month for month in of}
        for name, month in self.months.items():
            self.fields[name] = forms.DecimalField(
                label=f"{months.label(month)}的金额（元）",
                required=False,
                min_value=Decimal("0.01"),
                max_digits=14,
                decimal_places=2,
                error_messages={
                    "invalid": "金额请写成 1234.56 这样的形式。",
                    "min_value": "金额须大于 0。",
                    "max_decimal_places": "金额最多两位小数。",
                },
            )

    def amounts(self) -> dict[date, Decimal]:
        """Return the amounts that were filled in, by month."""
        return {
            month: self.cleaned_data[name]
            for name, month in self.months.items()
            if self.cleaned_data.get(name)
        }


class ReversalForm(_Grounds):
    """Taking back an approved correction."""


class VerdictForm(forms.Form):
    """The head's decision."""

    APPROVE, REFUSE = "APPROVE", "REFUSE"
    verdict = forms.ChoiceField(
        label="审批意见",
        choices=[(APPROVE, "同意，记账"), (REFUSE, "退回")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意或退回。"},
    )
    refusal = forms.CharField(label="退回原因", required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("verdict") == self.REFUSE and not cleaned.get("refusal"):
            self.add_error("refusal", "退回时请写明原因。")
        return cleaned
