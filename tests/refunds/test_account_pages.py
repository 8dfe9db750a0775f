"""The pages of changes of account, walked as people walk them."""

import pytest
from django.urls import reverse

from refunds.models import AccountChange
from refunds.services import account_cases
from registry.models import BankOffice, Post
from relief.models import Payment
from tests import factories
from tests.factories import AT
from tests.refunds.making import account, offer, overpay
from tests.refunds.test_account_cases import NEW, OLD, propose
from tests.refunds.test_pages import client_for, page

pytestmark = pytest.mark.django_db


def test_a_unit_changes_its_account_and_two_officers_agree(cast):
    employer = factories.make_employer()
    client = client_for(cast.member(employer))
    assert "没有账户变更" in page(client, "portal_refunds:accounts")
    given = account(employer, number=NEW)
    answer = client.post(
        reverse("portal_refunds:account_propose"),
        {
            "holder": given.holder,
            "bank": given.bank,
            "bank_code": given.bank_code,
            "number": "6222 0200 0000 0077",
            "reason": "基本户迁移",
            "confirmed": "1",
        },
    )
    case = AccountChange.objects.get()
    assert answer.status_code == 302
    assert case.number == NEW
    assert "待核对" in page(client, "portal_refunds:account_case", case.receipt)
    for officer, reached in ((cast.reviewer, "CHECKED"), (cast.accountant, "CONFIRMED")):
        desk = client_for(officer)
        shown = page(desk, "desk_refunds:account_case", case.receipt)
        assert OLD in shown
        assert NEW in shown
        case.refresh_from_db()
        desk.post(
            reverse("desk_refunds:account_case", args=[case.receipt]),
            {"decision": "grant", "seen": case.state},
        )
        case.refresh_from_db()
        assert case.state == reached
    assert NEW not in page(client_for(cast.reviewer), "desk_refunds:account_case", case.receipt)
    assert "以后才向新账户付款" in page(client, "portal_refunds:account_case", case.receipt)


def test_the_account_in_force_needs_no_change_and_a_wrong_code_is_told_at_its_field(cast):
    employer = factories.make_employer()
    client = client_for(cast.member(employer))
    given = account(employer, number=OLD)
    asked = {
        "holder": given.holder,
        "bank": given.bank,
        "bank_code": given.bank_code,
        "number": given.number,
        "reason": "x",
    }
    url = reverse("portal_refunds:account_propose")
    assert "就是现在登记的" in client.post(url, asked).content.decode()
    wrong = client.post(url, asked | {"number": NEW, "bank_code": "102665002001"})
    assert "校验不通过" in wrong.content.decode()
    assert not AccountChange.objects.exists()


def test_the_unit_takes_it_back_on_the_page_and_nobody_decides_any_more(cast):
    employer = factories.make_employer()
    case = propose(cast, employer)
    client = client_for(cast.member(employer))
    url = reverse("portal_refunds:account_withdraw", args=[case.receipt])
    assert "要撤回" in client.get(url).content.decode()
    client.post(url)
    late = client_for(cast.reviewer).post(
        reverse("desk_refunds:account_case", args=[case.receipt]),
        {"decision": "grant", "seen": "PROPOSED"},
    )
    assert "已撤回" in late.content.decode()
    case.refresh_from_db()
    assert case.state == "WITHDRAWN"


def test_a_refund_whose_account_cools_says_until_when(cast):
    obligation = cast.bring("CORRECTED")
    shown = page(client_for(cast.cashier), "desk_refunds:detail", obligation.receipt)
    assert "现在不能付款" in shown


def test_accounts_of_several_units_are_listed_for_audit(cast):
    first = factories.make_employer(account="6222020000000999")
    second = factories.make_employer(account="6222020000000999")
    factories.make_employer(account="6222020000000555")
    shown = page(client_for(cast.auditor), "desk_refunds:account_shared")
    assert first.name in shown
    assert second.name in shown
    assert "0555" not in shown
    assert "6222020000000999" not in shown


