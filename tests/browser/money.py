"""What people do at the pages of money on its way back: plain functions for browser tests."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from playwright.sync_api import Page

from registry.models import Post
from tests.factories import PASSWORD, make_officer

Look = Callable[[Page], None]


def sign_in(page: Page, username: str) -> None:
    page.goto("/login/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def decide_all(page: Page, look: Look, waiting: str, *, count: int) -> None:
    """Open each of the refunds that wait for this officer, from the to-do list, and agree."""
    for left in range(count, 0, -1):
        page.goto(reverse("desk_home"))
        look(page)
        tile = page.locator("main").get_by_role("link", name=waiting)
        assert page.get_by_text(f"{left}件").or_(page.get_by_text(f"{left} 件")).count()
        tile.click()
        page.locator("tbody").get_by_role("link").first.click()
        look(page)
        page.get_by_role("radio").first.check()
        page.get_by_role("button", name="提交意见").click()
        page.get_by_text("已办理").wait_for()


@dataclass
class Hands:
    """The four people of the city through whose hands a batch goes, each at a browser."""

    cashier: Page
    auditor: Page
    accountant: Page
    head: Page
    look: Look

    @classmethod
    def come_in(cls, open_page: Callable[..., Page], look: Look, **window: object) -> "Hands":
        """Employ the four and let them sign in."""
        people = {
            "cashier": (Post.FUND_FINANCE, "吴财务"),
            "auditor": (Post.AUDIT, "冯稽核"),
            "accountant": (Post.FUND_FINANCE, "郑会计"),
            "head": (Post.HEAD, "王负责"),
        }
        pages = {}
        for username, (post, name) in people.items():
            make_officer(post, district="510400", username=username, name=name)
            pages[username] = open_page(**window)
            sign_in(pages[username], username)
        return cls(look=look, **pages)

    def draft(self, fund: str) -> str:
        """Let the cashier draft what waits in a fund; return the batch's number."""
        self.cashier.goto(reverse("desk_refunds:batches"))
        self.look(self.cashier)
        self.cashier.locator("tr", has_text=f"{fund}保险基金").get_by_role("link").first.click()
        self.look(self.cashier)
        self.cashier.get_by_role("button", name="确认拟批").click()
        self.cashier.get_by_text("已拟批").wait_for()
        self.look(self.cashier)
        return self.cashier.url.rstrip("/").rsplit("/", 1)[-1]

    def clear(self, number: str) -> None:
        """Let audit look at what was drawn, if anything was, and clear it."""
        page = self.auditor
        page.goto(reverse("desk_refunds:audit"))
        self.look(page)
        page.get_by_role("link", name=number).click()
        self.look(page)
        for box in page.locator("input[name=pick]").all():
            box.check()
        if page.locator("input[name=pick]").count():
            page.get_by_role("radio", name="核查无误").check()
            page.get_by_role("button", name="提交核查结论").click()
            page.get_by_text("已办理").wait_for()

    def sign(self, number: str) -> None:
        """Let another officer of the funds check the batch, and the head approve it."""
        for page, button, after in [
            (self.accountant, "核对无误", "等负责人批准"),
            (self.head, "批准付款", "等系统封批"),
        ]:
            page.goto(reverse("desk_refunds:batches"))
            self.look(page)
            page.get_by_role("link", name=number).click()
            self.look(page)
            page.get_by_role("button", name=button).click()
            page.get_by_text(after).first.wait_for()

    def bring_to_approval(self, fund: str) -> str:
        """Take what waits in a fund through all four pairs of hands."""
        number = self.draft(fund)
        self.clear(number)
        self.sign(number)
        return number

    def exchange(self) -> None:
        """Let the cashier look at the bank now instead of within the minute."""
        self.cashier.goto(reverse("desk_refunds:batches"))
        self.cashier.get_by_role("button", name="立即与银行交换").click()
        self.cashier.get_by_text("已与银行交换").wait_for()
