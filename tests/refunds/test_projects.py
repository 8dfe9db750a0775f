"""A construction project's money on its way back: the same path as every other refund (R15)."""

import json
from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from casework.models import Notice
from classification.models import Size
from refunds import objections, queries, queries_accounts, queries_explain
from refunds.models import Obligation, OfferWork
from refunds.services import bank, batches, choose, explanation_letters, offers, reconcile
from refunds.services.telling import for_unit
from registry.models import Employer, Post
from relief.ledger import services as ledger
from relief.ledger.verify import verify
from relief.models import Insurance, LedgerLeg, PaidBack, Payment, ProjectPaidBack
from relief.queries.projects import money
from relief.services import project_claims, projects
from tests.factories import AT, make_employer, make_member, make_officer
from tests.refunds import closing
from tests.refunds.guards.rows import fetch
from tests.refunds.making import TODAY, clock, offer, overpay
from tests.refunds.test_at_once import at_once
from tests.refunds.test_explaining import leaves
from tests.registry.workbooks import bring_in, headers, workbook
from tests.relief.builders import make_size, recalculate, sized_employer
from tests.relief.building import make_project, take_back

pytestmark = pytest.mark.django_db
INJURY = "injury"


def yuan(text: str) -> Decimal:
    return Decimal(text)


def built(*employers: Employer) -> None:
    """Let a run find what is waived, and look for what is owed back."""
    recalculate(TODAY)
    ledger.bring_up_to_date(employer_ids=[each.pk for each in employers], at=AT)
    offers.settle(employer_ids=[each.pk for each in employers], at=AT)


def contractor(**filed: str) -> Employer:
    """Return a small builder with one project, looked at by a run of today."""
    employer = sized_employer()
    make_project(employer, **filed)
    built(employer)
    return employer


def refunds_of(code: str = "XM1") -> list[Obligation]:
    return list(Obligation.objects.filter(project__code=code).order_by("pk"))


def live(code: str = "XM1") -> list[tuple[str, Decimal]]:
    closed = {"SUPERSEDED", "OFFSET"}
    return [(each.state, each.amount) for each in refunds_of(code) if each.state not in closed]


def book(code: str = "XM1") -> dict[str, Decimal]:
    legs = LedgerLeg.objects.filter(project__code=code).order_by()
    sums = legs.values_list("account").annotate(Sum("amount"))
    return {account: amount for account, amount in sums if amount}


def whole() -> None:
    """Hold the book against the facts and its chains."""
    assert not [found for block in ledger.blocks() for found in ledger.missing(at=AT, block=block)]
    assert verify(at=AT).ok


def test_what_is_waived_of_a_project_is_offered_and_told_with_its_months():
    employer = contractor()

    (refund,) = refunds_of()
    (item,) = refund.items.all()

    assert (refund.state, refund.insurance, refund.amount) == ("OFFERED", INJURY, yuan("50000.00"))
    assert (item.month, item.amount) == (date(2020, 3, 1), yuan("50000.00"))
    assert item.project_relief.months_relieved == 10
    told = Notice.objects.get(employer=employer).body
    for said in ("XM1（XM1工程）", "60,000.00元", "平摊到12个月，其中10个月", "不能冲抵"):
        assert said in told
    assert "两种办法" not in told
    assert book()["overpaid"] == yuan("-50000.00")
    assert "receivable" not in book()
    whole()


def test_the_whole_way_ends_on_the_account_and_in_the_book(cast):
    employer = contractor()
    (refund,) = refunds_of()

    paid = cast.bring("PAID", employer=employer)

    assert paid == refund
    assert not PaidBack.objects.exists()
    (back,) = ProjectPaidBack.objects.all()
    assert (back.amount, back.on) == (yuan("50000.00"), date(2020, 7, 18))
    assert book()["arrived"] == yuan("-50000.00")
    assert money(refund.project_id, TODAY).overpaid == 0
    whole()
    offer(employer)
    recalculate(TODAY)
    offer(employer)
    assert len(refunds_of()) == 1


