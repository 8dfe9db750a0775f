"""Forms of an application: one for each step, and the signing."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from casework.papers import files
from deferral.answers import NOT_APPLICABLE, YES, Answers
from deferral.hardship import Hardship
from deferral.queries.amounts import Picture
from deferral.schedule import BadPlan, Instalment, Kind, check, monthly, once
from registry import months
from relief.policy import Insurance

#: So many instalments a unit may set itself.
MOST_LINES = 6


class HardshipForm(forms.Form):
    """Why the unit can't pay: the notice's own test and its findings, each with its ground."""

    def __init__(self, *args: Any, rules: Hardship, unit_type: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rules = rules
        self.fields["test_ground"] = forms.CharField(
            label=rules.test.label,
            help_text=rules.test.hint,
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 3}),
            error_messages={"required": "请写明为什么不能在缴费期内足额缴纳。"},
        )
        for found in rules.findings:
            choices = [(YES, "是"), ("no", "否")]
            if unit_type in found.may_not_apply:
                choices.append((NOT_APPLICABLE, "不适用"))
            self.fields[f"{found.code}_holds"] = forms.ChoiceField(
                label=found.label,
                choices=choices,
                widget=forms.RadioSelect,
                error_messages={"required": f"请选择：{found.label}。"},
            )
            self.fields[f"{found.code}_ground"] = forms.CharField(
                label="具体情况",
                help_text=found.hint,
                required=False,
                max_length=500,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
            self.fields[f"{found.code}_figure"] = forms.CharField(
                label=found.figure, required=False, max_length=20
            )

    def groups(self) -> list[tuple[Any, Any, Any]]:
        """Return the three fields of each finding, for the page."""
        return [
            (self[f"{f.code}_holds"], self[f"{f.code}_ground"], self[f"{f.code}_figure"])
            for f in self.rules.findings
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for ground and figure where a finding holds, and a reason where it can't apply."""
        cleaned: dict[str, Any] = super().clean() or {}
        for found in self.rules.findings:
            holds = cleaned.get(f"{found.code}_holds")
            ground = cleaned.get(f"{found.code}_ground", "").strip()
            if holds in (YES, NOT_APPLICABLE) and not ground:
                self.add_error(f"{found.code}_ground", f"请写明具体情况：{found.label}。")
            if holds == YES:
                self._clean_figure(found.code, found.figure, cleaned)
        return cleaned

    def _clean_figure(self, code: str, label: str, cleaned: dict[str, Any]) -> None:
        text = cleaned.get(f"{code}_figure", "").replace(",", "").replace("，", "").strip()
        try:
            number = Decimal(text)
        except InvalidOperation:
            self.add_error(f"{code}_figure", f"请填写数字：{label}。")
            return
        if not number.is_finite() or number < 0:
            self.add_error(f"{code}_figure", f"应为不小于 0 的数字：{label}。")
        cleaned[f"{code}_figure"] = text

    @staticmethod
    def initial_of(answers: Answers) -> dict[str, Any]:
        """Return what was filled in before."""
        return dict(answers.get("hardship") or {})


