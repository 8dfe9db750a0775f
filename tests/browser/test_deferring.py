"""Paying later, as people do it: a unit applies, offices judge, the agreement is signed.

Everything happens on 20 March 2020, since what is overdue can't be deferred.
"""

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from deferral.hardship import hardship
from deferral.models import Application
from deferral.workflow import State
from tests.browser.test_imports import sign_in
from tests.deferral.builders import AT, CITY, COUNTY, Walk, pdf, unit
from tests.factories import PASSWORD, make_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def in_march(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: AT)


@pytest.fixture
def paper(tmp_path):
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf("paper").getvalue())
    return str(path)


def by_keyboard(page, name, *, role="button"):
    found = page.get_by_role(role, name=name)
    found.first.focus()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_a_unit_applies_by_keyboard_and_hands_in(
    open_page, live_server, look, paper, width, scripts
):
    member = make_member(unit(COUNTY))
    page = open_page(width=width, scripts=scripts)
    sign_in(page, live_server, member)

    page.goto(reverse("portal_deferrals:list"))
    look(page, "list", scripts=scripts, width=width)
    by_keyboard(page, "开始申请")
    page.get_by_text("保存不等于提交").wait_for()
    look(page, "tasks", scripts=scripts, width=width)
    by_keyboard(page, "困难情形", role="link")
    page.get_by_label("确难以在缴费期内足额缴纳社会保险费").fill("账上只够发一个月工资")
    for found in hardship().findings:
        page.locator(f"input[name={found.code}_holds][value=yes]").press("Space")
        page.locator(f"[name={found.code}_ground]").fill("疫情停工")
        page.locator(f"[name={found.code}_figure]").fill("1000")
    look(page, "hardship", scripts=scripts, width=width)
    by_keyboard(page, "保存并继续")
    page.get_by_role("heading", name="险种和月份").wait_for()
    look(page, "months", scripts=scripts, width=width)
    page.locator("[name=last]").select_option("2020-05")
    by_keyboard(page, "保存并继续")
    page.get_by_role("heading", name="补缴计划").wait_for()
    page.locator("input[name=kind][value=monthly]").press("Space")
    look(page, "plan", scripts=scripts, width=width)
    by_keyboard(page, "保存并继续")
    page.get_by_role("heading", name="证明材料", level=1).wait_for()
    for asked in ("cash", "statements", "rosters", "stoppage", "payroll", "taxes"):
        page.set_input_files(f"#file-{asked}", paper)
        card = page.locator(f"section[aria-labelledby=paper-{asked}]")
        card.get_by_role("button", name="上传", exact=True).press("Enter")
        page.locator(f"#paper-{asked}").get_by_text("已上传").wait_for()
    look(page, "papers", scripts=scripts, width=width)
    by_keyboard(page, "继续：核对并提交", role="link")
    page.get_by_role("heading", name="承诺").wait_for()
    look(page, "review", scripts=scripts, width=width)
    page.get_by_label("我已阅读并同意上面的承诺").press("Space")
    by_keyboard(page, "签署并提交缓缴申请")
    page.get_by_role("heading", name="办到哪了").wait_for()
    look(page, "sent", scripts=scripts, width=width)
    assert Application.objects.get().state == State.SUBMITTED


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_what_was_typed_without_a_session_is_back_after_signing_in(
    open_page, live_server, look, width, scripts
):
    member = make_member(unit(COUNTY))
    page = open_page(width=width, scripts=scripts)
    sign_in(page, live_server, member)
    page.goto(reverse("portal_deferrals:list"))
    by_keyboard(page, "开始申请")
    by_keyboard(page, "困难情形", role="link")
    page.get_by_label("确难以在缴费期内足额缴纳社会保险费").fill("账上只够发一个月工资")
    Session.objects.all().delete()

    by_keyboard(page, "保存并继续")
    page.get_by_text("系统已留住").wait_for()
    look(page, "signed-out", scripts=scripts, width=width)
    page.get_by_label("用户名").fill(member.user.username)
    page.get_by_label("密码").fill(PASSWORD)
    by_keyboard(page, "登录")

    page.get_by_text("已经放回这一页").wait_for()
    look(page, "put-back", scripts=scripts, width=width)
    said = page.get_by_label("确难以在缴费期内足额缴纳社会保险费")
    assert said.input_value() == "账上只够发一个月工资"


