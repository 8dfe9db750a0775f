"""Days on which work stands still: two people, a reason everybody reads, nothing lost."""

from datetime import date, datetime

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.urls import reverse
from django.utils import timezone

from casework.clocks import Level, Paused, count
from casework.models import FreezeWindow
from casework.queries_matter import clocks_of
from casework.services import escalating, freezes
from casework.services.freezes import BadFreeze, Frozen, Held
from casework.workdays import Calendar
from deferral.hardship import hardship
from deferral.workflow import State
from tests.deferral.builders import AT, TODAY, Walk, draft, submit
from tests.factories import client_for, make_administrator

pytestmark = pytest.mark.django_db

MONDAY = date(2020, 3, 23)
FREEZE = Paused(date(2020, 3, 22), date(2020, 3, 24), "月末结账（川社保〔2020〕9号）")


def on(day: int) -> datetime:
    return AT.replace(day=day)


def window(first: date, last: date, *, at: datetime = AT, **holds: bool) -> FreezeWindow:
    made = FreezeWindow.objects.create(
        from_day=first,
        to_day=last,
        reason="月末结账",
        document="川社保〔2020〕9号",
        prepared_by=make_administrator(),
        prepared_at=at,
        **holds,
    )
    return freezes.approve(window_id=made.pk, by=make_administrator(), at=at)


def counted(today: date, *, working_days: int = 2):
    return count(
        date(2020, 3, 20),
        working_days,
        pauses=(),
        freezes=[FREEZE],
        today=today,
        stopped_on=None,
        calendar=Calendar([]),
    )


def test_the_days_of_a_freeze_do_not_count_and_say_why():
    found = counted(date(2020, 3, 24))  # frozen are Monday and Tuesday

    assert (found.level, found.used, found.left) == (Level.PAUSED, 0, 2)
    assert found.due == date(2020, 3, 26)
    assert found.frozen == "月末结账（川社保〔2020〕9号）"
    assert [day.why for day in found.days if day.day == MONDAY] == [
        "暂停：月末结账（川社保〔2020〕9号）"
    ]


def test_the_day_after_the_clock_goes_on_by_itself():
    found = counted(date(2020, 3, 25), working_days=3)

    assert (found.level, found.used, found.frozen) == (Level.GREEN, 1, "")


def test_what_was_late_before_stays_late_and_gets_no_later():
    late = Paused(date(2020, 3, 25), date(2020, 3, 27), "系统迁移")
    found = count(
        date(2020, 3, 20),
        2,
        pauses=(),
        freezes=[late],
        today=date(2020, 3, 27),
        stopped_on=None,
        calendar=Calendar([]),
    )

    assert (found.level, found.left) == (Level.RED, -1)


def test_a_freeze_moves_every_running_clock_and_nobody_is_reported_for_it():
    walk = Walk().submit()
    window(MONDAY, date(2020, 3, 25))

    (found,) = clocks_of("deferral", [walk.application.pk], today=date(2020, 3, 25))[
        walk.application.pk
    ]

    assert (found.level, found.counted.due) == (Level.PAUSED, date(2020, 3, 27))
    assert escalating.report_overdue(clock=lambda: on(27)) == 0
    assert escalating.report_overdue(clock=lambda: on(30)) == 1


def test_applications_are_held_back_with_a_sentence_and_the_draft_stays():
    application, member = draft()
    window(TODAY, TODAY, holds_submissions=True)

    with pytest.raises(Frozen, match=r"月末结账期间暂停提交申请.*2020年3月21日起恢复"):
        submit(application, member)

    application.refresh_from_db()
    assert application.state == State.DRAFT
    assert submit(application, member, at=on(21)).state == State.SUBMITTED


def test_decisions_and_agreements_are_held_back_only_where_the_window_says_so():
    walk = Walk().to_decision()
    window(TODAY, TODAY, holds_submissions=True)
    walk.decide()
    window(MONDAY, MONDAY, holds_decisions=True)
    walk.at = on(23)

    with pytest.raises(Frozen, match="审批和签订协议"):
        walk.agree()

    walk.at = on(24)
    assert walk.agree().starts_on == date(2020, 3, 24)


def test_a_decision_waits_for_the_end_of_the_window():
    walk = Walk().to_decision()
    window(TODAY, TODAY, holds_decisions=True)

    with pytest.raises(Frozen):
        walk.decide()

    walk.at = on(23)
    walk.decide()
    assert walk.state == State.GRANTED


def test_ended_early_it_holds_nothing_back_any_more():
    made = window(TODAY, date(2020, 3, 31), holds_submissions=True)
    with pytest.raises(Frozen):
        freezes.check(Held.SUBMISSIONS, at=on(24))

    freezes.end(window_id=made.pk, by=make_administrator(), at=on(24))

    freezes.check(Held.SUBMISSIONS, at=on(24))
    assert [(each.since, each.until) for each in freezes.pauses(TODAY, date(2020, 4, 30))] == [
        (date(2020, 3, 19), date(2020, 3, 23))
    ]
    with pytest.raises(BadFreeze, match="已经结束"):
        freezes.end(window_id=made.pk, by=make_administrator(), at=on(25))


