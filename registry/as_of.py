"""«As known on»: a page asked for a past day, `?as_of=2020-07-31`, and links that keep the day.

What a page shows then: of what has a date of its own (results, size data, documents, payments,
accounts, monthly particulars) what is dated by the day; of what has none (refunds, raised bases,
changes of people) what had been recorded by the end of the day.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone


class AsOfForm(forms.Form):
    """Which day to look at; empty means today."""

    as_of = forms.DateField(
        label="看哪一天的情况",
        required=False,
        help_text="例如 2020-07-31；不填为今天",
        widget=forms.DateInput(attrs={"class": "govuk-input--width-10"}),
        error_messages={"invalid": "日期请写成 2020-07-31 的样子"},
    )

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data)
        self.today = today

    def clean_as_of(self) -> date | None:
        """Refuse a day to come: nothing is known of it."""
        day: date | None = self.cleaned_data["as_of"]
        if day and day > self.today:
            raise forms.ValidationError("还没有到这一天，请填写今天或者以前的日期")
        return day


@dataclass(frozen=True)
class Seen:
    """The day a page is seen as of; today where none was asked for or what was typed is no day."""

    form: AsOfForm
    day: date
    today: date

    @property
    def past(self) -> bool:
        """Whether it is a day before today: nothing can be done there, only looked at."""
        return self.day < self.today

    @property
    def query(self) -> str:
        """What keeps the day in a link: `?as_of=2020-07-31`, or "" for today."""
        return f"?as_of={self.day.isoformat()}" if self.past else ""

    @property
    def until(self) -> datetime | None:
        """The first moment that was not known yet; None for today: everything is."""
        if not self.past:
            return None
        midnight = datetime.combine(self.day + timedelta(days=1), datetime.min.time())
        return timezone.make_aware(midnight)


def seen(request: HttpRequest, *, today: date, form: type[AsOfForm] = AsOfForm) -> Seen:
    """Return the day that a request asks for; `form` may ask for more than the day."""
    asked = form(request.GET, today=today)
    asked.is_valid()
    return Seen(asked, asked.cleaned_data.get("as_of") or today, today)
