"""New hires' papers as people bring them in: uploaded, sent back, uploaded again, accepted."""

import pytest
from django.utils import timezone

from casework.models import RequiredPaper
from registry.models import Post
from tests.casework.papers import pdf
from tests.factories import PASSWORD, make_employer, make_member, make_officer
from tests.relief.declaring import declare_as

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def sign_in(page, username):
    page.goto("/login/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, True), (1366, False)])
def test_papers_come_in_later_and_are_looked_at(open_page, accessible, fits, width, scripts):
    employer = make_employer(name="攀枝花市东区钢厂")
    make_member(employer, username="unit")
    make_officer(Post.HANDLER, username="desk")
    declare_as(employer, {"2020-01": {1: "5000.00"}}, own=False)
    told = dict.fromkeys((1, 2, 3), "5000.00")
    declare_as(employer, {"2020-02": told}, at=timezone.now())
    unit, desk = open_page(width=width, scripts=scripts), open_page(width=width, scripts=scripts)

    def look(page):
        fits(page)
        if scripts:
            accessible(page)

    def contract(page, data: bytes):
        page.locator("input[type=file]").set_input_files(
            {"name": "合订本.pdf", "mimeType": "application/pdf", "buffer": data}
        )
        page.get_by_role("button", name="提交").click()

    sign_in(unit, "unit")
    unit.get_by_role("link", name="增员材料待补").click()
    look(unit)
    for person in unit.get_by_label("劳动合同").all():
        person.check()
    unit.get_by_role("button", name="为选中的上传同一个文件").click()
    look(unit)
    contract(unit, pdf(b"<< /S /JavaScript >>"))
    assert unit.get_by_text("PDF 文件里带有脚本").first.is_visible()
    look(unit)
    contract(unit, pdf())
    assert unit.get_by_text("已提交，用于 2 份材料").is_visible()

    sign_in(desk, "desk")
    desk.get_by_role("link", name="增员材料待审").click()
    look(desk)
    desk.get_by_role("link", name="张三：劳动合同").first.click()
    look(desk)
    with desk.expect_download() as download:
        desk.get_by_role("link", name="合订本.pdf").click()
    assert download.value.suggested_filename.endswith(".pdf")
    desk.get_by_label("退回补正").check()
    desk.get_by_label("退回原因").fill("缺签字页")
    desk.get_by_role("button", name="提交审核意见").click()
    assert desk.get_by_text("2 份材料已退回").is_visible()

    unit.goto("/portal/hires/")
    assert unit.get_by_text("退回原因：缺签字页").first.is_visible()
    look(unit)
    unit.get_by_role("link", name="重新上传").first.click()
    contract(unit, pdf(b"signed"))
    assert unit.get_by_text("已提交，用于 1 份材料").is_visible()

    desk.goto("/desk/hires/")
    desk.get_by_role("link", name="张三：劳动合同").first.click()
    desk.get_by_label("通过").check()
    desk.get_by_role("button", name="提交审核意见").click()
    assert desk.get_by_text("1 份材料已审核通过").is_visible()
    states = RequiredPaper.objects.filter(kind="contract").values_list("state", flat=True)
    assert sorted(states) == ["ACCEPTED", "SENT_BACK"]
