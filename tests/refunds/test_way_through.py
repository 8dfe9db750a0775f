"""Every move of a refund, each service also run twice in a row."""

from decimal import Decimal

import pytest

from casework.models import Move, Notice
from refunds import accounts
from refunds.models import Approval, Attempt, Batch, Obligation
from refunds.services import approve, batches, choose
from refunds.workflow import MOVES, Action, IllegalMove, State, next_state
from registry.models import BankAccount, Post, UnitType
from relief.models import PaidBack
from tests import factories
from tests.factories import AT
from tests.refunds.making import account, assess, make_run, offer, overpay, row

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("action", list(Action))
def test_an_action_starts_only_where_the_table_says(action):
    for state in State:
        if state in MOVES[action].sources:
            assert next_state(state, action) == MOVES[action].target
        else:
            with pytest.raises(IllegalMove):
                next_state(state, action)


def test_the_whole_way_stands_in_one_timeline(cast):
    obligation = cast.bring("PAID")
    steps = Move.objects.filter(matter_kind="refund", matter_id=obligation.pk).order_by("pk")
    assert [step.after for step in steps] == [
        "OFFERED",
        "CHOSEN",
        "CHECKED",
        "APPROVED",
        "IN_BATCH",
        "AT_BANK",
        "PAID",
    ]
    assert "周复核" in steps[2].by_name
    assert "吴财务" in steps[3].by_name
    assert "到账" in Notice.objects.latest("pk").title


def test_choosing_twice_is_refused(cast):
    obligation = cast.bring("CHOSEN")
    with pytest.raises(IllegalMove, match="待初审"):
        cast.choose(obligation)
    assert obligation.submissions.count() == 1


def test_a_foreign_receipt_is_not_found(cast):
    obligation = cast.bring("OFFERED")
    stranger = factories.make_member()
    with pytest.raises(choose.NothingToChoose):
        choose.choose_refund(
            member=stranger,
            receipts=[obligation.receipt],
            account=account(stranger.employer),
            at=AT,
        )


@pytest.mark.parametrize("state", ["CHOSEN", "CHECKED"])
def test_a_choice_may_be_taken_back_before_the_second_approval(cast, state):
    obligation = cast.bring(state)
    member = cast.member(obligation.employer)
    choose.withdraw(member=member, receipt=obligation.receipt, at=AT)
    with pytest.raises(IllegalMove):
        choose.withdraw(member=member, receipt=obligation.receipt, at=AT)
    obligation.refresh_from_db()
    assert obligation.state == "OFFERED"

    cast.choose(obligation)
    with pytest.raises(approve.WrongPost):  # both levels anew, the first one first
        cast.approve(obligation)


def test_a_choice_whose_money_is_queued_stands(cast):
    obligation = cast.bring("IN_BATCH")
    with pytest.raises(IllegalMove):
        choose.withdraw(member=cast.member(obligation.employer), receipt=obligation.receipt, at=AT)


@pytest.mark.parametrize(
    ("holder", "good"),
    [
        ("攀枝花市某厂", True),
        ("攀枝花市 某厂", True),
        ("攀枝花市\u3000某厂", True),
        ("王法人", False),
        ("攀枝花市某厂一分厂", False),
    ],
)
def test_the_holder_is_the_unit(holder, good):
    check = lambda: accounts.check_holder(  # noqa: E731
        holder, employer_name="攀枝花市某厂", unit_type=UnitType.ENTERPRISE, legal_person="王法人"
    )
    if good:
        check()
    else:
        with pytest.raises(accounts.BadAccount):
            check()


def test_an_individual_business_may_be_paid_to_its_owner(cast):
    shop = factories.make_employer(
        unit_type=UnitType.INDIVIDUAL_BUSINESS, name="（东区）王记小吃店"
    )
    for holder in ["(东区)王记小吃店", "王 法人"]:
        choose.check_account(account(shop, holder=holder), member=cast.member(shop), at=AT)
    with pytest.raises(accounts.BadAccount, match="户名"):
        choose.check_account(account(shop, holder="李四"), member=cast.member(shop), at=AT)


