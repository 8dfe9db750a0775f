"""The form by which a unit and an office write to each other."""

from uuid import uuid4

from django import forms

from casework.papers.files import ACCEPTED
from casework.services.messages import MOST


class MessageForm(forms.Form):
    """A message and, if need be, one file. `key` makes a form sent twice one message."""

    text = forms.CharField(
        label="留言内容",
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": MOST}),
        error_messages={"required": "请写留言内容"},
    )
    file = forms.FileField(
        label="附件",
        required=False,
        help_text="PDF、JPG 或 PNG，不超过 10 MB",
        widget=forms.FileInput(attrs={"accept": ACCEPTED}),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def clean_text(self) -> str:
        """Return the words with plain line ends.

        :raises ValidationError: if they are too many.
        """
        words: str = self.cleaned_data["text"].replace("\r\n", "\n")
        if len(words) > MOST:
            raise forms.ValidationError(f"一条留言最多 {MOST} 字，现在 {len(words)} 字")
        return words
