"""Forms of signing in, of opening accounts, and of the employers' list."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User

from registry.models import District, UnitType


class SignInForm(AuthenticationForm):
    """User name and password. Unknown name and wrong password get the same answer."""

    error_messages = {
        "invalid_login": "用户名或密码不正确，请核对后重新输入。连续输错5次，账号将暂停登录30分钟。",
        "inactive": "用户名或密码不正确，请核对后重新输入。连续输错5次，账号将暂停登录30分钟。",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "用户名"
        self.fields["username"].error_messages["required"] = "请输入用户名"
        self.fields["password"].label = "密码"
        self.fields["password"].error_messages["required"] = "请输入密码"
        # The page's error summary takes the focus; the field must not take it back.
        del self.fields["username"].widget.attrs["autofocus"]


def phone_field(label: str, help_text: str = "", *, own: bool = True) -> forms.RegexField:
    """Return a field for a telephone number, mobile or fixed; `own`: the reader's."""
    return forms.RegexField(
        r"^\s*[0-9+\-\s]{7,20}\s*$",
        label=label,
        help_text=help_text,
        error_messages={
            "required": "请输入联系电话",
            "invalid": "电话应为7至20位数字，可以带横线，例如 0812-1234567",
        },
        widget=forms.TextInput(attrs={"autocomplete": "tel" if own else "off", "inputmode": "tel"}),
    )


class _TwoPasswords(forms.Form):
    """A new password, typed twice."""

    password = forms.CharField(
        label="密码",
        strip=False,
        help_text="至少10位，不能全是数字，不能与用户名相近，也不能是常见密码。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "请输入密码"},
    )
    repeated = forms.CharField(
        label="再输入一次密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "请再输入一次密码"},
    )

    def clean_repeated(self) -> str:
        repeated: str = self.cleaned_data["repeated"]
        if self.cleaned_data.get("password") not in (None, repeated):
            raise forms.ValidationError("两次输入的密码不一样，请重新输入")
        return repeated


class PasswordForm(_TwoPasswords):
    """The password in use, and a new one."""

    former = forms.CharField(
        label="现在的密码",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "请输入现在的密码"},
    )
    field_order = ["former", "password", "repeated"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password"].label = "新密码"
        self.fields["repeated"].label = "再输入一次新密码"

    def clean_former(self) -> str:
        former: str = self.cleaned_data["former"]
        if not self.user.check_password(former):
            raise forms.ValidationError("现在的密码不正确，请重新输入")
        return former


class ActivationForm(_TwoPasswords):
    """What a person types to get into the enterprise's account."""

    uscc = forms.CharField(
        label="统一社会信用代码",
        max_length=40,
        help_text="18位，见营业执照。",
        error_messages={"required": "请输入统一社会信用代码"},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    code = forms.CharField(
        label="激活码或邀请码",
        max_length=60,
        help_text="见激活码单或邀请单，例如 K7QM-2XWD-9RTA-HC5F。大小写、横线均可不区分。",
        error_messages={"required": "请输入激活码或邀请码"},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label="您的姓名",
        max_length=40,
        error_messages={"required": "请输入您的姓名"},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = phone_field("联系电话", "手机或座机，退费有疑问时经办机构会打这个电话。")
    username = forms.CharField(
        label="用户名",
        max_length=150,
        help_text="登录时使用，由您自己定。可用汉字、字母、数字和 @ . + - _。",
        error_messages={"required": "请输入用户名"},
        widget=forms.TextInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    field_order = ["uscc", "code", "name", "phone", "username", "password", "repeated"]


class EmployerSearch(forms.Form):
    """What every list with employers may be narrowed by; lists add fields of their own."""

    q = forms.CharField(
        label="信用代码或名称",
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    district = forms.ChoiceField(label="参保地", required=False)

    def __init__(self, *args: Any, districts: list[District], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(district.code, district.name) for district in districts]
        self.fields["district"].choices = [("", "全部"), *choices]  # type: ignore[attr-defined]
        if len(choices) < 2:
            del self.fields["district"]


class EmployerFilter(EmployerSearch):
    """What the list of employers may be narrowed by."""

    unit_type = forms.ChoiceField(
        label="单位类型", required=False, choices=[("", "全部"), *UnitType.choices]
    )
