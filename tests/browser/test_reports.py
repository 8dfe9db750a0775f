"""Reports in a browser: turned about by keyboard, drawn above their table, down to the units."""

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.models import Post
from relief.services import reports
from tests.browser.test_imports import sign_in
from tests.factories import make_officer
from tests.relief.test_reports import city

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_a_report_is_turned_about_and_leads_to_its_units(
    open_page, live_server, accessible, fits, picture, width, scripts
):
    city()
    reports.make_due(at=timezone.now())
    page = open_page(width=width, scripts=scripts)
    said = []
    page.on("console", lambda message: said.append(message.text))
    sign_in(page, live_server, make_officer(Post.HANDLER, district="510400"))

    page.goto(reverse("relief:reports"))
    fits(page)
    if scripts:
        page.locator(".rl-chart svg").wait_for()
        accessible(page)
    page.get_by_label("按行").select_option("month")
    page.get_by_label("按列").select_option("insurance")
    page.get_by_label("看哪一项").select_option("relief")
    page.get_by_role("button", name="查询").press("Enter")
    page.get_by_role("rowheader", name="2020年6月").wait_for()
    if scripts:
        page.locator(".rl-chart svg").wait_for()
        accessible(page)
    fits(page)
    picture(page, f"reports-{width}")

    page.locator("tbody td a").first.press("Enter")
    page.get_by_text("东区饭店").wait_for()
    fits(page)
    for name in ("减免情况统计表", "两次比较", "基金现金流"):
        page.goto(reverse("relief:reports"))
        page.get_by_role("link", name=name).press("Enter")
        page.get_by_role("heading", name=name, level=1).wait_for()
        fits(page)
        if scripts:
            accessible(page)
    assert not [text for text in said if "Content Security Policy" in text]
