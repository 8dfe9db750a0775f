"""Clocks in working days: pauses don't count, every day says why, and colours come in time."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.clocks import Level, Paused, count
from casework.models import Clock
from casework.queries_matter import clocks_of
from casework.services import clocks
from casework.services.matters import SYSTEM
from casework.workdays import Calendar, Special
from tests.factories import AT, make_agency

FRIDAY = date(2020, 3, 20)
QINGMING = [Special(date(2020, 4, day), "清明节", False) for day in (4, 5, 6)]
CALENDAR = Calendar([*QINGMING, Special(date(2020, 10, 1), "国庆节", False)])


def clock(working_days, today, *, pauses=(), stopped_on=None, started_on=FRIDAY):
    return count(
        started_on,
        working_days,
        pauses=pauses,
        today=today,
        stopped_on=stopped_on,
        calendar=CALENDAR,
    )


def test_the_day_of_the_start_and_the_weekend_are_not_counted():
    found = clock(2, FRIDAY)

    assert (found.used, found.left, found.due) == (0, 2, date(2020, 3, 24))
    assert [(day.day.day, day.counted, day.why) for day in found.days] == [
        (21, False, "周末"),
        (22, False, "周末"),
        (23, True, ""),
        (24, True, ""),
    ]


def test_the_days_of_a_pause_are_left_out_with_their_reason():
    pause = Paused(date(2020, 3, 23), date(2020, 3, 30), "单位补正")

    found = clock(2, date(2020, 3, 31), pauses=[pause])

    assert (found.used, found.due) == (2, date(2020, 3, 31))
    assert {day.why for day in found.days if day.day == date(2020, 3, 25)} == {"暂停：单位补正"}


def test_while_it_stands_still_there_is_no_due_day_and_no_day_is_used():
    found = clock(2, date(2020, 4, 20), pauses=[Paused(date(2020, 3, 23), None, "单位补正")])

    assert (found.level, found.due, found.used, found.left) == (Level.PAUSED, None, 1, 1)


def test_holidays_are_left_out_by_name():
    found = clock(1, date(2020, 4, 3), started_on=date(2020, 4, 3))

    assert found.due == date(2020, 4, 7)
    assert [day.why for day in found.days if not day.counted] == ["清明节"] * 3


@pytest.mark.parametrize(
    ("day", "level"),
    # Ten working days from Friday 20 March: the sixth is the 30th, the seventh the 31st, the
    # tenth 3 April; the 4th to the 6th are a holiday.
    [(30, Level.GREEN), (31, Level.AMBER), (37, Level.AMBER), (38, Level.RED)],
)
def test_amber_comes_at_seven_tenths_and_red_after_the_due_day(day, level):
    today = date(2020, 3, 1) + timedelta(days=day - 1)

    assert clock(10, today).level is level


def test_what_was_done_is_done_however_late():
    found = clock(1, date(2020, 5, 1), stopped_on=date(2020, 3, 25))

    assert (found.level, found.left) == (Level.DONE, -2)


def test_a_year_without_its_table_is_named_and_counted_by_weekends():
    found = clock(3, date(2031, 3, 20), started_on=date(2031, 3, 20))

    assert found.missing_years == (2031,)
    assert found.due == date(2031, 3, 25)


@given(
    working_days=st.integers(1, 15),
    ahead=st.integers(0, 60),
    pauses=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 15)), max_size=3),
)
def test_used_days_are_working_days_outside_every_pause(working_days, ahead, pauses):
    known = [
        Paused(FRIDAY + timedelta(days=since), FRIDAY + timedelta(days=since + length), "补正")
        for since, length in pauses
    ]
    today = FRIDAY + timedelta(days=ahead)

    found = clock(working_days, today, pauses=known)

    gone = [FRIDAY + timedelta(days=n) for n in range(1, ahead + 1)]
    expected = [
        day
        for day in gone
        if CALENDAR.judge(day).counted and not any(p.since < day <= p.until for p in known)
    ]
    assert found.used == len(expected)
    assert found.due is not None
    assert sum(day.counted for day in found.days if day.day <= found.due) == working_days


@pytest.mark.django_db
def test_a_clock_is_started_paused_resumed_and_stopped_once_however_often_it_is_said():
    agency = make_agency()

    def start():
        return clocks.start(
            kind="deferral",
            matter_id=1,
            step="intake",
            agency_id=agency.pk,
            working_days=2,
            clause="口径",
            at=AT,
        )

    assert start() == start()
    later = AT + timedelta(days=3)
    assert clocks.pause(kind="deferral", matter_id=1, reason="补正", by=SYSTEM, at=AT) == 1
    assert clocks.pause(kind="deferral", matter_id=1, reason="补正", by=SYSTEM, at=AT) == 0
    assert clocks.resume(kind="deferral", matter_id=1, at=later) == 1
    assert clocks.resume(kind="deferral", matter_id=1, at=later) == 0
    assert clocks.stop(kind="deferral", matter_id=1, at=later) == 1
    assert clocks.stop(kind="deferral", matter_id=1, at=later) == 0

    assert Clock.objects.get().pauses.count() == 1
    (found,) = clocks_of("deferral", [1], today=later.date())[1]
    assert found.level is Level.DONE


@pytest.mark.django_db
@pytest.mark.parametrize("matters", [1, 20])
def test_clocks_of_many_matters_cost_four_queries(matters, django_assert_num_queries):
    agency = make_agency()
    for number in range(matters):
        clocks.start(
            kind="deferral",
            matter_id=number,
            step="intake",
            agency_id=agency.pk,
            working_days=2,
            clause="口径",
            at=AT,
        )

    with django_assert_num_queries(4):
        clocks_of("deferral", range(matters), today=AT.date())
