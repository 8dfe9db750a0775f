"""The calendar of working days: loaded with the program, read for a term, added to by year."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from chinese_calendar.constants import Holiday as PackageHoliday
from chinese_calendar.constants import holidays, workdays
from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.db import transaction

from casework.models import Deadline, Holiday
from casework.workdays import Calendar, Special, Term, add_working_days

_NAMES = {known.value: known.chinese for known in PackageHoliday}
_BATCH = 1000


def after_migrate(*, sender: AppConfig, using: str, apps: Apps = installed, **kwargs: Any) -> None:
    """Receive `post_migrate`: add the days that are missing. Safe to repeat.

    What an administrator has put right stays.
    """
    try:
        table = apps.get_model("casework", "Holiday")._default_manager.using(using)
    except LookupError:
        return  # migrated backwards to before this table
    there = set(table.values_list("day", flat=True))
    table.bulk_create(
        [
            table.model(day=day, name=_NAMES.get(name, name), is_workday=made_up)
            for days, made_up in ((holidays, False), (workdays, True))
            for day, name in days.items()
            if day not in there
        ],
        ignore_conflicts=True,
        batch_size=_BATCH,
    )


def calendar(first: date, last: date) -> Calendar:
    """Return the calendar of the years from one day to another."""
    days = Holiday.objects.filter(
        day__range=(date(first.year, 1, 1), date(last.year, 12, 31))
    ).values_list("day", "name", "is_workday")
    return Calendar(Special(*row) for row in days)


def term(start: date, working_days: int) -> Term:
    """Return the term of so many working days after a day, by the calendar as it is known."""
    # No year has two weeks without a working day: this is far enough to see them all.
    far = start + timedelta(days=working_days * 2 + 30)
    return add_working_days(start, working_days, calendar(start, far))


def open_deadline(*, start: date, working_days: int, clause: str, at: datetime) -> Deadline:
    """Count a term and write it down with the days that were counted."""
    counted = term(start, working_days)
    return Deadline.objects.create(
        started_on=start,
        working_days=working_days,
        due_on=counted.due,
        passed=[[day.day.isoformat(), day.counted, day.why] for day in counted.days],
        missing_years=list(counted.missing_years),
        clause=clause,
        counted_at=at,
    )


@transaction.atomic
def put_in(days: Iterable[Special]) -> tuple[int, int]:
    """Write days into the calendar, in place of what it says of them; return how many are new
    and how many changed. Safe to repeat."""
    told = {entry.day: entry for entry in days}
    there = {row.day: row for row in Holiday.objects.select_for_update().filter(day__in=told)}
    changed = [
        row
        for day, row in there.items()
        if (row.name, row.is_workday) != (told[day].name, told[day].is_workday)
    ]
    for row in changed:
        row.name, row.is_workday = told[row.day].name, told[row.day].is_workday
    Holiday.objects.bulk_update(changed, ["name", "is_workday"])
    fresh = [
        Holiday(day=entry.day, name=entry.name, is_workday=entry.is_workday)
        for day, entry in told.items()
        if day not in there
    ]
    Holiday.objects.bulk_create(fresh)
    return len(fresh), len(changed)
