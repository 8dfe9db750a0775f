"""A day in the life of public money: told, chosen, approved, sent, bounced, corrected, paid,
reconciled, and the certificate in hand.

Two enterprises, a reviewer and four people of the city sit at browsers of their own and use
links, buttons and forms only. The practice bank reads our files and writes its own.
"""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page
from pypdf import PdfReader

from refunds.fakebank.bank import Bank
from refunds.fakebank.folder import Folder
from refunds.models import DayClose, Obligation
from registry.models import Post
from tests.browser.money import Hands, Look, decide_all, sign_in
from tests.factories import make_account, make_employer, make_member, make_officer
from tests.refunds.making import offer, overpay
from tests.refunds.moods import Town

pytestmark = pytest.mark.django_db(transaction=True)
GOOD, WRONG, RIGHT = "6222020000000011", "6222020000000000", "6222020000000033"


@pytest.fixture(autouse=True)
def bank_dir(settings, tmp_path):
    settings.BANK_DIR = tmp_path / "bank"


@pytest.fixture
def practice_bank(tmp_path) -> Iterator[Bank]:
    bank = Bank(tmp_path / "their-books.sqlite3", day=timezone.localdate())
    yield bank
    bank.close()


def meet(hands: Hands, bank: Bank) -> None:
    """Let our side send, the bank work, and our side read what it says."""
    hands.exchange()
    Folder(Path(django_settings.BANK_DIR)).once(bank)
    hands.exchange()


def choose_refund(page: Page, look: Look) -> None:
    """Open the notice of the money, see both choices, take the refund to the known account."""
    page.goto(reverse("portal_home"))
    look(page)
    page.get_by_role("link", name="通知").first.click()
    page.locator("main").get_by_role("link", name="要退给您").first.click()
    look(page)
    page.get_by_role("link", name="去办理").click()
    page.get_by_role("heading", name="退费：退到银行账户").wait_for()
    page.get_by_role("heading", name="冲抵：抵其他月份").wait_for()
    look(page)
    page.get_by_role("link", name="选择退费，确认收款账户").click()
    look(page)
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="下一步：核对").click()
    look(page)
    page.get_by_role("button", name="提交退费申请").click()
    page.get_by_text("已提交").first.wait_for()
    look(page)


def correct_account(page: Page, look: Look, *, number: str, bank_code: str) -> None:
    """Read why the money has come back, and give the right account."""
    page.goto(reverse("portal_home"))
    page.get_by_role("link", name="通知").first.click()
    page.locator("main").get_by_role("link", name="没有到账").first.click()
    page.get_by_text("账号与户名不符").first.wait_for()
    look(page)
    page.get_by_role("link", name="去办理").click()
    page.get_by_text("钱没有丢").wait_for()
    look(page)
    page.get_by_role("link", name="更正收款账户").click()
    look(page)
    page.get_by_label("开户银行", exact=True).fill("中国工商银行攀枝花分行")
    page.get_by_label("开户行行号").fill(bank_code)
    page.get_by_label("银行账号").fill(number)
    page.get_by_role("button", name="下一步：核对").click()
    look(page)
    page.get_by_role("button", name="提交").last.click()
    page.get_by_text("新账户已提交").wait_for()
    look(page)


def confirm_account(reviewer: Page, accountant: Page, look: Look, receipt: str) -> None:
    """Let the new account be confirmed by as many officers as that takes."""
    for page in (reviewer, accountant):
        page.goto(reverse("desk_refunds:list"))
        page.get_by_role("link", name=receipt).first.click()
        look(page)
        if Obligation.objects.get(receipt=receipt).state != "CORRECTED":
            return
        page.get_by_role("radio").first.check()
        page.get_by_role("button", name="提交意见").click()
        page.get_by_text("已办理").wait_for()


