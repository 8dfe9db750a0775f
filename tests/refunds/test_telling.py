"""Units that are due money hear of it: reached or not, reminded once, telephoned."""

from datetime import date

import pytest
from django.db import DatabaseError, transaction

from casework.models import CallRecord, Notice, OutboxMessage
from casework.services import calling, relaying
from casework.tell import kinds
from refunds import queries_telling
from refunds.models import ChoiceReminder
from refunds.services.telling import reminders
from registry import scope
from registry.models import Post
from tests.factories import AT, make_employer, make_officer
from tests.refunds.making import offer, overpay
from tests.refunds.telling import LATER, call, offered, to_contact, viewer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_elsewhere")]


# --- reached or not ---


def test_who_gives_no_sign_for_five_working_days_is_telephoned():
    employer = offered()

    assert to_contact(date(2020, 7, 24)) == []
    assert to_contact(date(2020, 7, 26)) == [], "the weekend counts for nothing"
    (found,) = to_contact(date(2020, 7, 27))
    assert (found, found.due, found.refunds_open) == (employer, 1000, 1)
    assert queries_telling.reach_of(found) == ""


def test_a_notice_that_was_read_is_a_sign():
    offered()
    Notice.objects.update(read_at=AT)

    assert to_contact() == []
    (found,) = queries_telling.waiting_for_choice(viewer())
    assert queries_telling.reach_of(found) == "已在网上看过通知"


def test_a_text_message_is_a_sign_once_it_is_delivered():
    offered(phone="13800000001")
    relaying.relay(clock=lambda: AT)
    assert len(to_contact()) == 1, "sent is not yet delivered"
    message = OutboxMessage.objects.get()
    relaying.receive_receipt(public_id=str(message.public_id), delivered=True, reason="", at=AT)

    assert to_contact() == []


def test_a_call_that_reached_somebody_is_a_sign_and_one_in_vain_is_not():
    employer = offered()
    call(employer, reached=False)
    assert len(to_contact()) == 1
    call(employer)

    assert to_contact() == []
    (found,) = queries_telling.waiting_for_choice(viewer())
    assert queries_telling.reach_of(found) == "已电话联系上"


def test_who_asked_to_be_called_later_is_left_out_until_then():
    employer = offered()
    call(employer, reached=False, next_on=date(2020, 7, 30))

    assert to_contact(date(2020, 7, 29)) == []
    assert to_contact(date(2020, 7, 29), show="all") == [employer]
    assert to_contact(date(2020, 7, 30)) == [employer]


def test_who_knows_and_lets_the_day_pass_is_telephoned_too():
    employer = offered()
    Notice.objects.update(read_at=AT)

    assert queries_telling.choice_due(AT.date()) == date(2020, 8, 10)
    assert to_contact(date(2020, 8, 10)) == []
    assert to_contact(date(2020, 8, 11)) == [employer]


def test_who_has_chosen_is_left_in_peace(cast):
    cast.bring("CHOSEN")

    assert to_contact(date(2020, 12, 1)) == []


def test_an_officer_sees_the_own_district_only():
    offered()
    there = offered(district="510403")

    assert to_contact(who=viewer(district="510403")) == [there]
    assert len(to_contact(who=viewer(district="510400"))) == 2
    assert to_contact(who=viewer(district="510400"), district="510403") == [there]
    assert to_contact(who=viewer(district="510400"), q=there.uscc[:12] + "x") == []


def test_the_list_costs_the_same_for_one_and_for_many(django_assert_num_queries):
    offered()
    who = viewer()
    with django_assert_num_queries(2):
        to_contact(who=who)
    for _ in range(20):
        offered()
    with django_assert_num_queries(2):
        assert len(to_contact(who=who)) == 21


def test_a_call_says_what_was_said_and_is_the_own_districts_handlers():
    employer = offered()
    for stranger in (make_officer(Post.REVIEWER), make_officer(district="510403")):
        with pytest.raises(calling.NotYours):
            call(employer, officer=stranger)
    with pytest.raises(calling.BadCall, match="今天以后"):
        call(employer, next_on=LATER.date())
    record = call(employer)
    with pytest.raises(DatabaseError), transaction.atomic():
        CallRecord.objects.filter(pk=record.pk).update(reached=False)