@pytest.mark.parametrize(
    ("district", "width", "scripts"), [(COUNTY, 1366, True), (CITY, 375, False)]
)
def test_offices_take_in_judge_and_decide_and_the_unit_signs(
    open_page, live_server, look, paper, district, width, scripts
):
    walk = Walk(district).submit()
    address = reverse("desk_deferrals:application", args=[walk.application.receipt])

    def at_the_desk(officer):
        page = open_page(width=width, scripts=scripts)
        sign_in(page, live_server, officer)
        page.goto(address)
        return page

    page = at_the_desk(walk.taker)
    look(page, f"take-in-{district}", scripts=scripts, width=width)
    by_keyboard(page, "受理")
    page.get_by_text("正在同时征求各部门意见").first.wait_for()
    for number, officer in enumerate(walk.departments.values()):
        page = at_the_desk(officer)
        page.locator("input[name=opinion-verdict][value=AGREE]").press("Space")
        page.locator("[name=opinion-document_number]").fill(f"〔2020〕{number}号")
        page.locator("[name=opinion-document_date]").fill("2020-03-20")
        page.set_input_files("[name=opinion-file]", paper)
        if number == 0:
            look(page, f"opinion-{district}", scripts=scripts, width=width)
        by_keyboard(page, "签署意见")
        page.get_by_text("意见已签署").wait_for()
    if district == COUNTY:
        page = at_the_desk(walk.reporter)
        by_keyboard(page, "上报市人社局")
        page.get_by_text("已上报").first.wait_for()
    page = at_the_desk(walk.decider)
    page.locator("input[name=decide-grant][value=yes]").press("Space")
    look(page, f"decide-{district}", scripts=scripts, width=width)
    by_keyboard(page, "确定")
    page.get_by_text("审批已记录").wait_for()
    page.goto(reverse("desk_deferrals:list"))
    look(page, f"queue-{district}", scripts=scripts, width=width)

    mine = open_page(width=width, scripts=scripts)
    sign_in(mine, live_server, walk.member)
    mine.goto(reverse("portal_deferrals:detail", args=[walk.application.receipt]))
    by_keyboard(mine, "查看并签订协议", role="link")
    mine.get_by_role("heading", level=1, name="缓缴社会保险费协议").wait_for()
    look(mine, f"agreement-{district}", scripts=scripts, width=width)
    by_keyboard(mine, "签订协议")
    mine.get_by_text("缓缴协议已签订").first.wait_for()
    mine.goto(reverse("portal_deferrals:detail", args=[walk.application.receipt]))
    look(mine, f"agreed-{district}", scripts=scripts, width=width)
    assert walk.state == State.AGREED


def test_a_return_opens_only_what_is_named(open_page, live_server, look):
    walk = Walk(COUNTY).submit()
    page = open_page()
    sign_in(page, live_server, walk.taker)
    page.goto(reverse("desk_deferrals:application", args=[walk.application.receipt]))
    page.locator("summary", has_text="一次性告知补正").press("Enter")
    page.get_by_role("checkbox", name="困难情形").press("Space")
    page.get_by_label("怎样补正：困难情形").fill("请写明欠款明细")
    look(page, "supplement")
    by_keyboard(page, "告知单位")
    page.get_by_text("已一次性告知单位补正").wait_for()

    mine = open_page(width=375)
    sign_in(mine, live_server, walk.member)
    mine.goto(reverse("portal_deferrals:detail", args=[walk.application.receipt]))
    mine.get_by_text("请写明欠款明细").wait_for()
    look(mine, "mend", width=375)
