"""Weeks by ISO 8601."""

from datetime import date

import pytest

from registry.intake.weeks import NotAWeek, Week, back_from


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2020, 7, 20), "2020-W30"),
        (date(2020, 7, 26), "2020-W30"),
        (date(2020, 12, 31), "2020-W53"),
        (date(2021, 1, 3), "2020-W53"),
        (date(2021, 1, 4), "2021-W01"),
        (date(2019, 12, 30), "2020-W01"),
    ],
)
def test_a_week_begins_on_monday_and_lies_in_the_year_of_its_thursday(day, week):
    found = Week.of(day)

    assert str(found) == week
    assert Week.parse(week) == found
    assert found.monday <= day <= found.sunday
    assert found.monday.weekday() == 0


def test_weeks_follow_each_other():
    week = Week.parse("2021-W01")

    assert str(week.before) == "2020-W53"
    assert week.before.after == week
    assert [str(each) for each in back_from(week, 3)] == ["2021-W01", "2020-W53", "2020-W52"]
    assert week.label == "2021年第1周（1月4日至1月10日）"


@pytest.mark.parametrize(
    "text", ["", "2020-30", "2020-W00", "2021-W53", "0000-W01", "２０２０-W30"]
)
def test_anything_else_is_no_week(text):
    with pytest.raises(NotAWeek):
        Week.parse(text)
