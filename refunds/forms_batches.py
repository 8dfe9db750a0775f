"""Forms of batches: taking back what has not been sent."""

from django import forms


class RecallForm(forms.Form):
    """Why a batch is taken apart, or a line taken out of it."""

    reason = forms.CharField(
        label="撤回的原因",
        max_length=200,
        error_messages={
            "required": "请写明撤回的原因",
            "max_length": "原因不能超过200个字",
        },
    )
    line_no = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
