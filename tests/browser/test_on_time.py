"""How time passes on a matter, as people see it: overdue steps, and who hears of them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.models import FreezeWindow
from casework.services import escalating
from registry.models import Post
from tests.browser.test_imports import sign_in
from tests.deferral.builders import AT, COUNTY, Walk, office, unit
from tests.factories import make_administrator, make_member, make_officer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def set_clock(monkeypatch):
    """Return a function that sets the day in March 2020 on which everything happens."""

    def to(day: int):
        at = AT.replace(day=day)
        monkeypatch.setattr(timezone, "now", lambda: at)
        return at

    return to


@pytest.fixture
def look(fits, accessible, picture):
    """Return a function that looks at a page wide and narrow: it fits, axe is content, a picture."""

    def at(page, name):
        for width in (1366, 375):
            page.set_viewport_size({"width": width, "height": 800})
            fits(page)
            picture(page, f"on-time-{name}-{width}")
        accessible(page)

    return at


def test_a_head_finds_what_is_overdue_and_goes_there(open_page, live_server, look, set_clock):
    walk = Walk().submit()
    head = office("HR", COUNTY, post=Post.HEAD)
    set_clock(25)
    escalating.report_overdue(clock=timezone.now)
    page = open_page()
    sign_in(page, live_server, head)

    page.goto(reverse("desk_home"))
    page.get_by_role("link", name="超期事项报告您").click()
    look(page, "overdue")
    page.get_by_role("link", name=walk.application.employer.name).click()

    page.get_by_text("已超期，已于").wait_for()
    look(page, "overdue-case")


def test_an_officer_leaves_and_a_deputy_takes_in_for_them(open_page, live_server, look, set_clock):
    set_clock(20)
    walk = Walk().submit()
    deputy = make_officer(walk.taker.post, agency=walk.taker.agency, name="王代办")
    page = open_page()
    sign_in(page, live_server, walk.taker)
    page.goto(reverse("desk_absences:list"))
    page.get_by_label("代办人").select_option(label="王代办（部门会审岗）")
    page.get_by_label("从（含当日）").fill("2020-03-20")
    page.get_by_label("到（含当日）").fill("2020-03-27")
    page.get_by_role("button", name="登记").click()
    page.get_by_text("已登记。").wait_for()
    look(page, "absences")

    page.context.clear_cookies()
    sign_in(page, live_server, deputy)
    page.goto(reverse("desk_deferrals:application", args=[walk.application.receipt]))
    page.get_by_label("代 李经办").first.check()
    look(page, "acting")
    page.get_by_role("button", name="受理", exact=True).click()

    page.get_by_text("，代李经办").first.wait_for()


def test_a_unit_asks_and_the_office_answers(open_page, live_server, look, set_clock):
    set_clock(20)
    walk = Walk().submit()
    page = open_page()
    sign_in(page, live_server, walk.member)
    page.goto(reverse("portal_deferrals:detail", args=[walk.application.receipt]))
    page.get_by_text("给经办机构留言").click()
    page.get_by_label("留言内容").fill("请问还要多久？我们下周要发工资。")
    page.get_by_role("button", name="发送留言").click()
    page.get_by_text("留言已发给经办机构").wait_for()

    page.context.clear_cookies()
    sign_in(page, live_server, walk.taker)
    page.goto(reverse("desk_home"))
    page.get_by_role("link", name="缓缴申请有新留言").click()
    page.get_by_role("link", name=walk.application.employer.name).click()
    page.get_by_text("1 条新留言").wait_for()
    look(page, "messages-desk")
    page.get_by_label("留言内容").fill("三个工作日内办结，请放心。")
    page.get_by_role("button", name="发送留言").click()
    page.get_by_text("并通知了单位").wait_for()

    page.context.clear_cookies()
    sign_in(page, live_server, walk.member)
    page.goto(reverse("portal_home"))
    page.get_by_role("link", name="缓缴申请有新留言").first.click()
    page.get_by_text("三个工作日内办结").wait_for()
    look(page, "messages-unit")


def test_a_freeze_is_made_by_two_administrators_and_read_by_the_unit(
    open_page, live_server, look, fits, picture, set_clock
):
    set_clock(20)
    first, second = make_administrator(), make_administrator()
    member = make_member(unit(COUNTY))
    page = open_page()
    sign_in(page, live_server, first)
    page.goto("/admin/casework/freezewindow/add/")
    page.get_by_label("从（含当日）").fill("2020-03-20")
    page.get_by_label("到（含当日）").fill("2020-03-24")
    page.get_by_label("原因").fill("月末结账")
    page.get_by_label("依据文件").fill("川社保〔2020〕9号")
    page.get_by_label("暂停接收申请").check()
    page.get_by_role("button", name="保存", exact=True).click()
    made = FreezeWindow.objects.get()

    page.context.clear_cookies()
    sign_in(page, live_server, second)
    page.goto(f"/admin/casework/freezewindow/{made.pk}/change/")
    picture(page, "on-time-freeze-admin-1366")
    page.get_by_role("button", name="核准").click()
    page.get_by_text("已核准").wait_for()

    page.context.clear_cookies()
    sign_in(page, live_server, member)
    page.goto(reverse("portal_deferrals:list"))
    page.get_by_text("现在因月末结账暂停").wait_for()
    look(page, "freeze-unit")
