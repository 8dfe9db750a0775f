"""The public question: where is my matter."""

from django import forms


class LookupForm(forms.Form):
    """Receipt number and credit code."""

    receipt = forms.CharField(
        label="办件编号",
        help_text="回执上的编号，例如 DF 开头的 14 位；字母大小写和空格都可以。",
        max_length=30,
        error_messages={"required": "请填写办件编号。"},
    )
    uscc = forms.CharField(
        label="统一社会信用代码",
        max_length=30,
        error_messages={"required": "请填写统一社会信用代码。"},
    )
