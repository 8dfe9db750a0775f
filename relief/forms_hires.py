"""Forms of new hires' papers: what to show, a file to hand in, an officer's decision."""

from collections.abc import Sequence
from typing import Any

from django import forms

from casework.models import RequiredPaper
from casework.papers import files
from registry.forms import EmployerSearch
from relief.queries import hires

_SHOWN = {
    hires.OPEN: "待补",
    hires.REVIEW: "已提交待审",
    hires.OVERDUE: "已逾期",
    hires.ALL: "全部",
}


def _show(*order: str) -> forms.ChoiceField:
    choices = [(name, _SHOWN[name]) for name in order]
    return forms.ChoiceField(label="显示", choices=choices, required=False)


def _person() -> forms.CharField:
    return forms.CharField(label="姓名", required=False, max_length=60)


class PortalPaperFilter(forms.Form):
    """Which of an enterprise's papers to show; what is missing, unless asked otherwise."""

    show = _show(hires.OPEN, hires.REVIEW, hires.OVERDUE, hires.ALL)
    person = _person()


class DeskPaperFilter(EmployerSearch):
    """Which papers to show on the desk; what waits for review, unless asked otherwise."""

    show = _show(hires.REVIEW, hires.OVERDUE, hires.OPEN, hires.ALL)
    person = _person()
    field_order = ["show", "q", "person", "district"]


class PaperFileForm(forms.Form):
    """One file, for one or several papers."""

    file = forms.FileField(
        label="文件",
        max_length=200,
        help_text="PDF、JPG 或 PNG，最大 10 MB。照片请拍清楚，字迹能看清。",
        widget=forms.ClearableFileInput(attrs={"accept": files.ACCEPTED}),
        error_messages={
            "required": "请选择要上传的文件",
            "empty": "文件是空的（0 字节），请重新选择",
            "max_length": "文件名太长，请改短后重新选择",
        },
    )


class ReviewForm(forms.Form):
    """What an officer says of a paper, and of others that came with the same file."""

    ACCEPT, SEND_BACK = "accept", "send_back"

    verdict = forms.ChoiceField(
        label="审核意见",
        choices=[(ACCEPT, "通过"), (SEND_BACK, "退回补正")],
        widget=forms.RadioSelect,
        error_messages={"required": "请选择审核意见", "invalid_choice": "请选择审核意见"},
    )
    reason = forms.CharField(
        label="退回原因",
        required=False,
        max_length=200,
        help_text="退回时填写，单位会原样看到。请写明缺什么、怎样补。",
        error_messages={"max_length": "退回原因最多 200 字"},
    )
    also = forms.TypedMultipleChoiceField(
        label="同一文件还用于下面的材料，一并审核",
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "有的材料已经有人审核过，请刷新后再看"},
    )

    def __init__(self, *args: Any, others: Sequence[RequiredPaper], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if others:
            field = self.fields["also"]
            field.choices = [(paper.pk, str(paper)) for paper in others]  # type: ignore[attr-defined]
            field.initial = [paper.pk for paper in others]
        else:
            del self.fields["also"]

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or self.cleaned_data
        back = answers.get("verdict") == self.SEND_BACK
        if back and not answers.get("reason") and "reason" not in self.errors:
            self.add_error("reason", "请填写退回原因，单位会看到")
        return answers