@pytest.mark.parametrize(
    ("field", "value"), [("bank_code", "102665002001"), ("bank_code", "1026"), ("number", "123")]
)
def test_a_wrong_number_is_refused_where_it_stands(cast, field, value):
    obligation = cast.bring("OFFERED")
    given = account(obligation.employer)
    wrong = choose.Account(**{**given.__dict__, field: value})
    with pytest.raises(accounts.BadAccount) as refusal:
        choose.choose_refund(
            member=cast.member(obligation.employer),
            receipts=[obligation.receipt],
            account=wrong,
            at=AT,
        )
    assert refusal.value.field == {"number": "account"}.get(field, field)
    assert Obligation.objects.get().state == "OFFERED"


def test_deciding_twice_is_refused(cast):
    obligation = cast.bring("CHECKED")
    with pytest.raises(approve.WrongPost):
        cast.check(obligation)
    cast.approve(obligation)
    with pytest.raises(IllegalMove):
        cast.approve(obligation)
    assert Approval.objects.count() == 2


def test_one_person_never_decides_on_both_levels(cast):
    obligation = cast.bring("CHECKED")
    cast.reviewer.post = Post.FUND_FINANCE
    cast.reviewer.save()
    with pytest.raises(approve.SamePerson):
        cast.check(obligation)


@pytest.mark.parametrize("post", [Post.HANDLER, Post.FUND_FINANCE, Post.AUDIT, Post.OPINION])
def test_only_a_reviewer_gives_the_first_approval(cast, post):
    obligation = cast.bring("CHOSEN")
    with pytest.raises(approve.WrongPost):
        approve.grant(obligation_id=obligation.pk, officer=factories.make_officer(post), at=AT)


@pytest.mark.parametrize("district", ["510403", "510400"])
def test_another_agencys_reviewer_finds_nothing(cast, district):
    obligation = cast.bring("CHOSEN")
    officer = factories.make_officer(Post.REVIEWER, district=district)
    with pytest.raises(approve.NotYours):
        approve.grant(obligation_id=obligation.pk, officer=officer, at=AT)


def test_a_page_that_is_out_of_date_decides_nothing(cast):
    obligation = cast.bring("CHECKED")
    with pytest.raises(IllegalMove, match="待复审"):
        approve.grant(
            obligation_id=obligation.pk,
            officer=cast.cashier,
            level=Approval.Level.FIRST,
            at=AT,
        )


@pytest.mark.parametrize("state", ["CHOSEN", "CHECKED"])
def test_a_refusal_names_its_reason_and_the_enterprise_may_try_again(cast, state):
    obligation = cast.bring(state)
    officer = cast.reviewer if state == "CHOSEN" else cast.cashier
    with pytest.raises(approve.ReasonMissing):
        approve.refuse(obligation_id=obligation.pk, reason="  ", officer=officer, at=AT)
    approve.refuse(obligation_id=obligation.pk, reason="账户已注销", officer=officer, at=AT)
    with pytest.raises(IllegalMove):
        approve.refuse(obligation_id=obligation.pk, reason="账户已注销", officer=officer, at=AT)

    obligation.refresh_from_db()
    assert (obligation.state, obligation.reason) == ("RETURNED", "账户已注销")
    assert "账户已注销" in Notice.objects.latest("pk").body
    offer(obligation.employer)  # the sweeper leaves it as it is
    cast.choose(obligation)
    obligation.refresh_from_db()
    assert (obligation.state, obligation.reason) == ("CHOSEN", "")


def test_many_at_once_leave_out_what_cannot_be_agreed_to(cast):
    good = [cast.bring("CHOSEN") for _ in range(3)]
    other = cast.bring("OFFERED")
    result = approve.grant_many(
        contents={found.pk: None for found in [*good, other]},
        level=Approval.Level.FIRST,
        officer=cast.reviewer,
        at=AT,
    )
    assert len(result.done) == 3
    assert result.amount == Decimal("3000.00")
    assert [left for left, _ in result.left] == [other.pk]
    again = approve.grant_many(
        contents={found.pk: None for found in good},
        level=Approval.Level.FIRST,
        officer=cast.reviewer,
        at=AT,
    )
    assert again.done == []


def test_sealing_takes_one_fund_and_sealing_again_finds_nothing(cast):
    pension = cast.bring("APPROVED")
    injury = cast.bring("APPROVED", insurance="injury")
    batch = cast.seal("pension")

    attempt = Attempt.objects.get()
    assert attempt.obligation == pension
    assert (batch.number, attempt.line_no) == ("YL20200720001", "YL20200720001000001")
    assert (batch.count, batch.total) == (1, Decimal("1000.00"))
    with pytest.raises(batches.NothingToSeal):
        cast.seal("pension")
    injury.refresh_from_db()
    assert injury.state == "APPROVED"


