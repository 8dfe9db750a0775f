"""Another plan inside the same term: asked for, decided, and what was paid stays in sight."""

from datetime import date
from decimal import Decimal

import pytest

from casework.models import Notice
from casework.services.freezes import Frozen
from deferral.models import Plan
from deferral.queries.standing import standing
from deferral.schedule import BadPlan, Instalment
from deferral.services import plan_changes
from deferral.services.moving import NotYours
from deferral.services.taking_in import NoReason
from deferral.workflow import ChangeState, IllegalMove, PersonState
from registry.models import Membership, Post
from relief.models import Payment
from tests.deferral.builders import CITY, COUNTY, office
from tests.deferral.test_following import agreed, follow, now, on
from tests.deferral.test_freezes import window
from tests.deferral.test_people import begin
from tests.factories import make_member
from tests.guarding import attempt
from tests.relief.builders import pay, post_facts

pytestmark = pytest.mark.django_db

JUNE, SEPTEMBER, LAST = date(2020, 6, 30), date(2020, 9, 30), date(2020, 12, 31)
THIRDS = [
    Instalment(JUNE, Decimal("300.00")),
    Instalment(SEPTEMBER, Decimal("300.00")),
    Instalment(LAST, Decimal("500.00")),
]


def ask(walk, plan=THIRDS, *, day=date(2020, 5, 12), reason="订单恢复，想早一点缴", member=None):
    return plan_changes.ask(
        application_id=walk.application.pk,
        member=member or walk.member,
        plan=plan,
        reason=reason,
        at=on(day),
    )


def handler(district=COUNTY):
    return office("SOCIAL_INSURANCE", district, post=Post.HANDLER)


def decide(change, *, grant=True, answer="", by=None, day=date(2020, 5, 14)):
    return plan_changes.decide(
        change_id=change.pk, grant=grant, answer=answer, by=by or handler(), at=on(day)
    )


@pytest.fixture
def paid_a_part():
    """An agreement over 1,700.00 of which 600.00 is paid."""
    walk, agreement = agreed()
    pay(walk.application.employer, "600.00", arrived_on=date(2020, 5, 10))
    return walk, agreement


def test_a_new_plan_takes_the_place_of_the_old_one_and_counts_what_was_paid_before(paid_a_part):
    walk, agreement = paid_a_part

    change = decide(ask(walk))

    assert change.state == ChangeState.GRANTED
    plan = Plan.objects.filter(agreement=agreement).latest("number")
    assert (plan.number, plan.amount) == (2, Decimal("1700.00"))
    found = now(agreement, date(2020, 5, 15))
    assert [(row.due_on, row.amount, row.open) for row in found.instalments] == [
        (date(2020, 5, 12), Decimal("600.00"), Decimal("0.00")),
        (JUNE, Decimal("300.00"), Decimal("300.00")),
        (SEPTEMBER, Decimal("300.00"), Decimal("300.00")),
        (LAST, Decimal("500.00"), Decimal("500.00")),
    ]
    assert Notice.objects.filter(title__contains="同意变更补缴计划").count() == 1


def test_what_arrives_while_the_wish_waits_pays_the_first_new_instalment(paid_a_part):
    walk, agreement = paid_a_part
    change = ask(walk)
    pay(walk.application.employer, "200.00", arrived_on=date(2020, 5, 13))

    decide(change)

    found = now(agreement, date(2020, 5, 15))
    assert found.open == Decimal("900.00")
    assert found.next_due(date(2020, 5, 15)).open == Decimal("100.00")


def test_until_it_is_decided_and_after_a_no_the_old_plan_holds(paid_a_part):
    walk, agreement = paid_a_part
    change = ask(walk)

    with pytest.raises(NoReason):
        decide(change, grant=False)
    decide(change, grant=False, answer="请说明资金来源")

    assert agreement.plans.count() == 1
    assert Notice.objects.get(title__contains="不同意变更").body.startswith("不同意变更补缴计划")
    with pytest.raises(IllegalMove):
        decide(change)


def test_asking_the_same_twice_is_one_wish_and_another_has_to_wait(paid_a_part):
    walk, _agreement = paid_a_part
    first = ask(walk)

    assert ask(walk) == first
    with pytest.raises(IllegalMove):
        ask(walk, [Instalment(LAST, Decimal("1100.00"))])
    plan_changes.withdraw(change_id=first.pk, member=walk.member, at=on(date(2020, 5, 13)))
    assert ask(walk, [Instalment(LAST, Decimal("1100.00"))]) != first