class MonthsForm(forms.Form):
    """What is to be deferred."""

    insurances = forms.MultipleChoiceField(
        label="险种",
        choices=[(each.value, each.label) for each in Insurance],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请至少选择一个险种。"},
    )
    first = forms.ChoiceField(label="从")
    last = forms.ChoiceField(label="到")
    employee_part = forms.BooleanField(
        label="职工个人部分也一并缓缴：尚未代扣，职工已经签字同意", required=False
    )

    def __init__(self, *args: Any, picture: Picture, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(f"{month:%Y-%m}", months.label(month)) for month in picture.months]
        self.fields["first"].choices = choices  # type: ignore[attr-defined]
        self.fields["last"].choices = choices  # type: ignore[attr-defined]
        self.picture = picture

    def clean(self) -> dict[str, Any]:
        """Refuse months in the wrong order, and more of them than may be."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not {"first", "last", "insurances"} <= cleaned.keys():
            return cleaned
        first, last = months.parse(cleaned["first"]), months.parse(cleaned["last"])
        if last < first:
            self.add_error("last", "结束月份早于开始月份，请改正。")
            return cleaned
        wanted = list(months.span(first, last))
        places = [
            place
            for place in self.picture.chosen(cleaned["insurances"], wanted, employee_part=True)
            if place.can
        ]
        if (most := self.picture.too_many(wanted, places)) is not None:
            used = len(self.picture.deferred_before)
            before = f"（以前已缓缴 {used} 个月）" if used else ""
            self.add_error("last", f"累计缓缴不能超过 {most} 个月{before}，请减少月份。")
        return cleaned

    def answers(self) -> dict[str, Any]:
        """Return what is kept."""
        said = self.cleaned_data
        return {
            "insurances": [each for each in Insurance if each.value in said["insurances"]],
            "from": said["first"],
            "to": said["last"],
            "employee_part": said["employee_part"],
        }

    @staticmethod
    def initial_of(answers: Answers) -> dict[str, Any]:
        """Return what was filled in before."""
        said = answers.get("months")
        if not said:
            return {"insurances": [each.value for each in Insurance]}
        return {
            "insurances": said["insurances"],
            "first": said["from"],
            "last": said["to"],
            "employee_part": said["employee_part"],
        }


class PlanForm(forms.Form):
    """How what is deferred is paid."""

    kind = forms.ChoiceField(
        label="怎样补缴",
        choices=[(kind.value, kind.label) for kind in Kind],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择怎样补缴。"},
    )
    ends_on = forms.DateField(
        label="缴清日期",
        required=False,
        widget=forms.DateInput,
        error_messages={"invalid": "日期应像 2020-12-31 这样填写。"},
    )

    def __init__(
        self, *args: Any, amount: Decimal, today: date, latest: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.amount, self.today, self.latest = amount, today, latest
        for number in range(1, MOST_LINES + 1):
            self.fields[f"day_{number}"] = forms.DateField(
                label=f"第 {number} 期日期",
                required=False,
                widget=forms.DateInput,
                error_messages={"invalid": "日期应像 2020-12-31 这样填写。"},
            )
            self.fields[f"amount_{number}"] = forms.DecimalField(
                label=f"第 {number} 期金额（元）",
                required=False,
                min_value=Decimal(0),
                max_digits=12,
                decimal_places=2,
                error_messages={
                    "invalid": "金额应为数字，最多两位小数。",
                    "max_decimal_places": "金额最多两位小数。",
                },
            )

    def own_lines(self) -> list[tuple[Any, Any]]:
        """Return the pairs of fields of own instalments, for the page."""
        return [(self[f"day_{n}"], self[f"amount_{n}"]) for n in range(1, MOST_LINES + 1)]

    def clean(self) -> dict[str, Any]:
        """Make the plan of the answers and check it."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        kind, ends_on = Kind(cleaned["kind"]), cleaned.get("ends_on")
        if kind is not Kind.OWN and ends_on is None:
            self.add_error("ends_on", "请填写缴清日期。")
            return cleaned
        try:
            cleaned["plan"] = check(
                self._made(kind, ends_on, cleaned),
                amount=self.amount,
                after=self.today,
                latest=self.latest,
            )
        except BadPlan as wrong:
            self.add_error("ends_on" if kind is not Kind.OWN else None, str(wrong))
        return cleaned

    def _made(
        self, kind: Kind, ends_on: date | None, cleaned: dict[str, Any]
    ) -> tuple[Instalment, ...]:
        if kind is Kind.OWN:
            rows = []
            for number in range(1, MOST_LINES + 1):
                day, sum_ = cleaned.get(f"day_{number}"), cleaned.get(f"amount_{number}")
                if (day is None) != (sum_ is None):
                    raise BadPlan(f"第 {number} 期的日期和金额要一起填写。")
                if day is not None and sum_ is not None:
                    rows.append(Instalment(day, sum_))
            return tuple(rows)
        assert ends_on is not None
        if kind is Kind.ONCE or ends_on <= self.today:
            return once(self.amount, on=ends_on)
        return monthly(self.amount, first=months.after(self.today.replace(day=1)), ends_on=ends_on)

    def answers(self) -> dict[str, Any]:
        """Return what is kept: the kind, and the instalments as they were shown."""
        return {
            "kind": self.cleaned_data["kind"],
            "lines": [
                [row.due_on.isoformat(), str(row.amount)] for row in self.cleaned_data["plan"]
            ],
        }

    @staticmethod
    def initial_of(answers: Answers, *, latest: date) -> dict[str, Any]:
        """Return what was filled in before; by default everything at the end."""
        said = answers.get("plan")
        if not said:
            return {"kind": Kind.ONCE.value, "ends_on": latest}
        initial = {"kind": said["kind"], "ends_on": said["lines"][-1][0]}
        if said["kind"] == Kind.OWN.value:
            for number, (day, sum_) in enumerate(said["lines"], 1):
                initial |= {f"day_{number}": day, f"amount_{number}": sum_}
        return initial


class PaperForm(forms.Form):
    """One file for one paper."""

    file = forms.FileField(
        label="文件",
        max_length=200,
        help_text="PDF、JPG 或 PNG，最大 10 MB。",
        widget=forms.ClearableFileInput(attrs={"accept": files.ACCEPTED}),
        error_messages={
            "required": "请选择要上传的文件。",
            "empty": "文件是空的（0 字节），请重新选择。",
            "max_length": "文件名太长，请改短后重新选择。",
        },
    )


class SignForm(forms.Form):
    """The undertaking, by its version."""

    agree = forms.BooleanField(
        label="我已阅读并同意上面的承诺",
        error_messages={"required": "请阅读承诺内容并勾选，再提交申请。"},
    )
    undertaking = forms.CharField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput)


class WithdrawForm(forms.Form):
    """Why an application is taken back."""

    reason = forms.CharField(label="撤回原因", max_length=200, required=False)
