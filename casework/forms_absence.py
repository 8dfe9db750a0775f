"""The form by which an absence is set."""

from typing import Any

from django import forms

from registry.models import Officer, Post


class _Named(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name}（{obj.get_post_display()}）"


class AbsenceForm(forms.Form):
    """Who is away, from when to when, and who acts for them; a head sets it for anybody."""

    officer = _Named(
        label="外出人", queryset=Officer.objects.none(), error_messages={"required": "请选择外出人"}
    )
    deputy = _Named(
        label="代办人",
        queryset=Officer.objects.none(),
        help_text="同一机构、同一岗位的同事。代办人以自己的名义办理，记录里写明代谁。",
        error_messages={"required": "请选择代办人"},
    )
    from_day = forms.DateField(
        label="从（含当日）",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "请填写开始日"},
    )
    to_day = forms.DateField(
        label="到（含当日）",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"required": "请填写结束日"},
    )
    reason = forms.CharField(label="原因", required=False, max_length=60)

    def __init__(self, *args: Any, by: Officer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        colleagues = Officer.objects.filter(agency=by.agency_id, user__is_active=True)
        colleagues = colleagues.order_by("name", "pk")
        if by.post == Post.HEAD:
            self.fields["officer"].queryset = colleagues
            self.fields["deputy"].queryset = colleagues
        else:
            self.fields["officer"].queryset = Officer.objects.filter(pk=by.pk)
            self.fields["deputy"].queryset = colleagues.filter(post=by.post).exclude(pk=by.pk)
        self.fields["officer"].initial = by.pk
