"""While months are deferred: a voided opinion, a person's matter, another plan, a default."""

from datetime import date, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from deferral.models import PersonMatter
from deferral.services import following
from deferral.workflow import AgreementState, PersonState, State
from registry.models import Post
from tests.browser.test_deferring import by_keyboard
from tests.browser.test_imports import sign_in
from tests.deferral.builders import AT, CITY, COUNTY, Walk, office, pdf
from tests.deferral.test_following import on
from tests.deferral.test_people import arrive, first_person

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    """The day it is, for everybody."""

    def __init__(self) -> None:
        self.at: datetime = AT


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.at)
    return clock


@pytest.fixture
def paper(tmp_path):
    path = tmp_path / "paper.pdf"
    path.write_bytes(pdf("paper").getvalue())
    return str(path)


@pytest.fixture
def signed_in(open_page, live_server):
    def open_as(who, path, *, width=1366, scripts=True):
        page = open_page(width=width, scripts=scripts)
        sign_in(page, live_server, who)
        page.goto(path)
        return page

    return open_as


def agreed(district=COUNTY) -> Walk:
    walk = Walk(district, first="2020-03", last="2020-03", employee_part=True)
    walk.to_decision().decide().agree()
    return walk


def agency(district=COUNTY):
    return office("SOCIAL_INSURANCE", district, post=Post.HANDLER)


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_a_return_voids_the_opinions_and_they_are_asked_for_again(
    signed_in, look, paper, width, scripts
):
    walk = Walk(COUNTY).submit().accept().opinions()
    path = reverse("desk_deferrals:application", args=[walk.application.receipt])

    page = signed_in(walk.reporter, path, width=width, scripts=scripts)
    page.locator("summary", has_text="退回受理岗").press("Enter")
    page.locator("[name=return-reason]").fill("欠税金额与税务意见不一致，请核实")
    by_keyboard(page, "退回")
    page.get_by_text("已退回受理岗").first.wait_for()
    page.locator("summary", has_text="已失效的意见（3）").press("Enter")
    look(page, "voided", width=width, scripts=scripts)
    assert walk.state == State.SUBMITTED

    page = signed_in(walk.taker, path, width=width, scripts=scripts)
    by_keyboard(page, "受理")
    page.get_by_text("正在同时征求各部门意见").first.wait_for()
    page = signed_in(walk.departments["TAX"], path, width=width, scripts=scripts)
    page.get_by_text("已失效的意见（3）").wait_for()
    page.locator("input[name=opinion-verdict][value=AGREE]").press("Space")
    page.locator("[name=opinion-document_number]").fill("攀税函〔2020〕9号")
    page.locator("[name=opinion-document_date]").fill("2020-03-20")
    page.set_input_files("[name=opinion-file]", paper)
    by_keyboard(page, "签署意见")
    page.get_by_text("意见已签署").wait_for()


@pytest.mark.parametrize(
    ("district", "width", "scripts"), [(COUNTY, 1366, True), (CITY, 375, False)]
)
def test_somebody_retires_and_is_paid_up_alone(signed_in, look, clock, district, width, scripts):
    walk = agreed(district)
    clock.at = on(date(2020, 4, 10))
    agreement = reverse("portal_deferrals:agreement", args=[walk.application.receipt])

    page = signed_in(walk.member, agreement, width=width, scripts=scripts)
    look(page, f"running-{district}", width=width, scripts=scripts)
    by_keyboard(page, "职工退休、离职或申领待遇", role="link")
    page.locator("input[name=kind][value=pension]").press("Space")
    page.locator("[name=person_id]").fill(first_person(walk))
    page.locator("[name=happened_on]").fill("2020-04-09")
    look(page, f"person-begin-{district}", width=width, scripts=scripts)
    by_keyboard(page, "算出要缴的金额")
    page.get_by_text("附言写").wait_for()
    look(page, f"person-{district}", width=width, scripts=scripts)
    by_keyboard(page, "已缴款，现在核对")
    page.get_by_text("还没有收到足够的款项").wait_for()
    arrive(walk, "pension", "800.00", "800.00", day=date(2020, 4, 10))
    by_keyboard(page, "已缴款，现在核对")
    page.get_by_text("款项已到账").first.wait_for()

    queue = reverse("desk_deferrals:people")
    desk = signed_in(agency(district), queue, width=width, scripts=scripts)
    look(desk, f"people-{district}", width=width, scripts=scripts)
    by_keyboard(desk, "张三", role="link")
    by_keyboard(desk, "办结并开具证明")
    desk.get_by_text("已办结，证明已开具").wait_for()
    look(desk, f"certified-{district}", width=width, scripts=scripts)

    page.reload()
    page.get_by_text("职工缓缴社会保险费缴清证明").wait_for()
    assert PersonMatter.objects.get().state == PersonState.CERTIFIED


