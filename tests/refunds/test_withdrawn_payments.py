"""Payments taken back: not while a refund rests on them; an offer falls with them."""

import pytest

from refunds.models import Obligation
from refunds.services import offers
from registry import scope
from registry.intake import services
from registry.models import Import, Post
from tests.factories import AT, make_employer, make_officer
from tests.refunds.making import Cast, assess, offer
from tests.registry.workbooks import bring_in, headers, workbook, worked_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    return make_officer(district="510400")


@pytest.fixture
def employer(city):
    """A unit that paid 1,000 yuan of a month that is waived, by a workbook."""
    found = make_employer()
    assess(found, gross="1000.00")
    return found


def paid(employer, *, by):
    month = f"{employer.assessment_set.get().month:%Y-%m}"
    row = [employer.uscc, month, "养老", "1000.00", "0", "2020-03-10", f"V{employer.pk}"]
    return bring_in("payments", workbook(headers("payments"), row), by=by)


def ask(done, officer):
    return services.ask_withdrawal(
        import_id=done.pk, by=scope.viewer_of(officer.user), reason="重复入账", at=AT
    )


@pytest.mark.parametrize("state", ["CHOSEN", "APPROVED", "IN_BATCH", "PAID", "BOUNCED"])
def test_while_a_refund_rests_on_them_they_stay(city, employer, state):
    done = paid(employer, by=city)
    Cast().bring(state, employer=employer)

    with pytest.raises(services.NotWithdrawable, match="1 笔退费"):
        ask(done, city)


def test_an_offer_nobody_has_taken_up_falls_with_them(city, employer):
    done = paid(employer, by=city)
    offer(employer)
    reviewer = make_officer(Post.REVIEWER, district="510400")

    asked = worked_on(ask(done, city))
    services.second(
        import_id=asked.pk,
        by=scope.viewer_of(reviewer.user),
        seen=asked.preview_sha256,
        at=AT,
    )
    assert worked_on(asked).stage == Import.Stage.STORED
    offers.work_due(clock=lambda: AT)

    assert [o.state for o in Obligation.objects.filter(employer=employer)] == ["SUPERSEDED"]


def test_a_refund_chosen_between_asking_and_agreeing_stops_it(city, employer):
    done = paid(employer, by=city)
    reviewer = make_officer(Post.REVIEWER, district="510400")
    asked = worked_on(ask(done, city))
    services.second(
        import_id=asked.pk,
        by=scope.viewer_of(reviewer.user),
        seen=asked.preview_sha256,
        at=AT,
    )
    Cast().bring("CHOSEN", employer=employer)

    ended = worked_on(asked)

    assert (ended.stage, "1 笔退费" in ended.progress_note) == (Import.Stage.DISCARDED, True)
    done.refresh_from_db()
    assert done.stage == Import.Stage.STORED
