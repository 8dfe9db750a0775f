"""A notice of what is overdue: read by the unit, followed by the officer, paid, and over."""

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.models import Post
from relief.services import places, recoveries
from tests.browser.test_imports import sign_in
from tests.factories import make_member, make_officer
from tests.relief.test_recoveries import notice_of, owing, pay_all

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_a_unit_is_asked_pays_and_is_told_that_it_is_over(
    open_page, live_server, accessible, fits, picture, width, scripts
):
    unit = owing(name="攀枝花市某钢铁有限公司")
    recoveries.work_due(clock=timezone.now)
    places.check(at=timezone.now())
    notice = notice_of(unit)

    member = open_page(width=width, scripts=scripts)
    sign_in(member, live_server, make_member(unit))
    member.goto(reverse("portal_recoveries:list"))
    fits(member)
    member.get_by_role("link", name=notice.receipt).press("Enter")
    member.get_by_role("heading", name="怎样办").wait_for()
    fits(member)
    picture(member, f"recovery-{width}")
    if scripts:
        accessible(member)
    member.get_by_role("link", name="怎样算的").first.press("Enter")
    member.get_by_role("heading", level=1).wait_for()

    clerk = open_page(width=width, scripts=scripts)
    sign_in(clerk, live_server, make_officer(Post.HANDLER, district="510400"))
    clerk.goto(reverse("relief:recoveries"))
    fits(clerk)
    if scripts:
        accessible(clerk)
    clerk.goto(reverse("relief:places"))
    clerk.get_by_text("所有差额都有去处").wait_for()
    fits(clerk)
    if scripts:
        accessible(clerk)

    pay_all(unit)
    recoveries.work_due(clock=timezone.now)
    member.goto(reverse("portal_recoveries:recovery", args=[notice.receipt]))
    member.get_by_text("结清").first.wait_for()
    fits(member)
