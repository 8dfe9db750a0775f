"""Two auditors draw a sample, by keyboard, with and without scripts."""

import pytest
from django.urls import reverse

from tests.audit.drawing import FIRST, SECOND, auditor, units
from tests.browser.test_deferring import by_keyboard
from tests.browser.test_imports import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_two_auditors_draw_a_sample(
    open_page, live_server, fits, accessible, picture, width, scripts
):
    def look(page, name):
        fits(page)
        picture(page, f"draw-{name}-{width}")
        if scripts:
            accessible(page)

    units(6)
    pages = {}
    for name in ("one", "other"):
        pages[name] = open_page(width=width, scripts=scripts)
        sign_in(pages[name], live_server, auditor())
    page = pages["one"]
    page.goto(reverse("desk_audit:draws"))
    by_keyboard(page, "新的抽样", role="link")
    page.get_by_label("名称").fill("一季度减免抽查")
    page.get_by_label("截至日期").fill("2020-08-01")
    look(page, "new")
    by_keyboard(page, "固定抽样框")
    page.get_by_text("抽样框已固定").first.wait_for()
    look(page, "frame")
    path = page.url
    for name, phrase, done in (
        ("one", FIRST, "承诺已记录"),
        ("other", SECOND, "承诺已记录"),
        ("one", FIRST, "口令已公开"),
        ("other", SECOND, "口令已公开"),
    ):
        page = pages[name]
        page.goto(path)
        page.locator("[name=phrase]").fill(phrase)
        page.locator("[name=phrase]").press("Enter")
        page.get_by_text(done).first.wait_for()
    page.get_by_role("heading", name="抽中的单位").wait_for()
    look(page, "drawn")
    page.goto(reverse("desk_audit:draws"))
    look(page, "list")