def test_a_plan_never_lasts_longer_than_the_term_and_is_of_what_is_open(paid_a_part):
    walk, _agreement = paid_a_part

    with pytest.raises(BadPlan, match="晚于最迟缴清日"):
        ask(walk, [Instalment(date(2021, 1, 1), Decimal("1100.00"))])
    with pytest.raises(BadPlan, match="还差"):
        ask(walk, [Instalment(LAST, Decimal("1000.00"))])
    with pytest.raises(NoReason):
        ask(walk, reason=" ")


def test_only_who_signs_asks_and_only_the_office_of_the_agreement_decides(paid_a_part):
    walk, _agreement = paid_a_part
    preparer = make_member(walk.application.employer, role=Membership.Role.PREPARER)

    with pytest.raises(NotYours):
        ask(walk, member=preparer)
    change = ask(walk)
    for stranger in (handler(CITY), handler("510411"), office("HR", COUNTY), walk.decider):
        with pytest.raises(NotYours):
            decide(change, by=stranger)


def test_a_plan_whose_first_day_has_passed_is_not_granted(paid_a_part):
    walk, _agreement = paid_a_part
    change = ask(walk)

    with pytest.raises(IllegalMove, match="第一期已经到了"):
        decide(change, day=JUNE)


def test_nothing_is_planned_of_what_is_paid_up_or_overdue():
    walk, agreement = agreed()
    for fund, amount in (("pension", "1600.00"), ("unemployment", "60.00"), ("injury", "40.00")):
        pay(walk.application.employer, amount, insurance=fund, arrived_on=date(2020, 5, 10))

    with pytest.raises(plan_changes.NothingOpen):
        ask(walk)
    follow(agreement, date(2020, 5, 11))
    with pytest.raises(IllegalMove):
        ask(walk)


def test_reminders_follow_the_new_plan(paid_a_part):
    walk, agreement = paid_a_part
    decide(ask(walk))

    follow(agreement, date(2020, 6, 20))

    reminder = Notice.objects.get(key__startswith="deferral:remind:")
    assert "2020-06-30 前缴 300.00 元" in reminder.title


def test_the_database_keeps_a_decided_wish_as_it_was(paid_a_part):
    walk, _agreement = paid_a_part
    change = decide(ask(walk))

    change.state = ChangeState.REFUSED
    assert attempt(change.save)
    change.refresh_from_db()
    change.reason = "别的"
    assert attempt(change.save)
    change.refresh_from_db()
    assert attempt(change.delete)


def test_a_withdrawn_payment_opens_the_first_row_again(paid_a_part):
    walk, agreement = paid_a_part
    decide(ask(walk))
    assert standing([agreement], date(2020, 5, 15))[0].missed(date(2020, 5, 15)) == 0
    # Taken back as an import takes it back: a counter-row of the same day.
    paid = Payment.objects.get()
    Payment.objects.create(
        employer=paid.employer,
        month=paid.month,
        insurance=paid.insurance,
        employer_amount=-paid.employer_amount,
        employee_amount=0,
        arrived_on=paid.arrived_on,
        voucher=paid.voucher,
        reverses=paid,
    )
    post_facts(paid.employer)

    assert now(agreement, date(2020, 5, 15)).missed(date(2020, 5, 15)) == Decimal("600.00")


def test_a_freeze_holds_back_wishes_and_their_decisions_but_no_person(paid_a_part):
    walk, _agreement = paid_a_part
    frozen = on(date(2020, 5, 12))
    window(frozen.date(), frozen.date(), at=frozen, holds_submissions=True, holds_decisions=True)

    with pytest.raises(Frozen, match="提交申请"):
        ask(walk)
    change = ask(walk, day=date(2020, 5, 13))
    window(date(2020, 5, 14), date(2020, 5, 14), at=frozen, holds_decisions=True)
    with pytest.raises(Frozen, match="审批"):
        decide(change)
    assert decide(change, day=date(2020, 5, 15)).state == ChangeState.GRANTED
    # A person waits: what they need isn't held back.
    assert begin(walk, day=date(2020, 5, 14)).state == PersonState.TO_PAY
