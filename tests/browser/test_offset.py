"""An enterprise compares both choices, has its money offset, and sees which months it paid."""

from datetime import date

import pytest
from django.urls import reverse

from tests.factories import PASSWORD, make_member
from tests.refunds.making import offer, overpay
from tests.refunds.test_offset import APRIL, MAY, lack

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_money_pays_other_months_as_the_enterprise_chose(
    open_page, accessible, fits, picture, settings, width, scripts
):
    settings.OFFSET_LAST_DAY = date(2100, 12, 31)
    accessible = accessible if scripts else lambda page: None
    employer = overpay()
    overpay(employer, insurance="injury", amount="40.00")
    lack(employer, month=APRIL, amount="300.00")
    lack(employer, month=MAY, amount="200.00")
    offer(employer)
    member = make_member(employer)

    page = open_page(width=width, scripts=scripts)
    page.goto("/login/")
    page.get_by_label("用户名").fill(member.user.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()

    page.goto(reverse("portal_refunds:offer"))
    accessible(page)
    picture(page, f"offset-offer-{width}")
    page.get_by_role("link", name="选择冲抵").click()
    accessible(page)
    picture(page, f"offset-choose-{width}")
    page.get_by_role("button", name="确定冲抵").click()
    page.get_by_text("已选择冲抵").wait_for()

    page.goto(reverse("portal_refunds:detail", args=[employer.refunds.get(insurance="pension")]))
    page.get_by_text("还剩 500.00 元").wait_for()
    accessible(page)
    picture(page, f"offset-detail-{width}")
    page.goto(reverse("portal_months"))
    accessible(page)
    picture(page, f"offset-months-{width}")
    page.get_by_role("heading", name="冲抵转出、转入").wait_for()
    fits(page)