def test_what_the_bank_returns_is_owed_again_and_paid_once_more(cast):
    employer = contractor()
    refund = cast.bring("PAID", employer=employer)
    cast.answer(refund, outcome="退票", reason="账户已销户")
    refund.refresh_from_db()

    assert refund.state == "BOUNCED"
    assert sum(each.amount for each in ProjectPaidBack.objects.all()) == 0
    whole()
    cast.correct(refund)
    cast.confirm(refund)
    cast.cool(refund)
    cast.seal(INJURY)
    bank.exchange(clock=clock)
    cast.answer(refund)
    refund.refresh_from_db()

    assert refund.state == "PAID"
    whole()


def test_it_is_never_netted_with_the_contractors_own_months():
    employer = contractor()
    overpay(employer, insurance=INJURY, amount="40.00")
    offer(employer)

    ours = Obligation.objects.filter(employer=employer).exclude(state="SUPERSEDED")

    assert {(each.project_code, each.amount) for each in ours} == {
        ("XM1", yuan("50000.00")),
        ("", yuan("40.00")),
    }
    assert len({each.round for each in ours}) == 2
    whole()


def test_it_is_not_offset_by_whoever_chooses():
    employer = contractor()
    (refund,) = refunds_of()
    with pytest.raises(choose.OnlyRefunded, match="没有以后月份"):
        choose.choose_offset(member=make_member(employer), receipts=[refund.receipt], at=AT)
    proof = for_unit.Proof(evidence="PHONE", reference="0001", speaker="李会计", file=None, name="")
    with pytest.raises(for_unit.CannotNote, match="没有以后月份"):
        for_unit.note_choice(
            employer_id=employer.pk,
            receipts=[refund.receipt],
            wish="OFFSET",
            proof=proof,
            officer=make_officer(Post.HANDLER),
            at=AT,
        )
    assert live() == [("OFFERED", yuan("50000.00"))]


def test_what_is_flagged_is_offered_only_once_somebody_has_looked():
    employer = contractor(paid_on="2020-01-17")
    assert refunds_of() == []

    officer = make_officer(Post.HANDLER)
    projects.look(
        project_id=employer.projectversion_set.get().project_id,
        by=officer,
        note="合同开工3月1日，无误",
        day=TODAY,
        at=AT,
    )
    assert OfferWork.objects.filter(reason__startswith="建设项目已核对").count() == 1
    offers.work_due(clock=clock)

    assert live() == [("OFFERED", yuan("50000.00"))]
    whole()


def test_a_project_that_began_too_early_or_waits_for_its_class_gets_no_offer():
    contractor(start="2020-01-13")
    waiting = make_employer(insured_on=date(2020, 1, 1))
    make_project(waiting, "XM2")
    built(waiting)
    assert refunds_of() == []
    assert refunds_of("XM2") == []


def test_the_offer_grows_as_further_months_are_waived():
    employer = sized_employer()
    make_project(employer)
    recalculate(date(2020, 7, 16))
    ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT)
    offer(employer)
    assert live() == [("OFFERED", yuan("20000.00"))]

    built(employer)

    assert live() == [("OFFERED", yuan("50000.00"))]
    first, second = refunds_of()
    assert second.supersedes == first
    whole()


def test_what_was_chosen_stays_and_the_rest_becomes_another_offer(cast):
    employer = sized_employer()
    make_project(employer)
    recalculate(date(2020, 7, 16))
    ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT)
    cast.bring("CHECKED", employer=employer)

    built(employer)

    assert live() == [("CHECKED", yuan("20000.00")), ("OFFERED", yuan("30000.00"))]
    whole()


@pytest.mark.parametrize(("state", "left"), [("CHOSEN", []), ("AT_BANK", ["AT_BANK"])])
def test_a_version_taken_back_ends_what_the_bank_does_not_hold_yet(cast, state, left):
    employer = contractor()
    cast.bring(state, employer=employer)

    take_back(employer.projectversion_set.get())
    built(employer)

    assert [each for each, _ in live()] == left
    whole()


