"""Deadlines in working days: which days count, which don't, and why."""

from datetime import date, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from hypothesis import given
from hypothesis import strategies as st

from casework.models import Deadline, Holiday
from casework.services import holidays
from casework.workdays import (
    MAKE_UP,
    WEEKEND,
    Calendar,
    Special,
    add_working_days,
    working_days_left,
)
from tests.factories import AT, client_for, make_administrator, make_officer

days = st.dates(date(2019, 1, 1), date(2021, 12, 31))
calendars = st.lists(
    st.builds(Special, days, st.sampled_from(["国庆节", "春节"]), st.booleans()),
    max_size=80,
    unique_by=lambda special: special.day,
).map(Calendar)


@given(start=days, n=st.integers(1, 60), calendar=calendars)
def test_a_term_counts_just_its_working_days(start, n, calendar):
    term = add_working_days(start, n, calendar)

    assert [day.day for day in term.days] == [
        start + timedelta(days=i + 1) for i in range(len(term.days))
    ]
    assert sum(day.counted for day in term.days) == n
    assert term.days[-1].counted
    assert term.due == term.days[-1].day
    assert all(day.counted == calendar.judge(day.day).counted for day in term.days)
    assert all(day.why for day in term.days if not day.counted)
    assert working_days_left(start, term.due, calendar) == n


@given(start=days, n=st.integers(1, 40), calendar=calendars)
def test_a_longer_term_ends_later(start, n, calendar):
    assert add_working_days(start, n, calendar).due < add_working_days(start, n + 1, calendar).due


@given(start=days, n=st.integers(1, 20), m=st.integers(1, 20), calendar=calendars)
def test_two_terms_in_a_row_are_one_long_term(start, n, m, calendar):
    first = add_working_days(start, n, calendar)

    assert (
        add_working_days(first.due, m, calendar).due == add_working_days(start, n + m, calendar).due
    )


@given(one=days, other=days, calendar=calendars)
def test_what_is_left_turns_its_sign_with_the_days(one, other, calendar):
    assert working_days_left(one, other, calendar) == -working_days_left(other, one, calendar)


def test_a_term_of_no_days_is_refused():
    with pytest.raises(ValueError, match="0 working days"):
        add_working_days(date(2020, 7, 20), 0, Calendar([]))


@pytest.mark.django_db
def test_the_days_of_the_national_holidays_of_2020_are_listed_with_their_reasons():
    term = holidays.term(date(2020, 9, 25), 5)

    assert term.due == date(2020, 10, 9)
    told = {(day.day.month, day.day.day): (day.counted, day.why) for day in term.days}
    assert told[9, 26] == (False, WEEKEND)
    assert told[9, 27] == (True, MAKE_UP)
    assert told[9, 28] == (True, "")
    assert told[10, 1] == (False, "国庆节")
    assert told[10, 9] == (True, "")
    assert term.missing_years == ()


@pytest.mark.django_db
def test_the_spring_festival_that_was_made_longer_counts_as_it_was():
    assert holidays.term(date(2020, 1, 20), 5).due == date(2020, 2, 4)


@pytest.mark.django_db
def test_a_year_without_a_table_is_counted_by_weekends_and_says_so():
    term = holidays.term(date(2031, 9, 29), 5)

    assert term.due == date(2031, 10, 6)
    assert term.missing_years == (2031,)
    assert holidays.term(date(2020, 7, 20), 5).missing_years == ()


@pytest.mark.django_db
def test_a_deadline_keeps_the_days_it_was_counted_by():
    deadline = holidays.open_deadline(
        start=date(2020, 9, 25), working_days=5, clause="通知四（三）", at=AT
    )
    Holiday.objects.filter(day=date(2020, 9, 27)).update(is_workday=False)

    found = Deadline.objects.get(pk=deadline.pk)
    assert found.due_on == date(2020, 10, 9)
    assert [day.counted for day in found.days() if day.day == date(2020, 9, 27)] == [True]


@pytest.mark.django_db
def test_migrating_again_adds_nothing_and_keeps_what_was_put_right():
    there = Holiday.objects.count()
    Holiday.objects.filter(day=date(2020, 10, 1)).update(name="国庆节、中秋节")

    holidays.after_migrate(sender=None, using="default")

    assert Holiday.objects.count() == there
    assert Holiday.objects.get(day=date(2020, 10, 1)).name == "国庆节、中秋节"
    assert {row.day.year for row in Holiday.objects.all()} == set(range(2004, 2027))


# --- the administration ---


TABLE = "2031-01-01，元旦，休\n2031年9月28日 国庆节 班\n2031/10/01, 国庆节, 休\n"
YEAR = "/admin/casework/holiday/year/"


@pytest.mark.django_db
def test_an_administrator_brings_in_a_year_and_may_do_so_twice():
    client = client_for(make_administrator())

    for told in ("新增 3 天，更改 0 天", "新增 0 天，更改 0 天"):
        answer = client.post(YEAR, {"lines": TABLE}, follow=True)
        assert told in answer.content.decode()

    logged = LogEntry.objects.first()
    assert "导入一年的安排" in logged.change_message
    assert holidays.term(date(2031, 9, 26), 1).due == date(2031, 9, 28)
    assert holidays.term(date(2031, 9, 30), 1).missing_years == ()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("2031-02-30，元旦，休", "第 1 行"),
        ("2031-10-01，国庆节", "第 1 行"),
        ("2031-10-01，国庆节，休\n2031-10-01，国庆节，班", "写了两次"),
        ("2031-01-01，元旦，休\n2031-01-02，元旦，休", "没有写到国庆节"),
        ("", "请填写节假日安排"),
        (" \n \n", "请填写节假日安排"),
    ],
)
def test_a_year_with_a_wrong_line_is_refused_whole(lines, told):
    before = Holiday.objects.count()

    page = client_for(make_administrator()).post(YEAR, {"lines": lines}).content.decode()

    assert told in page
    assert Holiday.objects.count() == before


@pytest.mark.django_db
def test_holidays_are_kept_by_administrators_only():
    assert client_for(make_officer()).get(YEAR, follow=True).status_code == 403
    listed = client_for(make_administrator()).get("/admin/casework/holiday/").content.decode()
    assert "导入一年" in listed
