"""Forms of the offices: taking in, a one-time notice, opinions, reporting, deciding."""

from collections.abc import Iterable
from typing import Any

from django import forms

from casework.opinions import Verdict
from casework.papers import files
from casework.services.supplements import Missing
from deferral.answers import NOT_APPLICABLE, Answers, Step
from deferral.hardship import Hardship
from deferral.services.taking_in import criteria_of
from registry.forms import EmployerSearch
from registry.models import District


class QueueFilter(EmployerSearch):
    """Which applications to show."""

    show = forms.ChoiceField(
        label="显示",
        required=False,
        choices=[
            ("mine", "等我办理"),
            ("deputy", "代同事办理"),
            ("messages", "有新留言"),
            ("open", "在办"),
            ("running", "缓缴中"),
            ("over", "已结束"),
            ("", "全部"),
        ],
    )
    field_order = ("q", "show", "district")


class PeriodForm(forms.Form):
    """Of which days and district the figures are."""

    first = forms.DateField(
        label="提交日期，从",
        widget=forms.DateInput,
        error_messages={"required": "请填写日期。", "invalid": "日期应像 2020-03-01 这样填写。"},
    )
    last = forms.DateField(
        label="到",
        widget=forms.DateInput,
        error_messages={"required": "请填写日期。", "invalid": "日期应像 2020-03-31 这样填写。"},
    )
    district = forms.ChoiceField(label="参保地", required=False)

    def __init__(self, *args: Any, districts: Iterable[District], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "全部"), *((each.code, each.name) for each in districts)]
        self.fields["district"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse days in the wrong order."""
        cleaned: dict[str, Any] = super().clean() or {}
        if {"first", "last"} <= cleaned.keys() and cleaned["last"] < cleaned["first"]:
            self.add_error("last", "结束日期早于开始日期，请改正。")
        return cleaned


class AcceptForm(forms.Form):
    """Nothing to say: taken in."""


class ReasonForm(forms.Form):
    """Why: declining, sending back."""

    reason = forms.CharField(
        label="理由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "请写明理由。"},
    )


class ReportForm(forms.Form):
    """What the county adds to what it reports."""

    note = forms.CharField(
        label="上报说明",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class SupplementForm(forms.Form):
    """Everything that is missing, ticked, each with how to mend it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._targets = criteria_of()
        for number, (_target, label) in enumerate(self._targets):
            self.fields[f"pick_{number}"] = forms.BooleanField(label=label, required=False)
            self.fields[f"note_{number}"] = forms.CharField(
                label=f"怎样补正：{label}", required=False, max_length=300
            )

    def rows(self) -> list[tuple[Any, Any]]:
        """Return the pairs of fields, for the page."""
        return [(self[f"pick_{n}"], self[f"note_{n}"]) for n in range(len(self._targets))]

    def clean(self) -> dict[str, Any]:
        """Refuse ticks without a note, and notes without a tick."""
        cleaned: dict[str, Any] = super().clean() or {}
        for number, (_target, label) in enumerate(self._targets):
            picked = cleaned.get(f"pick_{number}")
            note = (cleaned.get(f"note_{number}") or "").strip()
            if picked and not note:
                self.add_error(f"note_{number}", f"请写明“{label}”怎样补正。")
            if note and not picked:
                self.add_error(f"pick_{number}", f"写了“{label}”怎样补正，请同时勾选。")
        if not self.errors and not self.missing():
            self.add_error(None, "请至少勾选一项要补正的内容。")
        return cleaned

    def missing(self) -> list[Missing]:
        """Return what was ticked."""
        return [
            Missing(target, label, self.cleaned_data[f"note_{number}"])
            for number, (target, label) in enumerate(self._targets)
            if self.cleaned_data.get(f"pick_{number}")
        ]


class OpinionForm(forms.Form):
    """A department's written opinion."""

    verdict = forms.ChoiceField(
        label="意见",
        choices=Verdict.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择意见。"},
    )
    grounds = forms.CharField(
        label="理由",
        help_text="不同意、附条件或需补正的必填；单位会看到不予批准的理由。",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    conditions = forms.CharField(label="条件", max_length=300, required=False)
    document_number = forms.CharField(
        label="书面意见文号",
        max_length=60,
        error_messages={"required": "请填写书面意见的文号。"},
    )
    document_date = forms.DateField(
        label="成文日期",
        widget=forms.DateInput,
        error_messages={
            "required": "请填写成文日期。",
            "invalid": "日期应像 2020-03-20 这样填写。",
        },
    )
    file = forms.FileField(
        label="书面意见文件",
        max_length=200,
        help_text="盖章后的扫描件，PDF、JPG 或 PNG，最大 10 MB。",
        widget=forms.ClearableFileInput(attrs={"accept": files.ACCEPTED}),
        error_messages={"required": "请上传盖章的书面意见。"},
    )

    def clean(self) -> dict[str, Any]:
        """Ask for grounds and conditions where the verdict needs them."""
        cleaned: dict[str, Any] = super().clean() or {}
        verdict = cleaned.get("verdict")
        if verdict and verdict != Verdict.AGREE and not cleaned.get("grounds", "").strip():
            self.add_error("grounds", "请写明理由。")
        if verdict == Verdict.CONDITIONS and not cleaned.get("conditions", "").strip():
            self.add_error("conditions", "附条件同意的，请写明条件。")
        return cleaned


class DecisionForm(forms.Form):
    """Yes or no, with what is found of each criterion."""

    grant = forms.ChoiceField(
        label="审批结果",
        choices=[("yes", "批准缓缴，认定各项情形都具备"), ("no", "不予批准")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择审批结果。"},
    )
    findings = forms.MultipleChoiceField(
        label="认定具备的情形",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="批准的不用逐项勾选；不予批准的，勾选认定具备的。",
    )
    reason = forms.CharField(
        label="理由",
        help_text="不予批准的必填，单位会看到。",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, rules: Hardship, answers: Answers, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = answers.get(Step.HARDSHIP.value) or {}
        self.not_applicable = {
            found.code
            for found in rules.findings
            if found.may_not_apply and said.get(f"{found.code}_holds") == NOT_APPLICABLE
        }
        choices = [("test", rules.test.label), *((f.code, f.label) for f in rules.findings)]
        self.fields["findings"].choices = choices  # type: ignore[attr-defined]
        self.codes = [code for code, _label in choices]

    def clean(self) -> dict[str, Any]:
        """Ask for grounds where it is refused."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("grant") == "no" and not cleaned.get("reason", "").strip():
            self.add_error("reason", "不予批准的，请写明理由。")
        return cleaned

    def found(self) -> dict[str, bool]:
        """Return each criterion and whether it is found.

        Granting with none ticked finds them all, as the choice says, but those that can't apply
        to the unit; so a clear case is two interactions.
        """
        chosen = set(self.cleaned_data["findings"])
        if self.cleaned_data["grant"] == "yes" and not chosen:
            chosen = set(self.codes) - self.not_applicable
        return {code: code in chosen for code in self.codes}
