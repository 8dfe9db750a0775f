"""What a visitor types into the trial calculator."""

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation

from django import forms

from config.home import plain_policy
from registry import months
from registry.templatetags.relief_formats import month as month_words
from relief.policy import Policy

MOST_BASES = 10
MOST_PEOPLE = 100_000
HIGHEST_BASE = Decimal("9999999.99")
NOT_KNOWN = "unknown"
_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})+(?!\d)")


def _amount(text: str) -> Decimal:
    """Return an amount as people write it: full-width digits and thousands commas understood."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").replace("元", "").strip()
    try:
        amount = Decimal(plain)
    except InvalidOperation:
        raise forms.ValidationError(f"“{text.strip()}”不是金额，请只填数字，例如 5000") from None
    if not amount.is_finite() or not 0 < amount <= HIGHEST_BASE:
        raise forms.ValidationError("每人每月的缴费基数应大于 0，例如 5000")
    if amount != amount.quantize(Decimal("0.01")):
        raise forms.ValidationError("金额最多两位小数")
    return amount


class TrialForm(forms.Form):
    """Everything the calculation needs; sent by GET, so that a result has an address."""

    unit_type = forms.ChoiceField(
        label="单位类型",
        error_messages={
            "required": "请选择单位类型",
            "invalid_choice": "请从列表中选择单位类型",
        },
    )
    size = forms.ChoiceField(
        label="企业划型",
        help_text="只有企业需要选。以省里共享的划型数据为准。",
        required=False,
        error_messages={"invalid_choice": "请从列表中选择划型"},
    )
    first = forms.ChoiceField(
        label="从",
        error_messages={"required": "请选择起始月份", "invalid_choice": "请从列表中选择起始月份"},
    )
    last = forms.ChoiceField(
        label="到",
        error_messages={"required": "请选择截止月份", "invalid_choice": "请从列表中选择截止月份"},
    )
    headcount = forms.IntegerField(
        label="参保人数",
        required=False,
        min_value=1,
        max_value=MOST_PEOPLE,
        error_messages={
            "invalid": "参保人数应为整数，例如 10",
            "min_value": "参保人数至少为 1",
            "max_value": f"参保人数最多填 {MOST_PEOPLE}",
        },
    )
    average = forms.CharField(
        label="平均缴费基数（元／月）",
        required=False,
        help_text="大约等于人均月工资。低于下限或高于上限的，自动按上下限计算。",
    )
    bases = forms.CharField(
        label="或者逐人填写缴费基数",
        required=False,
        max_length=400,
        help_text=f"最多 {MOST_BASES} 人，用空格或逗号隔开，例如 3236 5000 8800。填了这里，上面两项不用填。",
        error_messages={"max_length": f"最多填 {MOST_BASES} 人"},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    injury_rate = forms.CharField(
        label="工伤保险费率（%）",
        required=False,
        help_text="每个单位不同，见缴费通知，例如 0.4。不填就不算工伤保险。",
    )

    def __init__(self, *args: object, policy: Policy, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        covered = plain_policy.covered_months(policy)
        known = plain_policy.months_with_rules(policy, covered[0], covered[-1])
        offered = [(months.label(month), month_words(month)) for month in known]
        self.fields["unit_type"].choices = [(n, n) for n in plain_policy.unit_types(policy)]
        self.fields["size"].choices = [
            *((name, name) for name in plain_policy.sizes(policy)),
            (NOT_KNOWN, "还不清楚"),
        ]
        self.fields["first"].choices = self.fields["last"].choices = offered
        self.initial = {
            "size": "小型",
            "first": offered[0][0],
            "last": offered[-1][0],
            **self.initial,
        }

    def clean_average(self) -> Decimal | None:
        text = self.cleaned_data["average"]
        return _amount(text) if text else None

    def clean_bases(self) -> list[Decimal]:
        # «8,800.00» is one amount, «3236,5000» are two.
        text = _THOUSANDS.sub(lambda found: found[0].replace(",", ""), self.cleaned_data["bases"])
        parts = [part for part in re.split(r"[\s,，、;；]+", text) if part]
        if len(parts) > MOST_BASES:
            raise forms.ValidationError(f"最多填 {MOST_BASES} 人；人多时请填人数和平均缴费基数")
        return [_amount(part) for part in parts]

    def clean_injury_rate(self) -> Decimal | None:
        text = unicodedata.normalize("NFKC", self.cleaned_data["injury_rate"]).rstrip("% ")
        if not text:
            return None
        try:
            rate = Decimal(text)
        except InvalidOperation:
            raise forms.ValidationError("工伤保险费率应为数字，例如 0.4") from None
        if not rate.is_finite() or not Decimal("0.05") <= rate <= 5:
            raise forms.ValidationError(
                "工伤保险费率一般在 0.05 到 5 之间；0.4% 请填 0.4，不要填 0.004"
            )
        return rate / 100

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", "截止月份不能早于起始月份")
        if not cleaned.get("bases") and "bases" not in self.errors:
            if not cleaned.get("headcount") and "headcount" not in self.errors:
                self.add_error("headcount", "请填写参保人数，或在下面逐人填写缴费基数")
            if not cleaned.get("average") and "average" not in self.errors:
                self.add_error("average", "请填写平均缴费基数")
        return cleaned

    def chosen(self) -> dict[str, object]:
        """Return what `trial.calculate` takes, from valid answers."""
        data = self.cleaned_data
        size = data["size"]
        bases: list[Decimal] = data["bases"]
        span: list[date] = list(
            months.span(months.parse(data["first"]), months.parse(data["last"]))
        )
        return {
            "unit_type": data["unit_type"],
            "size": None if size in {"", NOT_KNOWN} else size,
            "months": span,
            "people": [(base, 1) for base in bases] or [(data["average"], data["headcount"])],
            "injury_rate": data["injury_rate"],
        }
