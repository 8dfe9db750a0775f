"""清单 and 人工归类 in a browser: from a count to its list, from a document to a class."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.models import Post
from relief.services import cross_checks
from tests.browser.test_imports import sign_in
from tests.factories import make_employer, make_officer
from tests.relief.builders import declare, sized_employer
from tests.relief.classing import PDF

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_a_unit_that_waits_is_found_on_its_list_and_classed_by_two(
    open_page, live_server, accessible, fits, picture, width, scripts
):
    school = make_employer(name="攀枝花市某学校有限公司", industry_code="8331", district="510402")
    declare(school)
    cross_checks.refresh_all(at=timezone.now())
    page = open_page(width=width, scripts=scripts)
    sign_in(page, live_server, make_officer(district="510400"))

    page.goto(reverse("relief:lists"))
    fits(page)
    picture(page, f"lists-{width}")
    if scripts:
        accessible(page)
    page.get_by_role("link", name="待划型的单位，1 条，看明细").click()
    fits(page)
    picture(page, f"lists-unsized-{width}")
    page.get_by_role("link", name=school.name, exact=True).click()
    page.get_by_role("link", name="人工归类").click()
    fits(page)
    picture(page, f"class-propose-{width}")
    if scripts:
        accessible(page)
    page.get_by_label("中小微企业", exact=True).check()
    page.get_by_label("起始月份").fill("2020-02")
    page.get_by_label("理由").fill("省级部门已认定")
    page.get_by_label("文书号").fill("川人社函〔2020〕18号")
    page.get_by_label("文书日期").fill("2020-03-01")
    page.locator("input[type=file]").set_input_files(
        {"name": "认定.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    page.get_by_role("button", name="提出，交另一人复核").press("Enter")
    page.get_by_text("已提出，等另一人复核").wait_for()

    other = open_page(width=width, scripts=scripts)
    sign_in(other, live_server, make_officer(Post.REVIEWER, district="510400"))
    other.goto(reverse("relief:employer_class", args=[school.pk]))
    fits(other)
    picture(other, f"class-decide-{width}")
    if scripts:
        accessible(other)
    other.get_by_label("同意", exact=True).check()
    other.get_by_role("button", name="提交意见").press("Enter")
    other.get_by_text("已同意，系统会自动重新核定").wait_for()
    other.goto(reverse("relief:classes"))
    fits(other)
    picture(other, f"classes-{width}")


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_an_undeclared_month_is_assessed_by_two(
    open_page, live_server, accessible, fits, picture, width, scripts
):
    declare(sized_employer(name="攀枝花市某建材厂", district="510402"), date(2020, 5, 1))
    page = open_page(width=width, scripts=scripts)
    sign_in(page, live_server, make_officer(district="510402"))
    page.goto(f"{reverse('relief:estimates')}?month=2020-06")
    fits(page)
    picture(page, f"estimates-{width}")
    if scripts:
        accessible(page)
    page.get_by_label("选择攀枝花市某建材厂").check()
    page.get_by_label("事由").fill("逾期未申报")
    page.get_by_role("button", name="发起核定，交另一人复核").press("Enter")
    page.get_by_text("已发起，等另一人复核").wait_for()
    fits(page)
    picture(page, f"estimate-{width}")
    if scripts:
        accessible(page)
