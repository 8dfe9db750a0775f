"""What is overdue is asked for once, in one notice, and the notice follows the book."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from casework.models import Notice
from classification.models import Size
from registry import scope
from registry.models import Post
from relief.ledger.services import corrections
from relief.models import Insurance, LedgerCorrection, RecoveryItem, RecoveryLook, RecoveryNotice
from relief.queries import recoveries as queries
from relief.services import recoveries
from tests.factories import make_agency, make_member, make_officer
from tests.relief.builders import AT, AUGUST, declare, make_size, pay, recalculate, sized_employer

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
LATER = AT + 10 * DAY
State = RecoveryNotice.State


def settle(*employers, at=AT):
    return recoveries.settle(employer_ids=[employer.pk for employer in employers], at=at)


def owing(size=Size.LARGE, **fields):
    """A large employer that owes half of March: 800.00, 30.00 and 10.00 or so."""
    employer = sized_employer(size, **fields)
    declare(employer)
    recalculate()
    return employer


def notice_of(employer) -> RecoveryNotice:
    return RecoveryNotice.objects.filter(employer=employer).latest("pk")


def amounts(notice) -> dict[str, Decimal]:
    return dict(notice.items.values_list("insurance", "amount"))


def open_of(notice, today=AUGUST) -> Decimal:
    (found,) = queries.with_standing([notice], today=today)
    return found.open


def pay_all(employer, *, on=AUGUST, leave="0.00"):
    for line in queries.owed(AT.date(), employer_ids=[employer.pk]):
        left = Decimal(leave) if line.insurance == Insurance.PENSION else Decimal("0.00")
        amount = str(line.owed - left)
        pay(employer, amount, month=line.month, insurance=line.insurance, arrived_on=on)


def test_what_is_overdue_is_asked_for_in_one_notice_with_a_day():
    employer = owing()
    make_member(employer)

    asked = settle(employer)

    notice = notice_of(employer)
    assert (asked.opened, asked.ended) == (1, 0)
    assert amounts(notice)["pension"] == Decimal("800.00")
    assert notice.amount == sum(amounts(notice).values())
    assert notice.due_on == notice.deadline.due_on == date(2020, 8, 21)  # 15 working days
    told = Notice.objects.get(employer=employer, key=f"recovery.notice.{notice.pk}")
    assert "请补缴社会保险费" in told.title
    assert "养老800.00元" in told.body


def test_asking_again_changes_nothing():
    employer = owing()
    settle(employer)

    again = settle(employer, at=LATER)

    assert (again.opened, again.ended) == (0, 0)
    assert RecoveryNotice.objects.filter(employer=employer).count() == 1


def test_a_part_payment_leaves_the_notice_and_what_is_open_follows_the_book():
    employer = owing()
    settle(employer)
    notice = notice_of(employer)
    pay_all(employer, leave="300.00")

    settle(employer, at=LATER)

    notice.refresh_from_db()
    assert notice.state == State.OPEN
    assert open_of(notice) == Decimal("300.00")


def test_a_payment_of_all_settles_it_and_the_unit_hears_of_it():
    employer = owing()
    settle(employer)
    notice = notice_of(employer)
    pay_all(employer)

    assert settle(employer, at=LATER).ended == 1

    notice.refresh_from_db()
    assert (notice.state, notice.ended_at) == (State.SETTLED, LATER)
    assert open_of(notice) == 0
    assert Notice.objects.filter(key=f"recovery.over.{notice.pk}").exists()


def test_a_class_raised_back_withdraws_it_and_raised_again_asks_anew():
    employer = owing()
    settle(employer)
    first = notice_of(employer)

    make_size(employer, Size.SMALL, dated=date(2020, 7, 1))
    recalculate()
    settle(employer, at=LATER)
    first.refresh_from_db()
    assert first.state == State.WITHDRAWN
    assert "不用再补缴" in Notice.objects.get(key=f"recovery.over.{first.pk}").title

    make_size(employer, Size.LARGE, dated=date(2020, 7, 2))
    recalculate()
    settle(employer, at=LATER)
    second = notice_of(employer)
    assert (second.round, second.amount, second.supersedes) == (2, first.amount, None)


def test_a_new_month_replaces_the_notice_and_the_old_month_keeps_its_day():
    employer = owing()
    settle(employer)
    first = notice_of(employer)
    declare(employer, "2020-04")
    recalculate()

    settle(employer, at=LATER)

    first.refresh_from_db()
    second = notice_of(employer)
    assert (first.state, second.supersedes) == (State.REPLACED, first)
    days = dict(second.items.filter(insurance="pension").values_list("month", "due_on"))
    assert days[date(2020, 3, 1)] == first.due_on
    assert days[date(2020, 4, 1)] > first.due_on
    assert second.due_on == first.due_on
    assert "请以本通知为准" in Notice.objects.get(key=f"recovery.notice.{second.pk}").body
    assert not Notice.objects.filter(key=f"recovery.over.{first.pk}").exists()


def test_less_due_than_asked_for_makes_a_new_notice_of_less():
    employer = owing()
    settle(employer)
    first = notice_of(employer)
    declare(employer, bases=["5000.00"])
    recalculate()

    settle(employer, at=LATER)

    second = notice_of(employer)
    assert amounts(second)["pension"] == Decimal("400.00")
    assert second.due_on == first.due_on


def test_what_was_written_off_is_not_asked_for():
    employer = owing()
    city = make_agency(district="510400")
    found = corrections.propose(
        kind=LedgerCorrection.Kind.WRITE_OFF,
        employer=employer,
        insurance=Insurance.PENSION,
        amounts={date(2020, 3, 1): Decimal("800.00")},
        reason="单位已注销，无财产可供执行",
        document="攀人社核〔2020〕1号",
        by=make_officer(Post.FUND_FINANCE, agency=city),
        at=AT,
    )
    head = make_officer(Post.HEAD, agency=city)
    corrections.approve(correction_id=found.pk, by=head, at=AT)

    settle(employer)

    assert set(amounts(notice_of(employer))) == {"unemployment", "injury"}


def test_a_month_whose_day_has_not_come_is_not_asked_for():
    employer = sized_employer(Size.LARGE)
    declare(employer, "2020-07")
    recalculate()  # as of 1 August; due on 31 July, and money may be on its way for five days

    assert settle(employer).opened == 0
    assert settle(employer, at=AT + 4 * DAY).opened == 0
    assert settle(employer, at=AT + 5 * DAY).opened == 1


def test_everybody_whose_book_moved_is_looked_at_once():
    employer, other = owing(), owing()

    done = recoveries.work_due(clock=lambda: AT)
    assert done.opened == 2
    assert not RecoveryLook.objects.exists()
    assert not recoveries.mark(day=AT.date())

    pay_all(employer)
    assert recoveries.mark(day=AT.date())
    assert list(RecoveryLook.objects.values_list("pk", flat=True)) == [employer.pk]
    assert recoveries.work_due(clock=lambda: AT).ended == 1
    assert notice_of(other).state == State.OPEN


def test_a_new_day_looks_at_everybody_who_owes():
    employer = sized_employer(Size.LARGE)
    declare(employer, "2020-07")
    recalculate()
    assert recoveries.work_due(clock=lambda: AT).opened == 0

    assert recoveries.work_due(clock=lambda: AT + 5 * DAY).opened == 1


def test_work_that_runs_out_of_time_goes_on_later(monkeypatch):
    monkeypatch.setattr(recoveries, "CHUNK", 1)
    employers = [owing(), owing(), owing()]
    times = iter([AT, AT, AT, AT, AT + 60 * timedelta(seconds=1)])
    last = AT + timedelta(seconds=60)

    def clock() -> datetime:
        return next(times, last)

    first = recoveries.work_due(clock=clock, at_most=timedelta(seconds=30))
    rest = recoveries.work_due(clock=lambda: AT)

    assert first.opened == 1
    assert first.opened + rest.opened == len(employers)


def test_lists_show_what_comes_due_and_what_is_overdue():
    employer = owing()
    settle(employer)
    notice = notice_of(employer)
    viewer_day = timezone.localdate(AT)

    viewer = scope.viewer_of(make_officer(Post.HANDLER, agency=make_agency(district="510402")).user)

    def shown(today, show):
        return list(queries.listed(viewer, today=today, show=show))

    assert shown(viewer_day, "open") == [notice]
    assert shown(viewer_day, "soon") == []
    assert shown(date(2020, 8, 17), "soon") == [notice]
    assert shown(date(2020, 8, 21), "overdue") == []
    assert shown(date(2020, 8, 22), "overdue") == [notice]
    assert shown(date(2020, 8, 22), "over") == []
    sums = queries.sums(queries.listed(viewer, today=viewer_day), today=viewer_day)
    assert (sums.count, sums.amount, sums.open) == (1, notice.amount, notice.amount)


@pytest.mark.parametrize("times", [1, 2])
def test_items_and_notice_add_up_to_the_book(times):
    employer = owing()
    for _ in range(times):
        settle(employer)

    owed = queries.owed(AT.date(), employer_ids=[employer.pk])
    items = RecoveryItem.objects.filter(notice__employer=employer)
    assert {(line.month, line.insurance, line.owed) for line in owed} == set(
        items.values_list("month", "insurance", "amount")
    )


def test_killed_in_the_middle_nothing_is_half_asked_and_the_next_round_asks_once(monkeypatch):
    employers = [owing(), owing()]
    recoveries.mark(day=AUGUST)
    send = recoveries.casework.send_notices

    def die(*args, **kwargs):
        send(*args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(recoveries.casework, "send_notices", die)
    with pytest.raises(KeyboardInterrupt):
        recoveries.work_due(clock=lambda: AT)
    assert not RecoveryNotice.objects.exists()
    assert not Notice.objects.filter(key__startswith="recovery").exists()

    monkeypatch.setattr(recoveries.casework, "send_notices", send)
    assert recoveries.work_due(clock=lambda: AT).opened == len(employers)
    assert recoveries.work_due(clock=lambda: AT).opened == 0