def test_a_batch_is_not_sealed_with_a_project_that_is_owed_less_now(cast):
    employer = contractor()
    refund = cast.bring("APPROVED", employer=employer)
    batch = cast.draft(INJURY)
    cast.clear(batch)
    cast.sign(batch)
    make_size(employer, Size.LARGE, dated=date(2020, 7, 1))
    recalculate(TODAY)

    assert queries.not_covered([refund.pk], at=AT) == {refund.receipt: employer.pk}
    with pytest.raises(batches.NoLongerOwed, match=refund.receipt):
        batches.seal_batch(number=batch.number, at=AT)


def test_another_contractor_gets_what_the_former_one_has_not_had(cast):
    first = contractor()
    second = sized_employer()
    make_project(second)
    recalculate(TODAY)
    ledger.bring_up_to_date(employer_ids=[first.pk, second.pk], at=AT)

    offers.settle(employer_ids=[first.pk], at=AT)

    (refund,) = [each for each in refunds_of() if each.state == "OFFERED"]
    assert refund.employer == second
    assert live() == [("OFFERED", yuan("50000.00"))]
    whole()


def test_what_a_former_contractor_has_had_or_the_bank_has_is_not_paid_again(cast):
    first = contractor()
    refund = cast.bring("AT_BANK", employer=first)
    second = sized_employer()
    make_project(second)
    built(first, second)
    assert live() == [("AT_BANK", yuan("50000.00"))]

    cast.answer(refund)
    built(first, second)

    assert live() == [("PAID", yuan("50000.00"))]
    whole()


def test_a_refund_of_a_project_is_explained_and_its_leaves_add_up():
    contractor()
    (refund,) = refunds_of()

    found = queries_explain.explain(refund)

    (total,) = found.steps
    assert found.agrees
    assert leaves(total) == refund.amount
    (of_project,) = total.parts
    assert of_project.formula == "60,000.00 − 10,000.00"
    assert of_project.parts[1].parts[1].formula == "60,000.00 × 10 ÷ 12 × 100%"


def test_looking_twice_offers_once():
    employer = contractor()
    for _ in range(2):
        offers.settle(employer_ids=[employer.pk], at=AT)
        offers.mark_due(at=AT, employer_ids=[employer.pk], reason="再看一次")
        offers.work_due(clock=clock)
    assert len(refunds_of()) == 1


def test_the_paying_account_of_the_units_months_says_nothing_of_its_project():
    employer = contractor()
    (refund,) = refunds_of()
    Payment.objects.create(
        employer=employer,
        month=date(2020, 3, 1),
        insurance=INJURY,
        employer_amount=yuan("40.00"),
        employee_amount=0,
        arrived_on=date(2020, 3, 10),
        voucher="V1",
        payer_holder=employer.name,
        payer_number="6222020000000001",
    )

    assert queries_accounts.paying_account(employer, [refund], today=TODAY) is None


@pytest.mark.parametrize(
    ("price", "size", "back"),
    [
        ("55000000.00", Size.SMALL, "49000.00"),
        ("25000000.00", Size.SMALL, "55000.00"),
        ("55000000.00", Size.LARGE, "5000.00"),
    ],
)
def test_a_price_that_changes_alone_changes_what_goes_back_once_looked_at(price, size, back):
    employer = sized_employer(size)
    version = make_project(employer)
    make_project(employer, price=price)
    built(employer)
    assert refunds_of() == []

    projects.look(
        project_id=version.project_id,
        by=make_officer(Post.HANDLER),
        note="已与单位核对",
        day=TODAY,
        at=AT,
    )
    offers.work_due(clock=clock)

    assert live() == [("OFFERED", yuan(back))]
    (found,) = queries_explain.explain(refunds_of()[0]).steps
    assert leaves(found) == yuan(back)
    whole()


def test_a_price_that_rises_far_is_missing_in_the_book_and_nothing_is_offered():
    employer = sized_employer(Size.LARGE)
    version = make_project(employer)
    make_project(employer, price="500000000.00")
    built(employer)

    assert book()["receivable"] == yuan("440000.00")
    assert money(version.project_id, TODAY).underpaid == yuan("440000.00")
    assert refunds_of() == []
    whole()


