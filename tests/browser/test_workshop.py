"""The policy workshop and what people decide by hand, in a browser: each page fits and is accessible."""

from datetime import date

import pytest
from django.urls import reverse

from registry.models import Post, UnitType
from relief.models import EstimateOrder, PolicyDocument
from tests.browser.test_imports import sign_in
from tests.factories import make_employer, make_member, make_officer
from tests.relief.builders import declare, pay, recalculate, sized_employer
from tests.relief.classing import assess_undeclared, class_by_hand
from tests.relief.drafting import SLUG, make_draft
from tests.relief.test_estimates import JUNE, silent

pytestmark = pytest.mark.django_db(transaction=True)
WIDTHS = [(1366, True), (375, False)]


@pytest.mark.parametrize(("width", "scripts"), WIDTHS)
def test_a_draft_is_read_compared_and_prepared_by_keyboard(
    open_page, live_server, accessible, fits, picture, width, scripts
):
    make_draft()
    newest, oldest = PolicyDocument.objects.order_by("-published").values_list("slug", flat=True)[
        :2
    ]
    page = open_page(width=width, scripts=scripts)
    sign_in(page, live_server, make_officer(Post.HANDLER, district="510400"))

    for name, arguments in (
        ("policies", []),
        ("policy", [newest]),
        ("policy_draft", [SLUG]),
        ("policy_difference", [SLUG, newest]),
        ("policy_difference", [newest, oldest]),
        ("policy_parameters", []),
        ("simulation_of_draft", [SLUG]),
    ):
        page.goto(reverse(f"relief:{name}", args=arguments))
        fits(page)
        picture(page, f"workshop-{name}-{width}")
        if scripts:
            accessible(page)
    page.goto(reverse("relief:policies"))
    page.get_by_role("link", name="缴费截止日的规定").first.press("Enter")
    page.get_by_role("button", name="送审").press("Enter")
    page.get_by_text("已送审").first.wait_for()


@pytest.mark.parametrize(("width", "scripts"), WIDTHS)
def test_what_is_decided_by_hand_is_read_and_taken_back(
    open_page, live_server, accessible, fits, picture, width, scripts
):
    group = make_employer(unit_type=UnitType.SOCIAL_GROUP, name="攀枝花市某行业协会")
    class_by_hand(group, "sme")
    unit = silent()
    assess_undeclared(unit, JUNE)
    order = EstimateOrder.objects.get()
    city = open_page(width=width, scripts=scripts)
    sign_in(city, live_server, make_officer(Post.HANDLER, district="510400"))

    for address in (
        f"{reverse('relief:by_hand')}?month=2020-08",
        reverse("relief:classes"),
        reverse("relief:employer_class", args=[group.pk]),
        reverse("relief:estimates"),
        reverse("relief:lists"),
        reverse("relief:checks"),
    ):
        city.goto(address)
        fits(city)
        picture(city, f"by-hand-{address.strip('/').split('/')[1]}-{width}")
        if scripts:
            accessible(city)

    own = open_page(width=width, scripts=scripts)
    sign_in(own, live_server, make_officer(Post.HANDLER))
    own.goto(reverse("relief:estimate", args=[order.pk]))
    fits(own)
    if scripts:
        accessible(own)
    own.get_by_label("事由").fill("单位已经补报")
    own.get_by_role("button", name="发起撤销").press("Enter")
    own.get_by_text("等另一人复核").first.wait_for()
    fits(own)


@pytest.mark.parametrize(("width", "scripts"), WIDTHS)
def test_a_units_reduction_and_its_past_days_fit_on_desk_and_portal(
    open_page, live_server, accessible, fits, picture, width, scripts
):
    unit = sized_employer("LARGE", name="攀枝花市某钢铁有限公司")
    for month in ("2020-02", "2020-03", "2020-06"):
        declare(unit, month)
    pay(unit, "1600.00")
    recalculate(date(2020, 7, 31))
    recalculate()
    desk = open_page(width=width, scripts=scripts)
    sign_in(desk, live_server, make_officer(Post.HANDLER, district="510400"))
    for name in ("reduction", "account", "employer_ledger"):
        for past in ("", "?as_of=2020-07-31"):
            desk.goto(reverse(f"relief:{name}", args=[unit.pk]) + past)
            fits(desk)
            if scripts:
                accessible(desk)
    picture(desk, f"ledger-{width}")

    member = open_page(width=width, scripts=scripts)
    sign_in(member, live_server, make_member(unit))
    for address in (reverse("portal_reduction"), reverse("portal_months")):
        for past in ("", "?as_of=2020-07-31"):
            member.goto(address + past)
            fits(member)
            picture(member, f"{address.strip('/').replace('/', '-')}-{width}")
            if scripts:
                accessible(member)
