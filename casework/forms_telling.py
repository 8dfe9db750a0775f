"""Which messages of the outbox to show."""

from django import forms

from casework.models import Channel, OutboxMessage


class OutboxFilter(forms.Form):
    """What to show in the outbox."""

    q = forms.CharField(label="单位名称或信用代码", required=False, max_length=60, strip=True)
    state = forms.ChoiceField(
        label="状态", required=False, choices=[("", "全部"), *OutboxMessage.State.choices]
    )
    channel = forms.ChoiceField(
        label="方式", required=False, choices=[("", "全部"), *Channel.choices]
    )
