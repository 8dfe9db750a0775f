"""A change of account at the browser: looked over, proposed by a unit or by its paper, decided."""

import pytest
from django.urls import reverse

from refunds.models import AccountChange
from registry.models import Post
from tests.browser.money import sign_in
from tests.casework.papers import PNG
from tests.factories import make_employer, make_member, make_officer
from tests.soaking import is_soak

pytestmark = pytest.mark.django_db(transaction=True)
FIRST, SECOND = "6222020000000017", "6222020000000077"


def fill_in(page, *, number, reason):
    page.get_by_label("户名").select_option(index=0)
    page.get_by_label("开户银行").fill("中国工商银行攀枝花分行")
    page.get_by_label("开户行行号").fill("102665002000")
    page.get_by_label("银行账号").fill(number)
    page.get_by_label("变更原因").fill(reason)


# The narrow window without scripts with the soak: what it presses, the page tests press too.
WINDOWS = [(1366, True), (375, False)] if is_soak() else [(1366, True)]


@pytest.mark.parametrize(("width", "scripts"), WINDOWS)
def test_an_account_changes_hands_by_the_unit_and_by_its_paper(
    open_page, accessible, picture, settings, tmp_path, width, scripts
):
    settings.MEDIA_ROOT = tmp_path
    look = accessible if scripts else lambda page: None

    def see(page, name):
        look(page)
        picture(page, f"account-{name}-{width}")

    employer = make_employer(name="攀枝花市向阳坡食品厂", account=FIRST)
    make_employer(name="攀枝花市别家厂", account=SECOND)
    unit = make_member(employer).user.username
    people = {
        "handler": Post.HANDLER,
        "reviewer": Post.REVIEWER,
        "accountant": Post.FUND_FINANCE,
        "auditor": Post.AUDIT,
    }
    for name, post in people.items():
        make_officer(post, username=name)
    pages = {name: open_page(width=width, scripts=scripts) for name in (unit, *people)}
    for name, page in pages.items():
        sign_in(page, name)

    page = pages[unit]
    page.goto(reverse("portal_refunds:accounts"))
    see(page, "unit")
    page.get_by_role("link", name="变更收款账户").click()
    see(page, "unit-form")
    fill_in(page, number=SECOND, reason="基本户迁移")
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("heading", name="请核对后提交").wait_for()
    see(page, "unit-check")
    page.get_by_role("button", name="返回修改").click()
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="提交变更").click()
    page.get_by_text("变更已提交").wait_for()
    see(page, "unit-case")

    page = pages["handler"]
    page.goto(reverse("desk_refunds:account_cases"))
    see(page, "list")
    page.get_by_role("link", name="代单位提出变更").click()
    see(page, "find")
    page.get_by_label("统一社会信用代码").fill(employer.uscc)
    page.get_by_role("button", name="下一步").click()
    see(page, "desk-form")
    fill_in(page, number="6222020000000099", reason="单位来函变更")
    page.get_by_role("button", name="下一步").click()
    page.get_by_label("依据材料").fill("2020年7月20日来函（盖公章）")
    scan = {"name": "来函.png", "mimeType": "image/png", "buffer": PNG}
    page.get_by_label("材料扫描件").set_input_files(scan)
    see(page, "desk-check")
    page.get_by_role("button", name="提出，交另外两人办理").click()
    page.get_by_text("单位已收到通知").wait_for()
    see(page, "desk-case")

    case = AccountChange.objects.get(number=SECOND)
    for name in ("reviewer", "accountant"):
        page = pages[name]
        page.goto(reverse("desk_refunds:account_case", args=[case.receipt]))
        page.get_by_text("另有 1 个单位使用这个账户").wait_for()
        see(page, f"decide-{name}")
        page.get_by_role("radio").first.check()
        page.get_by_role("button", name="提交意见").click()
        page.get_by_text("已办理").wait_for()
    case.refresh_from_db()
    assert case.state == "CONFIRMED"

    page = pages["auditor"]
    page.goto(reverse("desk_refunds:account_shared"))
    page.get_by_role("link", name="攀枝花市别家厂").wait_for()
    see(page, "shared")
