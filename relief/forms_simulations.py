"""Forms of simulations: what to try, what to look for in what it changes, and agreeing to it."""

from datetime import date
from typing import Any

from django import forms

from registry.forms import EmployerSearch
from relief import policy
from relief.forms import RunForm
from relief.models import Insurance
from relief.run.differing import Reason

#: A document of rules is a few pages; whatever is larger is something else.
MOST_BYTES = 200_000


class SimulationForm(RunForm):
    """What a simulation is to cover, and with which unpublished document."""

    reason = None  # a simulation has a title in its place
    title = forms.CharField(
        label="名称",
        max_length=100,
        help_text="例如：延长至 12 月的影响、按最新划型。会写在试算记录和核定记录里。",
        error_messages={"required": "请填写名称。"},
    )
    draft = forms.FileField(
        label="一并试算的政策草案",
        required=False,
        help_text="尚未发布的规则文件（.toml）。不选，则按基准日已发布的政策试算。",
        error_messages={"empty": "文件是空的，请重新选择。"},
    )
    field_order = ("title", "as_of", "from_month", "to_month", "employers", "draft")

    def clean_draft(self) -> dict[str, str]:
        """Return the draft's text by its slug; nothing where none was chosen."""
        file = self.cleaned_data["draft"]
        if not file:
            return {}
        if not file.name.endswith(".toml") or file.size > MOST_BYTES:
            raise forms.ValidationError("请选择 .toml 规则文件，不超过 200 KB。")
        slug = file.name.removesuffix(".toml")
        try:
            text = file.read().decode("utf-8")
            document = policy.read(slug, text)
        except UnicodeDecodeError:
            raise forms.ValidationError("文件不是 UTF-8 编码的文字，请另存后重新选择。") from None
        except policy.BadDocument as refusal:
            raise forms.ValidationError(str(refusal)) from None
        as_of = self.cleaned_data.get("as_of")
        if as_of and document.published > as_of:
            raise forms.ValidationError(
                f"草案的发布日期 {document.published.isoformat()} 晚于核定基准日，试算时还不会生效。"
                "请把基准日改为这一天或以后。"
            )
        return {slug: text}


class DraftSimulationForm(SimulationForm):
    """What a simulation of one draft is to cover: the draft is given."""

    draft = None
    field_order = ("title", "as_of", "from_month", "to_month", "employers")

    def __init__(self, data: Any = None, *, published: date, **given: Any) -> None:
        super().__init__(data, **given)
        self.published = published

    def clean_as_of(self) -> date:
        """Refuse a day on which the draft wouldn't be published yet."""
        day: date = self.cleaned_data["as_of"]
        if day < self.published:
            raise forms.ValidationError(
                f"草案的发布日期是 {self.published.isoformat()}，请填写这一天或以后的基准日。"
            )
        return day


class DifferenceFilter(EmployerSearch):
    """What the differences of a simulation or a run may be narrowed by."""

    insurance = forms.ChoiceField(
        label="险种", required=False, choices=[("", "全部"), *Insurance.choices]
    )
    reason = forms.TypedChoiceField(
        label="原因",
        required=False,
        coerce=int,
        empty_value=0,
        choices=[("", "全部"), *((reason.value, reason.labels[0]) for reason in Reason)],
    )
    direction = forms.ChoiceField(
        label="应缴",
        required=False,
        choices=[("", "全部"), ("less", "比原来少"), ("more", "比原来多")],
    )


class ApproveForm(forms.Form):
    """Agreeing to what a simulation found, by its digest."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    note = forms.CharField(
        label="意见",
        max_length=200,
        required=False,
        help_text="可不填。会和批准人、时间一起记录。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["note"].widget.attrs["autocomplete"] = "off"
