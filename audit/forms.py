"""Forms of samples."""

from decimal import Decimal
from typing import Any

from django import forms

from audit.models import Draw
from audit.sampling import SHORTEST_PHRASE
from registry import months


class FrameForm(forms.Form):
    """Of whom a sample is drawn, and how many."""

    title = forms.CharField(
        label="名称", max_length=100, error_messages={"required": "请填写名称。"}
    )
    first = forms.ChoiceField(label="享受减免的月份，从")
    last = forms.ChoiceField(label="到")
    as_of = forms.DateField(
        label="截至日期",
        help_text="按这一天所知的核定，例如 2020-12-31。",
        widget=forms.DateInput,
        error_messages={
            "required": "请填写日期。",
            "invalid": "日期应像 2020-12-31 这样填写。",
        },
    )
    percent = forms.DecimalField(
        label="每层抽取比例（%）",
        min_value=Decimal(0),
        max_value=Decimal(100),
        decimal_places=2,
        error_messages={"required": "请填写比例。", "invalid": "请填写数字，例如 5。"},
    )
    least = forms.IntegerField(
        label="每层至少（户）",
        min_value=0,
        max_value=10_000,
        error_messages={"required": "请填写户数，可以是 0。"},
    )
    certain_from = forms.DecimalField(
        label="减免金额达到多少必抽（元）",
        help_text="不设必抽的留空。",
        required=False,
        min_value=Decimal("0.01"),
        max_digits=14,
        decimal_places=2,
    )
    follows = forms.ModelChoiceField(
        label="接着哪一轮",
        help_text="第二轮不再抽前几轮抽中的单位。",
        queryset=Draw.objects.none(),
        required=False,
        empty_label="第一轮",
    )

    def __init__(self, *args: Any, covered: list[Any], rounds: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(f"{month:%Y-%m}", months.label(month)) for month in covered]
        self.fields["first"].choices = choices  # type: ignore[attr-defined]
        self.fields["last"].choices = choices  # type: ignore[attr-defined]
        self.fields["follows"].queryset = rounds  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse months in the wrong order."""
        cleaned: dict[str, Any] = super().clean() or {}
        if {"first", "last"} <= cleaned.keys() and cleaned["last"] < cleaned["first"]:
            self.add_error("last", "结束月份早于开始月份，请改正。")
        return cleaned

    def asked(self) -> dict[str, Any]:
        """Return what `fix_frame` takes."""
        said = self.cleaned_data
        return {
            "title": said["title"],
            "from_month": months.parse(said["first"]),
            "to_month": months.parse(said["last"]),
            "as_of": said["as_of"],
            "share": said["percent"] / 100,
            "least": said["least"],
            "certain_from": said["certain_from"],
            "follows": said["follows"],
        }


class PhraseForm(forms.Form):
    """A phrase: to commit to, or to reveal."""

    phrase = forms.CharField(
        label="口令",
        min_length=SHORTEST_PHRASE,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": "请填写口令。",
            "min_length": f"口令至少 {SHORTEST_PHRASE} 个字符，免得被人试出来。",
        },
    )
