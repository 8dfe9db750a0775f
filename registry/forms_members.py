"""Forms of an employer's accounts: inviting, roles, handing over, and replacing an owner."""

from collections.abc import Iterable
from typing import Any

from django import forms

from registry.forms import phone_field
from registry.models import Handover, Membership
from registry.services import members

Role = Membership.Role
_ROLES = [
    (Role.PREPARER.value, "经办人：可以填写、上传，不能签署提交"),
    (Role.SIGNER.value, "签署人：可以填写、上传，也可以签署提交"),
]


class InviteForm(forms.Form):
    """Whom the owner invites, and as what."""

    name = forms.CharField(
        label="姓名",
        max_length=40,
        help_text="受邀请的人开通账号时要填写同样的姓名。",
        error_messages={"required": "请输入姓名"},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = phone_field("联系电话", own=False)
    role = forms.ChoiceField(
        label="角色",
        choices=_ROLES,
        initial=Role.PREPARER.value,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择角色"},
    )

    def clean_name(self) -> str:
        name = members.plain_name(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError("请输入姓名")
        return name


class RoleForm(forms.Form):
    """What a member is to be."""

    role = forms.ChoiceField(label="角色", choices=_ROLES, widget=forms.RadioSelect)


class RemoveForm(forms.Form):
    """Why a member's account is ended."""

    reason = forms.CharField(
        label="原因",
        max_length=200,
        required=False,
        help_text="例如：离职、岗位调整。会记入账号变动记录。",
    )


class HandOverForm(forms.Form):
    """Who is to be the owner, and what becomes of the former."""

    taker = forms.TypedChoiceField(
        label="移交给谁",
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择移交给谁"},
    )
    afterwards = forms.ChoiceField(
        label="移交以后，您自己的账号",
        choices=Handover.Afterwards.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "请选择移交以后怎样处理您的账号"},
    )

    def __init__(self, *args: Any, others: Iterable[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["taker"].choices = [  # type: ignore[attr-defined]
            (other.pk, f"{other.name}（{other.get_role_display()}）") for other in others
        ]


class ReplacementForm(forms.Form):
    """Why an employer's owner is replaced."""

    reason = forms.CharField(
        label="更换原因",
        max_length=200,
        help_text="写明原管理员的情况和核对过的证明材料，例如：原管理员离职，见单位介绍信（2020年7月20日）。",
        error_messages={"required": "请写明更换原因"},
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"]).strip()