@pytest.mark.parametrize("name", ["account_cases", "account_shared"])
def test_a_list_asks_as_often_for_many_as_for_few(cast, name, django_assert_max_num_queries):
    officer = client_for(cast.auditor)
    counts = []
    for rows in (1, 19):
        for number in range(rows):
            employer = factories.make_employer(account=f"62220200001{rows:02}{number:03}")
            factories.make_employer(account=f"62220200001{rows:02}{number:03}")
            account_cases.propose(
                member=factories.make_member(employer),
                account=account(employer, number=NEW),
                reason="x",
                at=AT,
            )
        with django_assert_max_num_queries(40) as counted:
            page(officer, f"desk_refunds:{name}")
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_the_to_do_list_names_what_waits(cast):
    propose(cast, factories.make_employer())
    assert "收款账户变更待核对" in client_for(cast.reviewer).get("/desk/").content.decode()


def test_an_officer_of_another_county_finds_nothing(cast):
    case = propose(cast, factories.make_employer())
    stranger = client_for(factories.make_officer(Post.REVIEWER, district="510403"))
    url = reverse("desk_refunds:account_case", args=[case.receipt])
    assert stranger.get(url).status_code == 404


def _paid_from(employer, *, number, holder="", **fields):
    first = Payment.objects.filter(employer=employer).first()
    return Payment.objects.create(
        employer=employer,
        month=first.month,
        insurance=first.insurance,
        employer_amount=0,
        employee_amount=0,
        arrived_on=first.arrived_on,
        voucher=f"P{number}{len(fields)}",
        payer_number=number,
        payer_holder=holder or employer.name,
        **fields,
    )


def test_the_account_that_paid_is_offered_first_and_asks_only_for_its_bank(cast):
    employer = overpay()
    _paid_from(employer, number="6222020000000321")
    _paid_from(employer, number="6222020000000654", holder="别的公司")
    offer(employer)
    client = client_for(cast.member(employer))
    shown = page(client, "portal_refunds:choose")
    assert "原缴费账户" in shown
    assert shown.index("尾号0321") < shown.index("登记的账户")
    assert "尾号0654" not in shown
    url = reverse("portal_refunds:choose")
    receipt = employer.refunds.get().receipt
    missing = client.post(url, {"which": "paying", "receipt": receipt})
    assert "请填写开户行行号" in missing.content.decode()
    known = account(employer)
    client.post(
        url,
        {
            "which": "paying",
            "receipt": receipt,
            "bank": known.bank,
            "bank_code": known.bank_code,
            "confirmed": "1",
        },
    )
    submission = employer.refunds.get().submissions.get()
    assert submission.account == "6222020000000321"
    assert submission.cooling_until is None  # it paid before: nobody slipped it in


def test_a_payment_taken_back_vouches_for_no_account(cast):
    employer = overpay()
    taken = _paid_from(employer, number="6222020000000321")
    _paid_from(employer, number="6222020000000321", reverses=taken)
    offer(employer)
    assert "原缴费账户" not in page(client_for(cast.member(employer)), "portal_refunds:choose")
    obligation = employer.refunds.get()
    cast.choose(obligation, number="6222020000000321")
    assert obligation.submissions.get().cooling_until is not None


def test_a_code_that_the_table_has_closed_is_told_at_its_field(cast):
    employer = factories.make_employer()
    given = account(employer, number=NEW)
    BankOffice.objects.create(
        code=given.bank_code, name="某银行老支行", state="CLOSED", dated=AT.date(), recorded_at=AT
    )
    answer = client_for(cast.member(employer)).post(
        reverse("portal_refunds:account_propose"),
        {
            "holder": given.holder,
            "bank": given.bank,
            "bank_code": given.bank_code,
            "number": NEW,
            "reason": "基本户迁移",
        },
    )
    assert "（某银行老支行）已撤销" in answer.text
    assert not AccountChange.objects.exists()


def test_who_approves_sees_what_is_odd_about_the_bank_and_who_else_uses_the_account(cast):
    obligation = cast.bring("CHOSEN")
    number = obligation.submissions.get().account
    reviewer = client_for(cast.reviewer)
    address = reverse("desk_refunds:detail", args=[obligation.receipt])
    assert "个单位使用这个账户" not in reviewer.get(address).text
    factories.make_employer(account=number)
    BankOffice.objects.create(
        code=obligation.submissions.get().bank_code,
        name="中国工商银行攀枝花分行",
        state="CLOSED",
        dated=AT.date(),
        recorded_at=AT,
    )
    shown = reviewer.get(address).text
    assert "另有 1 个单位使用这个账户" in shown
    assert "已撤销，请向开户银行" in shown
    assert reverse("desk_refunds:account_shared") not in shown
    cast.check(obligation)
    shown = client_for(cast.accountant).get(address).text
    assert reverse("desk_refunds:account_shared") in shown