def text_of(pdf: bytes) -> str:
    """Return what a reader of the document sees, without the breaks of lines."""
    assert pdf.startswith(b"%PDF-")
    pages = PdfReader(BytesIO(pdf)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize(
    ("channel", "width", "scripts"), [("pipe", 1366, True), ("iso20022", 375, False)]
)
def test_money_goes_out_comes_back_goes_out_again_and_the_day_is_closed(
    open_page, accessible, fits, picture, practice_bank, channel, width, scripts
):
    # axe itself is a script; the pages it looks over are the same.
    look = accessible if scripts else lambda page: None
    shot = lambda page, name: picture(page, f"day-{name}-{width}")  # noqa: E731
    unlucky = make_employer(name="攀枝花市向阳坡食品厂", account=RIGHT)
    known = make_account(unlucky, number=WRONG)
    lucky = make_employer(name="攀枝花市河门口机械厂", account=GOOD)
    for employer, amount in [(unlucky, "3400.00"), (lucky, "1250.50")]:
        overpay(employer, amount=amount)
        offer(employer)
        make_member(employer, username=f"firm-{employer.pk}")
    Town(channel=channel).register_funds()
    make_officer(Post.REVIEWER, username="reviewer", name="周复核")
    firm, other, reviewer = (open_page(width=width, scripts=scripts) for _ in range(3))
    hands = Hands.come_in(open_page, look, width=width, scripts=scripts)

    # Both are told unasked, see both choices, and choose the refund.
    for page, employer in [(firm, unlucky), (other, lucky)]:
        sign_in(page, f"firm-{employer.pk}")
        choose_refund(page, look)
    shot(firm, "submitted")

    # Two officers agree; four people bring the batch to the bank, which refuses one account.
    sign_in(reviewer, "reviewer")
    decide_all(reviewer, look, "退费待初审", count=2)
    decide_all(hands.cashier, look, "退费待复审", count=2)
    first = hands.draft("养老")
    shot(hands.cashier, "batch-draft")
    hands.clear(first)
    shot(hands.auditor, "sample")
    hands.sign(first)
    shot(hands.head, "batch-approved")
    meet(hands, practice_bank)
    states = dict(Obligation.objects.values_list("employer__name", "state"))
    assert states == {unlucky.name: "BOUNCED", lucky.name: "PAID"}
    hands.cashier.get_by_role("link", name=first).click()
    look(hands.cashier)
    shot(hands.cashier, "batch-answered")

    # The enterprise reads why, in plain words, and gives the right account.
    correct_account(firm, look, number=RIGHT, bank_code=known.bank_code)
    shot(firm, "corrected")
    receipt = unlucky.refunds.get().receipt
    confirm_account(reviewer, hands.accountant, look, receipt)
    second = hands.bring_to_approval("养老")
    assert second != first
    meet(hands, practice_bank)
    firm.goto(reverse("portal_refunds:list"))
    firm.get_by_role("link", name=receipt).first.click()
    firm.get_by_text("已到账").first.wait_for()
    look(firm)
    shot(firm, "paid")

    # The bank's day ends and its statement comes; who drafted nothing closes the day at 0.00.
    day = practice_bank.day
    practice_bank.go_on_to(day + timedelta(days=1))
    meet(hands, practice_bank)
    for page, name in [(hands.cashier, "cashier"), (hands.accountant, "accountant")]:
        page.goto(reverse("desk_refunds:reconcile"))
        look(page)
        shot(page, f"reconcile-{name}")
        page.locator("section", has_text="养老保险基金").locator("tbody a").first.click()
        look(page)
        shot(page, f"reconcile-day-{name}")
        assert page.locator("tfoot .num").inner_text() == "0.00"
        page.get_by_role("row", name="银行对账单").get_by_text("4,650.50").wait_for()
    assert not hands.cashier.get_by_role("button", name="办理日终对账").count()
    hands.accountant.get_by_role("button", name="办理日终对账").click()
    hands.accountant.get_by_text("已对平").first.wait_for()
    look(hands.accountant)
    shot(hands.accountant, "reconcile-closed")

    # The certificate says so, to whoever reads it; anybody can check that it is ours.
    with hands.accountant.expect_download() as download:
        hands.accountant.get_by_role("link", name="下载证书").click()
    said = text_of(Path(download.value.path()).read_bytes())
    letter = DayClose.objects.get().certificate
    for words in [
        "".join(letter.number.split()),
        f"{day.year}年{day.month}月{day.day}日",
        "养老保险基金",
        "4,650.50",
        "差额",
        "0.00",
        "郑会计",
        first,
        second,
    ]:
        assert words in said
    anybody = open_page(width=width, scripts=scripts)
    anybody.goto(reverse("letters:check", args=[letter.code]))
    anybody.get_by_text(letter.number).first.wait_for()
    look(anybody)
    shot(anybody, "letter")

    assert set(Obligation.objects.values_list("state", flat=True)) == {"PAID"}
    for page in (firm, hands.accountant, hands.auditor, anybody):
        fits(page)