def test_a_mistyped_price_makes_no_demand():
    employer = sized_employer()
    make_project(employer, price="50.00")
    make_project(employer, price="50000000.00")
    built(employer)
    assert live() == [("OFFERED", yuan("50000.00"))]


def test_an_import_is_not_taken_back_while_its_projects_money_is_on_its_way(cast):
    employer = sized_employer()
    row = ["XM1", "一期", employer.uscc, "50000000", "60000.00", "2020-03-02"]
    done = bring_in("projects", workbook(headers("projects"), [*row, "2020-03-01", "2021-02-28"]))
    built(employer)
    assert objections.objection(done) is None

    cast.bring("CHOSEN", employer=employer)

    assert "1 笔退费" in str(objections.objection(done))


def test_what_is_agreed_to_names_the_project_and_what_was_found_of_it(cast):
    refund = cast.bring("CHOSEN", employer=contractor())
    of_months = cast.bring("CHOSEN")
    content = "SELECT refunds_content(%s)::jsonb"

    (said,) = fetch(content, refund.submissions.get().pk)[0]
    (plain,) = fetch(content, of_months.submissions.get().pk)[0]

    item = refund.items.get()
    said, plain = json.loads(said), json.loads(plain)
    assert said["project"] == refund.project_id
    assert said["items"] == [["2020-03-01", 50000.0, item.project_relief_id, item.run_id]]
    assert "project" not in plain


def test_who_has_to_pay_more_is_told_once_after_the_look_and_when_it_is_over():
    employer = sized_employer(Size.LARGE)
    version = make_project(employer)
    make_project(employer, price="500000000.00")
    built(employer)
    assert project_claims.tell(at=AT) == 0  # nobody has looked yet

    projects.look(
        project_id=version.project_id, by=make_officer(Post.HANDLER), note="属实", day=TODAY, at=AT
    )
    assert [project_claims.tell(at=AT) for _ in range(2)] == [1, 0]
    told = Notice.objects.get(key__startswith="project.missing.")
    assert "应补440,000.00元" in told.title
    assert "减免前应缴600,000.00元" in told.body

    make_project(employer, price="500000000.00", premium="600000.00")
    built(employer)
    assert [project_claims.tell(at=AT) for _ in range(2)] == [1, 0]
    assert "不用再补" in Notice.objects.latest("pk").title
    assert live() == [("OFFERED", yuan("100000.00"))]


def test_the_day_of_its_payment_closes_with_a_certificate(cast):
    paid = cast.bring("PAID", employer=contractor()).attempts.get()
    number = f"{closing.ACCOUNT[:-1]}{list(Insurance).index(Insurance.INJURY)}"
    closing.state(closing.paid_out(paid), account=number)

    compared = reconcile.compare(number, closing.DAY)
    closed = closing.close(cast.accountant, account=number)

    assert compared.ledger == compared.answers == compared.statement == yuan("50000.00")
    assert closed.difference == 0
    assert closed.facts["batches"] == [[paid.batch.number, "1", "50,000.00", "0"]]


@pytest.mark.django_db(transaction=True)
def test_two_contractors_looked_at_at_the_very_same_moment_are_offered_it_once():
    first, second = sized_employer(), sized_employer()
    make_project(first)
    make_project(second)
    recalculate(TODAY)
    ledger.bring_up_to_date(employer_ids=[first.pk, second.pk], at=AT)

    at_once(*[lambda each=each: offer(each) for each in (first, second, second, first)])

    (refund,) = refunds_of()
    assert (refund.employer, refund.state) == (second, "OFFERED")


def test_the_letter_that_explains_it_names_the_project_and_its_contract():
    contractor()
    (refund,) = refunds_of()

    letter = explanation_letters.of_refund(obligation=refund, at=AT)

    said = json.dumps(letter.facts, ensure_ascii=False)
    for part in ("建设项目XM1", "XM1工程", "2020-03-01 至 2021-02-28", "50,000.00"):
        assert part in said
