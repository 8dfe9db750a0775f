"""数据核对 in a browser: ask for a look, follow a count to its list, by keyboard and telephone."""

import pytest
from django.urls import reverse

from relief import tasks
from tests.browser.test_imports import sign_in
from tests.factories import make_account, make_employer, make_officer
from tests.relief.builders import declare

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_a_look_is_asked_for_and_a_count_followed_to_its_list(
    open_page, live_server, accessible, fits, picture, monkeypatch, width, scripts
):
    monkeypatch.setattr("registry.doorbell.ring", lambda task, **work: True)
    employer = make_employer(district="510402", account="")
    make_account(employer, number="12345678", holder="旁人")
    declare(employer)
    page = open_page(width=width, scripts=scripts)
    sign_in(page, live_server, make_officer(district="510402"))

    page.goto(reverse("relief:checks"))
    page.get_by_role("button", name="重新核对").focus()
    page.keyboard.press("Enter")
    page.get_by_text("已开始重新核对").wait_for()
    tasks.look_again()
    page.goto(reverse("relief:checks"))
    fits(page)
    picture(page, f"checks-{width}")
    if scripts:
        accessible(page)

    page.get_by_role("link", name="户名与单位名称不同，1 条，看明细").click()
    page.get_by_text("**** 5678").wait_for()
    fits(page)
    picture(page, f"checks-list-{width}")
    if scripts:
        accessible(page)
        with page.expect_download() as download:
            page.get_by_role("button", name="导出表格").or_(
                page.get_by_role("link", name="导出表格")
            ).click()
        assert download.value.suggested_filename == "holder-differs.xlsx"