def test_a_unit_asks_for_another_plan_and_the_agency_agrees(signed_in, look, clock):
    walk = agreed()
    clock.at = on(date(2020, 5, 12))
    agreement = reverse("portal_deferrals:agreement", args=[walk.application.receipt])
    page = signed_in(walk.member, agreement, width=375)
    by_keyboard(page, "变更补缴计划", role="link")
    page.locator("input[name=kind][value=monthly]").press("Space")
    page.locator("[name=ends_on]").fill("2020-11-30")
    page.locator("[name=reason]").fill("订单恢复，想早一点缴")
    look(page, "plan-change", width=375)
    by_keyboard(page, "提交变更申请")
    page.get_by_text("变更申请已提交").first.wait_for()
    look(page, "plan-asked", width=375)

    path = reverse("desk_deferrals:agreement", args=[walk.application.receipt])
    desk = signed_in(agency(), path)
    look(desk, "plan-to-decide")
    desk.locator("input[name=plan-grant][value=yes]").press("Space")
    by_keyboard(desk, "确定")
    desk.get_by_text("决定已记录").first.wait_for()

    page.reload()
    page.get_by_text("2020年11月30日").first.wait_for()


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_a_default_is_shown_proposed_and_decided(signed_in, look, clock, width, scripts):
    walk = agreed()
    clock.at = on(date(2021, 1, 11))
    agreement = walk.application.agreement
    following.settle(agreement_ids=[agreement.pk], at=clock.at)
    mine = reverse("portal_deferrals:agreement", args=[walk.application.receipt])
    page = signed_in(walk.member, mine, width=width, scripts=scripts)
    page.get_by_text("到期未缴清").first.wait_for()
    look(page, "overdue", width=width, scripts=scripts)

    path = reverse("desk_deferrals:agreement", args=[walk.application.receipt])
    desk = signed_in(agency(), path, width=width, scripts=scripts)
    desk.locator("summary", has_text="提前终止").press("Enter")
    desk.locator("[name=ground]").select_option("default")
    by_keyboard(desk, "先看影响")
    desk.get_by_role("heading", name="没有按计划补缴，经催告仍不缴").wait_for()
    look(desk, "end-preview", width=width, scripts=scripts)
    desk.locator("[name=reason]").fill("催告两次仍不缴")
    desk.locator("[name=document]").fill("催告通知书〔2021〕3号")
    by_keyboard(desk, "提出，请市人社局审批")
    desk.get_by_text("已提出，等市人社局审批").first.wait_for()

    city = signed_in(walk.decider, path, width=width, scripts=scripts)
    look(city, "end-decide", width=width, scripts=scripts)
    city.locator("input[name=end-grant][value=yes]").press("Space")
    by_keyboard(city, "确定")
    city.get_by_text("审批已记录").first.wait_for()

    page.reload()
    page.get_by_text("提前终止").first.wait_for()
    look(page, "ended", width=width, scripts=scripts)
    agreement.refresh_from_db()
    assert agreement.state == AgreementState.ENDED_EARLY
