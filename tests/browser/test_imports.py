"""Uploading a workbook in a browser without a script, and what axe says of the pages."""

import pytest
from django.conf import settings
from django.urls import reverse

from registry import tasks
from registry.models import Import
from tests.factories import client_for, make_officer, make_uscc
from tests.registry.workbooks import headers, saved, workbook

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page, live_server, officer):
    session = client_for(officer).cookies[settings.SESSION_COOKIE_NAME].value
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}
    page.context.add_cookies([cookie])


def bring(page, path):
    """Upload a file of sizes, let a worker take it, and look again."""
    page.goto(reverse("desk_imports:list"))
    page.get_by_role("link", name="导入工作簿").click()
    page.get_by_label("省级划型数据").check()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="上传并核对").click()
    page.get_by_text("排队中").first.wait_for()
    tasks.work_import(import_id=Import.objects.latest("id").pk)
    page.get_by_role("link", name="刷新").click()


@pytest.mark.parametrize("width", [1366, 375])
def test_a_workbook_is_refused_mended_and_stored_without_a_script(
    open_page, live_server, accessible, picture, tmp_path, monkeypatch, width
):
    monkeypatch.setattr("registry.doorbell.ring", lambda task, **work: True)
    page = open_page(width=width, scripts=False)
    sign_in(page, live_server, make_officer(district="510400"))
    row = [make_uscc(), "攀枝花市某公司", "小型", "2020-02-10"]

    bring(page, saved(workbook(headers("sizes"), [*row[:2], "巨型", row[3]]), tmp_path / "a.xlsx"))
    page.get_by_text("以下之一：大型、中型、小型、微型").wait_for()
    picture(page, f"import-refused-{width}")
    bring(page, saved(workbook(headers("sizes"), row), tmp_path / "b.xlsx"))
    page.get_by_text("1 行新增").wait_for()
    picture(page, f"import-preview-{width}")
    page.get_by_role("button", name="确认入库").click()
    page.get_by_text("排队中").first.wait_for()
    tasks.work_import(import_id=Import.objects.latest("id").pk)
    page.get_by_role("link", name="刷新").click()

    page.get_by_text("新增或更新 1 行").wait_for()


def test_axe_finds_nothing_serious_on_the_pages_of_imports(
    open_page, live_server, accessible, tmp_path, monkeypatch
):
    monkeypatch.setattr("registry.doorbell.ring", lambda task, **work: True)
    page = open_page()
    sign_in(page, live_server, make_officer(district="510400"))
    page.goto(reverse("desk_imports:upload"))
    accessible(page)
    page.get_by_label("省级划型数据").check()
    path = saved(workbook(headers("sizes"), ["1", "", "巨型", "x"]), tmp_path / "a.xlsx")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="上传并核对").click()
    page.get_by_role("button", name="取消导入").wait_for()
    accessible(page)

    tasks.work_import(import_id=Import.objects.latest("id").pk)

    page.get_by_text("错误和改正方法").wait_for()  # htmx asks, the page draws itself anew
    accessible(page)
    page.goto(reverse("desk_imports:list"))
    accessible(page)