# --- reminders ---


def test_a_unit_is_reminded_once_before_its_day():
    employer = overpay(make_employer())
    overpay(employer, insurance="injury", amount="20.00")
    offer(employer)

    assert reminders.remind(at=AT.replace(month=7, day=31)) == 0
    assert reminders.remind(at=AT.replace(month=8, day=3)) == 2
    for day in (3, 4, 7, 10):
        assert reminders.remind(at=AT.replace(month=8, day=day)) == 0
    told = Notice.objects.get(key__startswith="refund.reminder.")
    assert told.title == "还有1,020.00元等您选择退费或冲抵"
    assert "2020年8月10日前" in told.body
    assert "不会失去这笔钱" in told.body
    assert set(ChoiceReminder.objects.values_list("due_on", flat=True)) == {date(2020, 8, 10)}


def test_beat_that_was_away_reminds_late_but_not_after_the_day():
    offered()
    assert reminders.remind(at=AT.replace(month=8, day=7)) == 1

    other = offered()
    assert reminders.remind(at=AT.replace(month=8, day=11)) == 0
    assert other in to_contact(date(2020, 8, 11))


def test_who_has_chosen_is_not_reminded(cast):
    cast.bring("CHOSEN")

    assert reminders.remind(at=AT.replace(month=8, day=3)) == 0


# --- many at once ---


def preview(officer, at=AT):
    rows = list(queries_telling.waiting_for_choice(scope.viewer_of(officer.user)))
    return reminders.preview(employers=rows, officer=officer, at=at), rows


def test_an_officer_sees_whom_and_what_before_many_are_reminded():
    offered(phone="13800000001")
    offered()
    offered(district="510403")
    officer = make_officer()
    seen, rows = preview(officer)

    assert (seen.count, seen.sms, seen.emails, seen.portal_only) == (2, 1, 0, 1)
    assert len(seen.sample_sms) <= 70
    assert "1,000.00元" in seen.sample
    assert reminders.send(employers=rows, digest=seen.digest, officer=officer, at=AT) == 2
    assert Notice.objects.filter(key__startswith="refund.nudge.").count() == 2
    assert OutboxMessage.objects.filter(kind="refund.nudge").count() == 1


def test_the_same_list_again_on_the_same_day_tells_nobody_twice():
    offered()
    officer, other = make_officer(), make_officer()
    seen, rows = preview(officer)
    reminders.send(employers=rows, digest=seen.digest, officer=officer, at=AT)

    with pytest.raises(reminders.ListChanged):
        reminders.send(employers=rows, digest=seen.digest, officer=officer, at=AT)
    again, _ = preview(other)
    assert (again.count, again.told_today) == (0, 1)
    assert Notice.objects.filter(key__startswith="refund.nudge.").count() == 1


def test_a_list_that_changed_since_it_was_seen_is_not_sent():
    offered()
    officer = make_officer()
    seen, _ = preview(officer)
    offered()
    rows = list(queries_telling.waiting_for_choice(scope.viewer_of(officer.user)))

    with pytest.raises(reminders.ListChanged):
        reminders.send(employers=rows, digest=seen.digest, officer=officer, at=AT)
    assert not Notice.objects.filter(key__startswith="refund.nudge.").exists()


# --- every notice has its text message ---


@pytest.mark.parametrize(
    "key",
    [
        "refund.offered.1",
        "refund.superseded.1",
        "refund.returned.1.1",
        "refund.paid.X1",
        "refund.bounced.X1",
        "refund.account.1.1",
        "refund.reminder.1",
        "refund.nudge.1.20200720",
        "refund.for-unit.1",
        "monthly:YS1",
        "hires:1",
        "papers:1",
        "papers-back:1",
        "owner-replaced:1",
        "owner-replacement-asked:1",
    ],
)
def test_every_kind_of_notice_has_a_text_message(key):
    assert kinds.of(key) is not None
