"""Forms of what happens to an agreement: another plan, an early end, one person's matter."""

from typing import Any

from django import forms

from deferral.endings import endings
from deferral.forms import PlanForm
from deferral.people_data import people
from registry.forms import EmployerSearch
from registry.models import Employer

_NO_DAY = {"required": "请填写日期。", "invalid": "日期应像 2020-06-30 这样填写。"}


class PlanChangeForm(PlanForm):
    """Another plan of what is open, and why."""

    reason = forms.CharField(
        label="为什么要变更",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明为什么要变更计划。"},
    )


class AnswerForm(forms.Form):
    """Yes or no to what was asked or proposed."""

    grant = forms.ChoiceField(
        label="决定",
        choices=[("yes", "同意"), ("no", "不同意")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择同意或不同意。"},
    )
    answer = forms.CharField(
        label="理由",
        help_text="不同意的必填，单位会看到。",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for grounds where it is refused."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("grant") == "no" and not cleaned.get("answer", "").strip():
            self.add_error("answer", "不同意的，请写明理由。")
        return cleaned


class GroundForm(forms.Form):
    """On which ground an agreement may have to end early; shows what that would do."""

    ground = forms.ChoiceField(label="终止情形", error_messages={"required": "请选择终止情形。"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.code, each.label) for each in endings()]
        self.fields["ground"].choices = choices  # type: ignore[attr-defined]


class EarlyEndForm(forms.Form):
    """Why an agreement is to end, by which document, and who takes the duties over."""

    reason = forms.CharField(
        label="具体情况",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "请写明具体情况。"},
    )
    document = forms.CharField(
        label="依据的文书",
        help_text="名称和文号，例如 准予注销登记通知书（川攀）登记注销〔2020〕第 12 号。",
        max_length=60,
        error_messages={"required": "请填写依据的文书。"},
    )
    successor = forms.CharField(
        label="承接单位的统一社会信用代码",
        help_text="分立、合并的必填，须是已参保的单位。",
        max_length=18,
        required=False,
    )
    content = forms.CharField(widget=forms.HiddenInput)

    def clean_successor(self) -> Employer | None:
        """Return the unit that takes the duties over."""
        uscc = self.cleaned_data["successor"].strip().upper()
        if not uscc:
            return None
        found = Employer.objects.filter(uscc=uscc).first()
        if found is None:
            raise forms.ValidationError("没有找到这个信用代码的参保单位，请核对。")
        return found


class PersonForm(forms.Form):
    """Whose matter it is, which, and when it happened."""

    kind = forms.ChoiceField(
        label="办理事项",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择办理事项。"},
    )
    person_id = forms.CharField(
        label="职工的证件号码",
        max_length=18,
        error_messages={"required": "请填写职工的证件号码。"},
    )
    happened_on = forms.DateField(
        label="发生日期",
        help_text="退休、离职、受伤或死亡的日期，例如 2020-06-30。",
        widget=forms.DateInput,
        error_messages=_NO_DAY,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(each.code, each.label) for each in people().kinds]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]


class PeopleFilter(EmployerSearch):
    """Which persons' matters to show."""

    show = forms.ChoiceField(
        label="显示",
        required=False,
        choices=[("open", "在办"), ("over", "已结束"), ("", "全部")],
    )
    field_order = ("q", "show", "district")
