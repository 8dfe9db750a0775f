"""Forms of telling units: whom to call, what was said, a choice noted for a unit."""

from collections.abc import Sequence
from typing import Any

from django import forms

from casework.papers import files
from refunds.models import Obligation, StaffChoice
from registry.forms import phone_field
from registry.models import District
from relief.models import Insurance


class ContactFilter(forms.Form):
    """Which units to show in the telephone list."""

    q = forms.CharField(label="单位名称或信用代码", required=False, max_length=60, strip=True)
    show = forms.ChoiceField(
        label="显示",
        required=False,
        choices=[("", "今天要联系的"), ("all", "全部，含约定以后联系的")],
    )
    district = forms.ChoiceField(label="参保地", required=False)

    def __init__(self, data: Any = None, *, districts: Sequence[District]) -> None:
        super().__init__(data)
        places = [(district.code, district.name) for district in districts]
        self.fields["district"].choices = [("", "全部"), *places]  # type: ignore[attr-defined]
        if len(places) < 2:
            del self.fields["district"]


class CallForm(forms.Form):
    """What came of a telephone call."""

    phone = phone_field("拨打的号码", own=False)
    reached = forms.ChoiceField(
        label="联系上了吗",
        widget=forms.RadioSelect,
        choices=[("yes", "联系上了，单位已经知道"), ("no", "没有联系上")],
        error_messages={"required": "请选择是否联系上", "invalid_choice": "请选择是否联系上"},
    )
    said = forms.CharField(
        label="通话内容",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="和谁说的，对方怎么说。没有接通的，写“无人接听”“号码停机”等。",
        error_messages={"required": "请写明通话内容", "max_length": "通话内容不能超过300个字"},
    )
    next_on = forms.DateField(
        label="下次联系日期",
        required=False,
        widget=forms.DateInput,
        help_text="约好改天再打的，到那天才再列入名单。",
        error_messages={"invalid": "日期不正确，例如 2020-08-03"},
    )


class StaffChoiceForm(forms.Form):
    """What a unit has said, with the evidence."""

    receipts = forms.MultipleChoiceField(
        label="哪几笔退费",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "请选择退费", "invalid_choice": "所选退费已有变动，请重新选择"},
    )
    wish = forms.ChoiceField(
        label="单位的选择",
        widget=forms.RadioSelect,
        choices=[
            (StaffChoice.Wish.REFUND.value, "退费：退到登记的收款账户"),
            (StaffChoice.Wish.OFFSET.value, "冲抵：抵以后月份应缴的费款"),
        ],
        error_messages={"required": "请选择退费或冲抵", "invalid_choice": "请选择退费或冲抵"},
    )
    evidence = forms.ChoiceField(
        label="依据",
        widget=forms.RadioSelect,
        choices=StaffChoice.Evidence.choices,
        error_messages={"required": "请选择依据", "invalid_choice": "请选择依据"},
    )
    speaker = forms.CharField(
        label="单位表示意见的人",
        max_length=60,
        help_text="姓名和职务，例如：赵某，会计",
        error_messages={
            "required": "请填写单位表示意见的人",
            "max_length": "不能超过60个字",
        },
    )
    reference = forms.CharField(
        label="录音编号或函件编号",
        required=False,
        max_length=60,
        help_text="电话录音必填，确认的人要听录音。",
        error_messages={"max_length": "编号不能超过60个字"},
    )
    file = forms.FileField(
        label="依据文件",
        required=False,
        help_text="书面函、现场签字材料必须上传。PDF、JPG 或 PNG，不超过 10 MB。",
        widget=forms.ClearableFileInput(attrs={"accept": files.ACCEPTED}),
        error_messages={"empty": "文件是空的，请重新选择", "invalid": "请选择文件"},
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, obligations: Sequence[Obligation]
    ) -> None:
        super().__init__(data, files)
        self.fields["receipts"].choices = [  # type: ignore[attr-defined]
            (
                each.receipt,
                f"{Insurance(each.insurance).label}　{each.amount:,.2f} 元　{each.receipt}",
            )
            for each in obligations
        ]
        self.fields["receipts"].initial = [each.receipt for each in obligations]


class SecondForm(forms.Form):
    """What the second officer says of a noted choice."""

    CONFIRM, REFUSE = "confirm", "refuse"
    decision = forms.ChoiceField(
        label="核对结果",
        widget=forms.RadioSelect,
        choices=[(CONFIRM, "依据属实，确认"), (REFUSE, "不通过，退给登记人")],
        error_messages={"required": "请选择核对结果", "invalid_choice": "请选择核对结果"},
    )
    reason = forms.CharField(
        label="不通过的原因",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="不通过时必填，登记的人会看到。",
        error_messages={"max_length": "原因不能超过200个字"},
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("decision") == self.REFUSE and not cleaned.get("reason", "").strip():
            self.add_error("reason", "请写明不通过的原因")
        return cleaned
