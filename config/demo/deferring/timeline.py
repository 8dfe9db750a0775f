"""On which working days before the day of loading the stories happened."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from django.utils import timezone

from casework.services.holidays import calendar
from registry import months
from relief.models import PolicyDocument
from relief.policy import Deferral
from relief.queries.policies import document_of

#: The document that lets months be deferred; its day of publication is the stories' day 0.
SLUG = "demo-deferral"
#: So many working days lie between that day and the day of loading.
DAYS = 16
#: Longer than any run of holidays: that many working days are always within it.
_FAR = timedelta(days=DAYS * 2 + 30)


@dataclass(frozen=True)
class Timeline:
    """`published` is day 0; `first` the first month that may be deferred, last month at loading."""

    published: date
    first: date

    @cached_property
    def days(self) -> list[date]:
        """The working days from day 0 to the one before the day of loading."""
        known = calendar(self.published, self.published + _FAR)
        found = []
        day = self.published
        while len(found) < DAYS:
            if known.judge(day).counted:
                found.append(day)
            day += timedelta(days=1)
        return found

    def at(self, day: int, hour: int, minute: int = 0) -> datetime:
        """Return a moment on a working day, counted from 0."""
        return timezone.make_aware(datetime.combine(self.days[day], time(hour, minute)))

    def month(self, later: int) -> date:
        """Return the month so many after the first that may be deferred."""
        return months.after(self.first, later)


def _fresh(today: date) -> Timeline:
    known = calendar(today - _FAR, today)
    day, found = today, 0
    while found < DAYS:
        day -= timedelta(days=1)
        found += known.judge(day).counted
    return Timeline(day, months.after(months.first_of(today), -1))


def timeline(now: datetime) -> Timeline:
    """Return the days of a load that has begun, or those of one that begins now."""
    row = PolicyDocument.objects.filter(slug=SLUG).first()
    if row is None:
        return _fresh(timezone.localdate(now))
    rules = [rule for rule in document_of(row).rules if isinstance(rule, Deferral)]
    return Timeline(row.published, min(rule.first for rule in rules if rule.first))