def test_only_the_citys_fund_finance_drafts(cast):
    cast.bring("APPROVED")
    for officer in [cast.reviewer, factories.make_officer(Post.FUND_FINANCE), cast.head]:
        with pytest.raises(approve.WrongPost):
            batches.draft_batch(insurance="pension", officer=officer, at=AT)


def test_nothing_is_paid_from_an_unknown_account(cast):
    cast.bring("APPROVED")
    with pytest.raises(batches.NoFundAccount):
        batches.draft_batch(insurance="pension", officer=cast.cashier, at=AT)


def test_what_is_owed_no_longer_is_not_sealed(cast):
    good, gone = cast.bring("APPROVED"), cast.bring("APPROVED")
    assess(gone.employer, fraction="0.5", run=make_run())
    batch = cast.seal()
    assert [attempt.obligation for attempt in batch.attempts.all()] == [good]
    gone.refresh_from_db()
    assert gone.state == "SUPERSEDED"


def test_a_bounced_refund_goes_out_again_to_the_new_account(cast):
    obligation = cast.bring("BOUNCED")
    notice = Notice.objects.latest("pk")
    assert "账号与户名不符" in notice.body
    assert obligation.reason == "账号与户名不符"

    cast.correct(obligation)
    with pytest.raises(IllegalMove):
        cast.correct(obligation)
    cast.confirm(obligation)
    obligation.refresh_from_db()
    assert obligation.state == "APPROVED"
    assert BankAccount.objects.latest("pk").number == "6222020000000002"
    assert BankAccount.objects.latest("pk").origin == "CORRECTED"

    with pytest.raises(batches.NothingToSeal):
        cast.draft()  # the new account still cools
    cast.cool(obligation)
    second = cast.seal()
    assert second.number == "YL20200720002"
    attempts = obligation.attempts.order_by("number")
    assert [(a.number, a.state, a.account[-4:]) for a in attempts] == [
        (1, "BOUNCED", "0001"),
        (2, "QUEUED", "0002"),
    ]
    cast.answer(obligation)
    obligation.refresh_from_db()
    assert obligation.state == "PAID"
    assert PaidBack.objects.get().amount == Decimal("1000.00")


def test_a_new_account_may_be_refused(cast):
    obligation = cast.bring("CORRECTED")
    approve.refuse(
        obligation_id=obligation.pk, reason="请上传开户许可证", officer=cast.reviewer, at=AT
    )
    obligation.refresh_from_db()
    assert obligation.state == "BOUNCED"
    assert BankAccount.objects.count() == 1
    cast.correct(obligation, number="6222020000000003")
    cast.confirm(obligation)
    cast.cool(obligation)
    cast.seal()
    assert Attempt.objects.latest("number").account == "6222020000000003"


def test_who_released_a_refund_does_not_confirm_its_new_account(cast):
    obligation = cast.bring("CORRECTED")
    cast.cashier.post = Post.REVIEWER
    cast.cashier.agency = cast.reviewer.agency
    cast.cashier.save()
    with pytest.raises(approve.SamePerson):
        approve.grant(obligation_id=obligation.pk, officer=cast.cashier, at=AT)


def test_a_return_after_success_takes_the_money_back_into_the_books(cast):
    obligation = cast.bring("PAID")
    cast.answer(obligation, outcome="退票", reason="账户已销户", on="2020-07-19")
    obligation.refresh_from_db()
    assert (obligation.state, obligation.reason) == ("BOUNCED", "账户已销户")
    assert [back.amount for back in PaidBack.objects.order_by("pk")] == [
        Decimal("1000.00"),
        Decimal("-1000.00"),
    ]
    offer(obligation.employer)  # still the same debt, no second one
    assert Obligation.objects.count() == 1
    assert Batch.objects.get().state == "ANSWERED"


def test_overpay_and_rows_are_what_the_tests_think(cast):
    obligation = cast.bring("AT_BANK")
    attempt = obligation.attempts.get()
    assert row(attempt)["amount"] == "1000.00"
    assert overpay().refunds.count() == 0