def test_ended_before_it_began_it_never_was():
    made = window(date(2020, 3, 30), date(2020, 3, 31))

    freezes.end(window_id=made.pk, by=make_administrator(), at=AT)

    assert freezes.pauses(TODAY, date(2020, 4, 30)) == []
    assert freezes.windows(date(2020, 3, 30)) == []


def prepared(**fields):
    return FreezeWindow.objects.create(
        **{
            "from_day": MONDAY,
            "to_day": MONDAY,
            "reason": "系统迁移",
            "document": "通知",
            "prepared_by": make_administrator(),
            "prepared_at": AT,
            **fields,
        }
    )


def test_prepared_alone_it_does_nothing():
    prepared(holds_submissions=True)

    freezes.check(Held.SUBMISSIONS, at=on(23))
    assert freezes.pauses(MONDAY, MONDAY) == []


def test_who_prepared_it_does_not_approve_it_and_nobody_backdates():
    made = prepared()

    with pytest.raises(BadFreeze, match="两个人"):
        freezes.approve(window_id=made.pk, by=made.prepared_by, at=AT)
    with pytest.raises(BadFreeze, match="已经过去"):
        freezes.approve(window_id=made.pk, by=make_administrator(), at=on(24))


def refused(match, act):
    with pytest.raises((IntegrityError, InternalError), match=match), transaction.atomic():
        act()


def test_the_database_itself_refuses_one_person_a_late_approval_and_changes():
    made = prepared()
    rows = FreezeWindow.objects.filter(pk=made.pk)
    other = make_administrator()

    refused("freeze_two_people", lambda: rows.update(approved_by=made.prepared_by, approved_at=AT))
    refused("before it begins", lambda: rows.update(approved_by=other, approved_at=on(24)))
    refused("fixed", lambda: rows.update(to_day=date(2020, 3, 25)))
    refused("no_delete|Cannot delete", rows.delete)
    refused("prepared_first|Cannot insert", lambda: prepared(approved_by=other, approved_at=AT))
    refused("freeze_ends_after_it_began", lambda: prepared(to_day=TODAY))
    refused("freeze_stops_something", lambda: prepared(stops_clocks=False))
    rows.update(approved_by=other, approved_at=AT)
    refused("approved_once|Cannot update", lambda: rows.update(approved_at=on(21)))
    refused(
        "does not end in the past",
        lambda: rows.update(ended_on=MONDAY, ended_by=other, ended_at=on(27)),
    )
    refused(
        "does not end in the past",
        lambda: rows.update(ended_on=date(2020, 3, 22), ended_by=other, ended_at=on(27)),
    )


def test_pages_say_what_stands_still_until_when_and_why(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)
    walk = Walk().submit()
    application, member = draft("510403")
    window(TODAY, date(2020, 3, 25), holds_submissions=True)
    receipt = application.receipt
    said = "现在因月末结账暂停提交申请、办理时限的计算，到 <strong>2020年3月25日</strong> 为止"
    desk, unit = client_for(walk.taker), client_for(member)

    for client, name, arguments in (
        (unit, "portal_deferrals:list", []),
        (unit, "portal_deferrals:detail", [receipt]),
        (unit, "portal_deferrals:review", [receipt]),
        (desk, "desk_deferrals:list", []),
        (desk, "desk_deferrals:application", [walk.application.receipt]),
    ):
        assert said in client.get(reverse(name, args=arguments)).content.decode(), name
    answer = unit.post(
        reverse("portal_deferrals:review", args=[receipt]),
        {
            "agree": "on",
            "undertaking": hardship().undertaking.version,
            "version": application.version,
        },
    )
    assert "2020年3月26日起恢复，已填写的内容都保留着" in answer.content.decode()


def test_two_administrators_make_one_and_end_it(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)
    first, second = client_for(make_administrator()), client_for(make_administrator())
    first.post(
        "/admin/casework/freezewindow/add/",
        {
            "from_day": "2020-03-23",
            "to_day": "2020-03-24",
            "reason": "系统迁移",
            "document": "通知",
            "stops_clocks": "on",
        },
    )
    made = FreezeWindow.objects.get()
    page = f"/admin/casework/freezewindow/{made.pk}/"

    alone = first.post(f"{page}approve/", follow=True).content.decode()
    assert "两个人" in alone
    both = second.post(f"{page}approve/", follow=True).content.decode()
    assert "已核准" in both
    assert "提前结束" in both
    second.post(f"{page}end/")

    made.refresh_from_db()
    assert (made.approved_by_id, made.ended_on) == (made.ended_by_id, date(2020, 3, 22))
    assert first.get(f"{page}approve/").status_code == 403
