"""An officer telephones a unit that gives no sign, notes its choice, and another confirms it."""

import pytest

from casework.models import OutboxMessage
from refunds.models import Obligation
from registry.models import Post
from tests.factories import PASSWORD, make_officer
from tests.refunds.telling import PDF, offered

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = ((1366, 768), (375, 800))


@pytest.fixture(autouse=True)
def outbox(settings, tmp_path):
    settings.OUTBOX_DIR = tmp_path / "outbox"
    settings.MEDIA_ROOT = tmp_path / "uploads"


def sign_in(page, username):
    page.goto("/login/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def look(page, accessible, fits, picture, name):
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        fits(page)
        picture(page, f"{name}-{width}")
    page.set_viewport_size({"width": 1366, "height": 768})
    accessible(page)


def test_a_unit_that_gives_no_sign_is_telephoned_and_helped(
    open_page, accessible, fits, picture, tmp_path
):
    employer = offered(phone="13800000001", name="攀枝花市回音机械制造有限责任公司")
    offered(phone="13800000002", name="攀枝花市远山商贸有限公司")
    message = OutboxMessage.objects.earliest("pk")
    OutboxMessage.objects.filter(pk=message.pk).update(
        state="GIVEN_UP", error="短信平台拒收（422）：号码不存在"
    )
    make_officer(name="李经办", username="handler")
    make_officer(Post.REVIEWER, name="周复核", username="reviewer")
    letter = tmp_path / "委托.pdf"
    letter.write_bytes(PDF)

    # Without a script: all of it works by forms alone.
    handler = open_page(scripts=False)
    sign_in(handler, "handler")
    handler.goto("/desk/outbox/")
    picture(handler, "outbox-plain")
    handler.goto("/desk/contacts/")
    handler.get_by_role("link", name=employer.name).click()
    handler.get_by_label("没有联系上").check()
    handler.get_by_label("通话内容").fill("第一次打，没有人接")
    handler.get_by_role("button", name="登记", exact=True).click()
    assert handler.get_by_text("第一次打，没有人接").is_visible()

    page = open_page()
    sign_in(page, "handler")
    for path, name in (
        ("/desk/contacts/", "contacts"),
        (f"/desk/contacts/{employer.pk}/", "contact"),
        ("/desk/outbox/", "outbox"),
        (f"/desk/contacts/{employer.pk}/choice/", "note-choice"),
        (f"/desk/employers/{employer.pk}/", "employer"),
    ):
        page.goto(path)
        look(page, accessible, fits, picture, name)
    page.goto("/desk/contacts/")
    page.get_by_role("button", name="给名单上的单位再发一次提醒").click()
    look(page, accessible, fits, picture, "remind")
    page.get_by_role("button", name="发送给这 2 户").click()
    assert page.get_by_text("已提醒 2 户").is_visible()

    page.goto(f"/desk/contacts/{employer.pk}/choice/")
    page.get_by_label("退费：退到登记的收款账户").check()
    page.get_by_label("书面函").check()
    page.get_by_label("单位表示意见的人").fill("赵某，会计")
    page.get_by_label("依据文件").set_input_files(letter)
    page.get_by_role("button", name="登记，交另一人确认").click()
    assert page.get_by_text("请由另一人核对").is_visible()
    address = page.url

    second = open_page()
    sign_in(second, "reviewer")
    second.goto(address)
    look(second, accessible, fits, picture, "choice")
    second.get_by_label("依据属实，确认").check()
    second.get_by_role("button", name="提交").click()
    assert Obligation.objects.get(employer=employer).state == "CHOSEN"
    second.goto("/desk/staff-choices/")
    look(second, accessible, fits, picture, "choices")
    second.goto(f"/desk/refunds/{Obligation.objects.get(employer=employer).receipt}/")
    look(second, accessible, fits, picture, "refund")

    member = employer.members.get()
    member.user.username = "firm"
    member.user.save()
    firm = open_page()
    sign_in(firm, "firm")
    firm.goto("/portal/notices/")
    look(firm, accessible, fits, picture, "notices")
    firm.goto("/portal/notices/settings/")
    look(firm, accessible, fits, picture, "settings")
