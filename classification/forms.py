"""The public question: how large are we by the published criteria."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms

from classification.calc import INDICATORS, LABELS
from classification.sizing import Edition, Table, sections, table


def _number(label: str, *, whole: bool, hint: str) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        help_text=hint,
        required=False,
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=0 if whole else 2,
        error_messages={
            "invalid": "请填写数字。",
            "min_value": "不能小于 0。",
            "max_decimal_places": "人数不能有小数。" if whole else "最多两位小数。",
            "max_digits": "数字太大，请核对单位。",
            "max_whole_digits": "数字太大，请核对单位。",
        },
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )


class SelfCheckForm(forms.Form):
    """Industry and indicators; nothing of it is kept."""

    industry = forms.ChoiceField(
        label="行业", error_messages={"required": "请选择行业。", "invalid_choice": "请选择行业。"}
    )
    persons = _number("从业人员（人）", whole=True, hint="期末人数；没有的，用全年平均人数。")
    revenue = _number(
        "营业收入（万元）",
        whole=False,
        hint="主营业务收入；限额以下批发零售用商品销售额，住宿餐饮用营业额，农业用营业总收入。",
    )
    assets = _number("资产总额（万元）", whole=False, hint="资产负债表的资产总计。")
    edition = forms.ChoiceField(
        label="按哪个文件",
        required=False,
        choices=[(each.value, table(each).document.title) for each in Edition],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: list[Any] = [("", "请选择")]
        choices += [
            (
                f"{each.letter} {each.name}",
                [(code, f"{code} {name}") for code, name in each.industries],
            )
            for each in sections()
        ]
        self.fields["industry"].choices = choices  # type: ignore[attr-defined]

    def by(self) -> Table:
        """Return the criteria that were chosen."""
        return table(Edition(self.cleaned_data["edition"] or Edition.OF_2017))

    def clean(self) -> dict[str, Any]:
        """Ask for the indicators that the industry is sized by."""
        cleaned: dict[str, Any] = super().clean() or {}
        row = self.by().row_of(cleaned["industry"]) if "industry" in cleaned else None
        for name in row.lowest if row is not None else ():
            if name not in self.errors and cleaned.get(name) is None:
                self.add_error(name, f"“{row.name}”要填写：{LABELS[name]}。" if row else "")
        return cleaned

    def given(self) -> Mapping[str, Decimal]:
        """Return the indicators that were filled in."""
        said = self.cleaned_data
        return {name: said[name] for name in INDICATORS if said.get(name) is not None}
