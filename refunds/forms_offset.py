"""Forms about offsets."""

from django import forms


class EndOffsetForm(forms.Form):
    """Why an officer ends an offset."""

    reason = forms.CharField(
        label="终止冲抵的原因",
        help_text="单位会看到。例如：单位已注销，不再有应缴。",
        max_length=100,
        error_messages={"required": "请写明终止冲抵的原因"},
    )
