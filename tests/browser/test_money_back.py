"""The main job as people do it: from two workbooks to the bank's answer, in six roles.

An enterprise, the reviewer of its district and four people of the city each sit at a browser of
their own. What the worker and the bank would do in between is done by the same commands.
"""

from datetime import date

import pytest
from django.core.management import call_command
from django.urls import reverse

from refunds.models import Obligation
from refunds.services import offers
from registry.models import Post
from relief.models import PaidBack
from tests.browser.money import Hands, decide_all, sign_in
from tests.factories import AT, make_employer, make_member, make_officer
from tests.refunds.making import Cast
from tests.registry.workbooks import bring_in, headers, make_person, workbook

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "攀枝花市向阳坡食品厂"
# Two persons at 5,000.00 yuan, injury 0.4 %: 1,600.00 + 60.00 + 40.00 a month, twice.
DUE = {"养老": "1600.00", "失业": "60.00", "工伤": "40.00"}


@pytest.fixture(autouse=True)
def bank_dir(settings, tmp_path):
    settings.BANK_DIR = tmp_path / "bank"


def declare_and_pay(employer):
    """Bring in size, declarations and payments of February and March, as workbooks."""
    by = make_officer(district="510400")
    sized = [employer.uscc, employer.name, "小型", "2020-02-10"]
    assert bring_in("sizes", workbook(headers("sizes"), sized), by=by).accepted == 1
    lines = [
        [employer.uscc, month, make_person(person), "李某", 5000, 5000, 5000]
        for month in ("2020-02", "2020-03")
        for person in (1, 2)
    ]
    assert bring_in("declarations", workbook(headers("declarations"), *lines), by=by).accepted == 4
    paid = [
        [employer.uscc, month, name, amount, 0, "2020-03-20", f"V-{month}-{name}"]
        for month in ("2020-02", "2020-03")
        for name, amount in DUE.items()
    ]
    assert bring_in("payments", workbook(headers("payments"), *paid), by=by).accepted == 6


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_overpaid_money_comes_back_through_six_pairs_of_hands(
    open_page, accessible, picture, width, scripts
):
    # axe itself is a script; the pages it looks over are the same.
    accessible = accessible if scripts else lambda page: None
    employer = make_employer(name=NAME, account="6222020000000017")
    declare_and_pay(employer)
    call_command("recalculate", as_of="2020-07-20", local=True)
    offers.work_due(clock=lambda: AT)
    Cast().register_funds()
    make_member(employer, username="firm")
    make_officer(Post.REVIEWER, username="reviewer", name="周复核")
    firm, reviewer = (open_page(width=width, scripts=scripts) for _ in range(2))
    hands = Hands.come_in(open_page, accessible, width=width, scripts=scripts)
    cashier = hands.cashier

    # The enterprise is told unasked, looks why, and chooses the refund.
    sign_in(firm, "firm")
    firm.get_by_text("3,400.00").first.wait_for()
    accessible(firm)
    picture(firm, f"portal-home-{width}")
    firm.get_by_role("link", name="有钱要退给您").click()
    accessible(firm)
    picture(firm, f"refund-offer-{width}")
    firm.get_by_role("link", name="选择退费，确认收款账户").click()
    accessible(firm)
    firm.get_by_role("radio").first.check()
    firm.get_by_role("button", name="下一步：核对").click()
    accessible(firm)
    picture(firm, f"refund-check-{width}")
    firm.get_by_role("button", name="提交退费申请").click()
    firm.get_by_text("已提交").first.wait_for()
    accessible(firm)
    assert set(Obligation.objects.values_list("state", flat=True)) == {"CHOSEN"}

    # Two officers agree, one after the other.
    sign_in(reviewer, "reviewer")
    decide_all(reviewer, accessible, "退费待初审", count=3)
    assert set(Obligation.objects.values_list("state", flat=True)) == {"CHECKED"}
    decide_all(cashier, accessible, "退费待复审", count=3)
    assert set(Obligation.objects.values_list("state", flat=True)) == {"APPROVED"}

    # One batch per fund: drafted, looked at, checked and approved by four; the bank answers.
    for fund in DUE:
        hands.bring_to_approval(fund)
    hands.exchange()
    cashier.get_by_text("已送盘").first.wait_for()
    call_command("demo_bank", verbosity=0)
    hands.exchange()
    cashier.goto(reverse("desk_refunds:bank_files"))
    accessible(cashier)
    picture(cashier, f"bank-files-{width}")

    # Paid, once, by month; and everybody sees the same timeline.
    assert set(Obligation.objects.values_list("state", flat=True)) == {"PAID"}
    assert {(line.month, line.insurance, str(line.amount)) for line in PaidBack.objects.all()} == {
        (month, insurance, amount)
        for month in (date(2020, 2, 1), date(2020, 3, 1))
        for insurance, amount in zip(
            ("pension", "unemployment", "injury"), DUE.values(), strict=True
        )
    }
    refund = Obligation.objects.get(insurance="pension")
    firm.goto(reverse("portal_refunds:detail", args=[refund.receipt]))
    cashier.goto(reverse("desk_refunds:detail", args=[refund.receipt]))
    for page in (firm, cashier):
        page.get_by_text("已到账").first.wait_for()
        page.get_by_text("吴财务").first.wait_for()
        accessible(page)
    picture(firm, f"refund-paid-{width}")
    picture(cashier, f"desk-refund-paid-{width}")
