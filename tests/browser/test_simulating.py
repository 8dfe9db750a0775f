"""From «what would it cost» to the run in a browser: tried, agreed to by another, run, seen by the unit."""

import pytest
from django.urls import reverse
from django.utils import timezone

from classification.models import Size
from registry.models import Post
from relief.services import simulations, work
from tests.browser.test_imports import sign_in
from tests.factories import make_member, make_officer
from tests.relief.builders import declare, pay, recalculate, sized_employer
from tests.relief.test_simulations import APRIL

pytestmark = pytest.mark.django_db(transaction=True)


def work_all() -> None:
    """Do what the workers would."""
    at = timezone.now()
    for simulation_id in simulations.due(at=at):
        simulations.run_simulation(simulation_id=simulation_id, clock=timezone.now)
    for shard_id in work.due_shards(at=at):
        work.work_shard(shard_id=shard_id, clock=timezone.now)


@pytest.mark.parametrize(("width", "scripts"), [(1366, True), (375, False)])
def test_a_change_is_tried_agreed_to_and_run(
    open_page, live_server, accessible, fits, picture, width, scripts
):
    unit = sized_employer(Size.LARGE, name="攀枝花市某钢铁有限公司", district="510402")
    for month in ("2020-03", "2020-06"):
        declare(unit, month)
    pay(unit, "1600.00")
    recalculate(APRIL)
    clerk = open_page(width=width, scripts=scripts)
    sign_in(clerk, live_server, make_officer(Post.HANDLER, district="510400"))

    clerk.goto(reverse("relief:simulations"))
    clerk.get_by_role("link", name="发起试算").click()
    fits(clerk)
    if scripts:
        accessible(clerk)
    clerk.get_by_label("名称").fill("延长政策的影响")
    clerk.get_by_label("核定基准日").fill("2020-08-01")
    clerk.get_by_role("button", name="发起试算").press("Enter")
    clerk.get_by_text("正在试算").wait_for()
    work_all()
    clerk.reload()
    fits(clerk)
    picture(clerk, f"simulation-{width}")
    clerk.get_by_role("link", name="看差异清单").click()
    fits(clerk)
    if scripts:
        accessible(clerk)
    clerk.get_by_role("link", name=unit.name).first.click()
    clerk.get_by_text("减免规定变更").first.wait_for()
    fits(clerk)
    picture(clerk, f"simulation-lines-{width}")
    if scripts:
        accessible(clerk)

    head = open_page(width=width, scripts=scripts)
    sign_in(head, live_server, make_officer(Post.HEAD, district="510400"))
    head.goto(reverse("relief:simulations"))
    head.get_by_role("link", name="延长政策的影响").click()
    if scripts:
        accessible(head)
    head.get_by_label("意见").fill("同意")
    head.get_by_role("button", name="批准").press("Enter")
    head.get_by_text("意见：同意").wait_for()

    clerk.goto(reverse("relief:simulations"))
    clerk.get_by_role("link", name="延长政策的影响").click()
    clerk.get_by_role("button", name="按这次试算发起核定").press("Enter")
    clerk.get_by_text("按第").first.wait_for()
    work_all()
    clerk.reload()
    clerk.get_by_role("link", name="按单位看前后差异和原因").click()
    fits(clerk)

    member = open_page(width=width, scripts=scripts)
    sign_in(member, live_server, make_member(unit))
    member.goto("/portal/")
    member.get_by_role("link", name="算给你看：每个数怎么来的").click()
    member.get_by_text("可以退费或冲抵").wait_for()
    member.locator("summary").first.press("Enter")
    member.get_by_text("大型企业，减免").first.wait_for()
    fits(member)
    picture(member, f"reduction-{width}")
    if scripts:
        accessible(member)
