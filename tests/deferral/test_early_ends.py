"""An agreement ends before its time only as shown, proposed by one office, decided by another."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from casework.models import Notice
from deferral.endings import endings
from deferral.services import early_ends, following
from deferral.services.moving import NotYours
from deferral.services.taking_in import NoReason
from deferral.workflow import AgreementState, ChangeState, IllegalMove
from registry.models import Post
from relief.queries import late_fees
from relief.queries.recoveries import owed
from tests.deferral.builders import CITY, COUNTY, Walk, office
from tests.deferral.test_following import agreed, on
from tests.factories import make_employer
from tests.guarding import attempt, without
from tests.relief.builders import pay

pytestmark = pytest.mark.django_db

MAY_4, MAY_6 = date(2020, 5, 4), date(2020, 5, 6)


def handler(district=COUNTY):
    return office("SOCIAL_INSURANCE", district, post=Post.HANDLER)


def propose(walk, agreement, ground="default", *, by=None, successor=None, day=MAY_4, **said):
    shown = early_ends.preview(agreement, ground, day=day)
    return early_ends.propose(
        application_id=walk.application.pk,
        ground=ground,
        reason=said.get("reason", "催告两次仍不缴"),
        document=said.get("document", "催告通知书〔2020〕3号"),
        successor=successor,
        content=said.get("content", shown.content),
        by=by or handler(),
        at=on(day),
    )


def decide(end, walk: Walk, *, grant=True, answer="", by=None, day=MAY_6):
    return early_ends.decide(
        early_end_id=end.pk, grant=grant, answer=answer, by=by or walk.decider, at=on(day)
    )


def fees(walk, day):
    rows = late_fees.late_fees(day, employer_ids=[walk.application.employer_id])
    return {fee.insurance.value: fee.fee for fee in rows}


def test_what_it_would_do_is_shown_before_anything_happens():
    walk, agreement = agreed()
    pay(walk.application.employer, "600.00", arrived_on=date(2020, 4, 10))

    shown = early_ends.preview(agreement, "untrue", day=MAY_4)

    assert (shown.open, shown.due_on) == (Decimal("1100.00"), None)
    pension = next(row for row in shown.rows if row.insurance == "pension")
    assert (pension.due_before, pension.due_after) == (date(2020, 12, 31), date(2020, 3, 31))
    # 1,000.00 × 34 days × 0.05 %, and 0.50 for each further day.
    assert (pension.fee, pension.a_day) == (Decimal("17.00"), Decimal("0.50"))
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.IN_FORCE
    assert fees(walk, date(2020, 6, 1)) == {}


def test_with_time_to_pay_late_fees_run_only_after_it():
    walk, agreement = agreed()

    end = decide(propose(walk, agreement), walk)

    agreement.refresh_from_db()
    assert agreement.state == AgreementState.ENDED_EARLY
    assert end.due_on == date(2020, 5, 16)  # ten days after the decision
    assert fees(walk, date(2020, 5, 16)) == {}
    assert fees(walk, date(2020, 5, 26))["pension"] == Decimal("8.00")
    lines = owed(date(2020, 5, 26), employer_ids=[walk.application.employer_id])
    assert sum(line.owed for line in lines) == Decimal("1700.00")
    (told,) = Notice.objects.filter(title__contains="提前终止")
    assert "请在 2020-05-16 前缴清" in told.body


def test_untrue_papers_give_the_months_their_own_days_back():
    walk, agreement = agreed()

    decide(propose(walk, agreement, "untrue"), walk)

    # From 1 April to 10 May: 40 days.
    assert fees(walk, date(2020, 5, 10))["pension"] == Decimal("32.00")


def test_a_split_names_who_takes_the_duties_over_and_tells_both():
    walk, agreement = agreed()
    with pytest.raises(early_ends.NoSuccessor):
        propose(walk, agreement, "split")
    successor = make_employer(district=COUNTY)

    decide(propose(walk, agreement, "split", successor=successor), walk)

    told = Notice.objects.filter(title__contains="提前终止")
    assert {notice.employer_id for notice in told} == {walk.application.employer_id, successor.pk}
    assert all(successor.uscc in notice.body for notice in told)


def test_nobody_ends_it_alone_or_from_another_office():
    walk, agreement = agreed()
    for stranger in (handler(CITY), office("HR", COUNTY), walk.decider):
        with pytest.raises(NotYours):
            propose(walk, agreement, by=stranger)
    end = propose(walk, agreement)
    for stranger in (handler(), office("HR", COUNTY), office("FINANCE", CITY)):
        with pytest.raises(NotYours):
            decide(end, walk, by=stranger)


def test_what_changed_since_it_was_shown_or_proposed_is_asked_again():
    walk, agreement = agreed()
    shown = early_ends.preview(agreement, "default", day=MAY_4)
    pay(walk.application.employer, "600.00", arrived_on=date(2020, 4, 10))
    with pytest.raises(early_ends.PreviewChanged):
        propose(walk, agreement, content=shown.content)
    end = propose(walk, agreement)
    pay(walk.application.employer, "100.00", arrived_on=date(2020, 5, 5))

    with pytest.raises(early_ends.PreviewChanged):
        decide(end, walk)
    decide(end, walk, grant=False, answer="单位已部分缴款，请重新提出")
    assert propose(walk, agreement, day=MAY_6).state == ChangeState.ASKED


def test_a_no_needs_its_grounds_and_leaves_everything_as_it_was():
    walk, agreement = agreed()
    end = propose(walk, agreement)

    with pytest.raises(NoReason):
        decide(end, walk, grant=False)
    decide(end, walk, grant=False, answer="单位已说明情况")

    agreement.refresh_from_db()
    assert agreement.state == AgreementState.IN_FORCE
    assert fees(walk, date(2020, 6, 1)) == {}


def test_an_ended_agreement_stays_ended_whatever_the_daily_look_finds():
    walk, agreement = agreed()
    decide(propose(walk, agreement), walk)

    following.follow(clock=lambda: on(date(2021, 2, 1)))
    agreement.refresh_from_db()

    assert agreement.state == AgreementState.ENDED_EARLY
    with pytest.raises(IllegalMove):
        propose(walk, agreement)


@pytest.mark.parametrize("ending", endings(), ids=lambda ending: ending.code)
def test_an_end_never_gives_more_time_than_the_agreement_had(ending):
    _walk, agreement = agreed()

    rows = early_ends.preview(agreement, ending.code, day=date(2020, 12, 30)).rows

    assert all(row.due_after <= row.due_before for row in rows)
    assert ending.clause
    assert ending.confidence


def test_the_database_ends_nothing_that_nobody_decided():
    walk, agreement = agreed()

    def end_by_hand():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            cursor.execute(
                "UPDATE deferral_agreement SET state = 'ENDED_EARLY', ended_on = '2020-05-01',"
                " reason = 'x' WHERE id = %s",
                [agreement.pk],
            )

    assert "nobody decided to end" in attempt(end_by_hand)
    end = propose(walk, agreement)
    end.state, end.decided_by, end.decided_at = ChangeState.GRANTED, handler(), on(MAY_6)
    assert "only the city ends it early" in attempt(end.save)
    end.decided_by = end.proposed_by
    without("deferral_earlyend", "ended_by_the_city")
    assert "early_end_by_two" in attempt(end.save)
    without("deferral_agreement", "ended_as_decided")
    assert attempt(end_by_hand) == ""
