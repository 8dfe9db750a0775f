"""Anybody sizes their enterprise, with and without scripts."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_anybody_sees_their_size_and_what_decides_it(
    open_page, live_server, fits, accessible, picture, width, scripts
):
    page = open_page(width=width, scripts=scripts)
    page.goto(reverse("self_check"))
    page.get_by_label("行业").select_option("33")
    page.get_by_label("从业人员（人）").fill("1200")
    page.get_by_role("button", name="开始自测").press("Enter")
    page.get_by_text("“工业”要填写：营业收入（万元）。").first.wait_for()
    page.get_by_label("营业收入（万元）").fill("1999.99")
    page.get_by_role("button", name="开始自测").press("Enter")
    page.get_by_role("heading", name="工业：小型").wait_for()
    fits(page)
    picture(page, f"self-check-{width}")
    if scripts:
        accessible(page)
