"""The manual of errors and the week's statistics in a browser: found, read, printed, at any width."""

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from registry.intake import manual
from tests.factories import client_for, make_member, make_officer
from tests.registry.test_import_statistics import upload

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = pytest.mark.parametrize("width", [1366, 375])


def sign_in(page, live_server, officer):
    session = client_for(officer).cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}
    page.context.add_cookies([cookie])


@WIDTHS
def test_a_clerk_finds_the_page_of_an_error_without_a_script(open_page, picture, width):
    page = open_page(width=width, scripts=False)
    page.goto("/")
    page.get_by_role("link", name="导入错误手册").first.click()
    picture(page, f"manual-index-{width}")
    page.get_by_label("错误代码或关键词").fill("身份证 逐位")
    page.get_by_role("button", name="查找").click()
    page.get_by_text("找到 1 条").wait_for()
    page.get_by_role("link", name=manual.title("id_check")).click()

    page.get_by_role("heading", name="怎样改", exact=True).wait_for()
    picture(page, f"manual-page-{width}")
    with page.expect_download() as download:
        page.get_by_role("link", name="缴费申报明细").click()
    assert download.value.suggested_filename == "declarations.xlsx"


@WIDTHS
def test_every_page_of_the_manual_fits_the_window(open_page, fits, width):
    page = open_page(width=width)
    for code in manual.pages():
        page.goto(reverse("help_error", args=[code]))
        fits(page)


def test_axe_finds_nothing_serious_in_the_manual(open_page, accessible):
    page = open_page()
    for address in (
        reverse("help_errors"),
        reverse("help_errors") + "?q=密码",
        reverse("help_errors") + "?q=没有这个词",
        reverse("help_error", args=["lost_digits"]),
        reverse("help_error", args=["repeated_row"]),
    ):
        page.goto(address)
        accessible(page)


@WIDTHS
def test_staff_see_the_week_and_note_a_call(
    open_page, live_server, accessible, fits, picture, width
):
    bad = upload(make_member(), at=timezone.now(), required=3, id_check=1)
    page = open_page(width=width)
    sign_in(page, live_server, make_officer(district="510400"))

    page.goto(reverse("desk_imports:calls", args=[bad.pk]))
    accessible(page)
    page.get_by_label("问了什么").fill("不知道怎样设为文本")
    page.get_by_role("button", name="记录一次电话咨询").click()
    page.get_by_text("已记录一次电话咨询").wait_for()
    page.goto(reverse("desk_imports:statistics"))
    accessible(page)
    fits(page)
    picture(page, f"statistics-{width}")
    page.get_by_label("由谁上传").select_option(label="经办机构")
    page.get_by_role("button", name="查询").click()
    page.get_by_text("这一周没有错误").wait_for()
    page.get_by_label("由谁上传").select_option(label="参保单位")
    page.get_by_role("button", name="查询").click()
    page.get_by_role("link", name=manual.title("required")).click()
    page.get_by_role("heading", name=manual.title("required")).wait_for()
