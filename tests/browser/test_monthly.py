"""A month declared online in a browser: the table, its errors, the signature, the receipt;
wide and narrow, with scripts and without."""

import pytest
from django.urls import reverse

from registry import tasks
from registry.models import Import
from relief.models import MonthlyDraft, MonthlySubmission
from tests.factories import PASSWORD, make_member, make_officer
from tests.registry.workbooks import make_person
from tests.relief.filing import (
    begin,
    declared_unit,
    edit,
    file_month,
    rows_of,
    send,
    sign,
    three,
    typing,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_bell(monkeypatch):
    monkeypatch.setattr("registry.doorbell.ring", lambda task, **work: True)


def sign_in(page, username, *, waiting_for="等您处理"):
    page.goto("/login/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_role("heading", name=waiting_for).first.wait_for()


def work(page, *, scripts):
    """Do what a worker does, and look again."""
    page.get_by_text("排队中").first.wait_for()
    tasks.work_import(import_id=Import.objects.latest("id").pk)
    if not scripts:
        page.get_by_role("link", name="刷新").click()


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, True), (375, False)])
def test_a_month_is_declared_online(open_page, accessible, fits, picture, width, scripts):
    # axe itself is a script; the pages it looks over are the same.
    look = accessible if scripts else lambda page: None
    unit = declared_unit(persons=3)
    make_member(unit, username="firm")
    page = open_page(width=width, scripts=scripts)
    sign_in(page, "firm")
    name = f"{width}-{'js' if scripts else 'plain'}"

    page.get_by_role("link", name="月度申报").first.click()
    look(page)
    picture(page, f"monthly-start-{name}")
    page.get_by_role("link", name="申报2020年7月").click()
    look(page)
    picture(page, f"monthly-month-{name}")
    page.get_by_role("button", name="开始填写").click()
    page.get_by_label("职工001的养老缴费基数").fill("5100")
    if scripts:
        page.get_by_label("职工001的失业缴费基数").focus()
        page.get_by_text("15,100.00").wait_for()  # counted at once, saved not yet
    page.get_by_role("button", name="增加人员").click()
    page.get_by_text("增员", exact=True).first.wait_for()
    page.locator("input[id^=person_name-]").last.fill("新同事")
    page.locator("input[id^=person_id-]").last.fill(make_person(9)[:-1])
    page.locator("input[id^=pension_base-]").last.fill("6000")
    page.get_by_role("button", name="三险同基数").last.click()
    page.get_by_text("请先改正下面的问题").wait_for()
    look(page)
    picture(page, f"monthly-table-errors-{name}")
    page.get_by_label("新同事的证件号码").fill(make_person(9))
    page.get_by_role("row", name="职工002").get_by_role("button", name="减员").click()
    page.get_by_text("减员 1 人").first.wait_for()
    look(page)
    picture(page, f"monthly-table-{name}")
    assert MonthlyDraft.objects.get().state == "OPEN"

    page.get_by_role("button", name="核对并提交").click()
    work(page, scripts=scripts)
    page.get_by_text("提交前请再看一眼").wait_for()
    look(page)
    picture(page, f"monthly-check-{name}")
    page.get_by_label("我已看清核对结果").check()
    page.get_by_role("button", name="提交申报").click()
    work(page, scripts=scripts)
    page.get_by_role("heading", name="申报已受理").wait_for()
    look(page)
    picture(page, f"monthly-receipt-{name}")

    receipt = MonthlySubmission.objects.get()
    assert page.url.endswith(reverse("portal_monthly:receipt", args=[receipt.receipt]))
    assert receipt.totals["headcount"] == 3
    fits(page)


def test_the_table_is_used_with_the_keyboard_alone(open_page):
    unit = declared_unit(persons=1)
    make_member(unit, username="firm")
    page = open_page()
    sign_in(page, "firm")
    page.goto(reverse("portal_monthly:month", args=["2020-07"]))
    page.get_by_role("button", name="开始填写").press("Enter")
    page.get_by_label("职工001的养老缴费基数").focus()

    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("5100")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # saves, whatever field one is in

    page.get_by_label("职工001的养老缴费基数").wait_for()
    assert MonthlyDraft.objects.get().rows.get().pension_base == "5100"
    page.get_by_role("button", name="增加人员").press("Enter")
    page.get_by_text("增员", exact=True).first.wait_for()
    assert page.evaluate("document.activeElement.id").startswith("person_name-")


def test_the_desk_and_the_versions_are_accessible(open_page, accessible, picture):
    unit = declared_unit(persons=3)
    member = make_member(unit, username="firm")
    file_month(unit, member=member)
    draft = begin(member)
    edit(draft, member, typing(rows_of(draft)[0], **three("4500")))
    sign(send(draft, member), member)
    make_officer(username="clerk")
    firm, clerk = open_page(), open_page()
    sign_in(firm, "firm")
    firm.goto(reverse("portal_monthly:versions", args=["2020-07"]))
    accessible(firm)
    picture(firm, "monthly-versions-1366")
    firm.goto(reverse("portal_monthly:upload", args=["2020-07"]))
    accessible(firm)
    picture(firm, "monthly-upload-1366")
    firm.goto(reverse("portal_monthly:start"))
    picture(firm, "monthly-start-declared-1366")
    firm.goto(reverse("portal_monthly:month", args=["2020-07"]))
    picture(firm, "monthly-month-declared-1366")
    sign_in(clerk, "clerk", waiting_for="待办")
    clerk.goto(reverse("relief:monthly"))
    accessible(clerk)
    picture(clerk, "monthly-desk-1366")
