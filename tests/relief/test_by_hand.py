"""What people decide instead of a rule: listed by month, waited for by a second, taken back by two."""

from datetime import date
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from casework import todo
from registry import scope
from registry.models import Post, UnitType
from relief.models import EstimateDecision, EstimateOrder
from relief.queries import by_hand, estimates
from tests.factories import client_for, make_employer, make_officer
from tests.relief.builders import AT
from tests.relief.classing import assess_undeclared, class_by_hand
from tests.relief.drafting import make_draft, prepare, publish
from tests.relief.test_estimates import JUNE, silent

pytestmark = pytest.mark.django_db
MONTH = date(2020, 8, 1)


def seen_by(officer) -> list[str]:
    return [row.kind for row in by_hand.of_month(scope.viewer_of(officer.user), MONTH)]


def todos(officer) -> dict[str, int]:
    return {item.label: item.count for item in todo.todos(scope.viewer_of(officer.user))}


def test_every_kind_of_decision_is_listed_in_its_month_and_in_sight_only():
    class_by_hand(make_employer(unit_type=UnitType.SOCIAL_GROUP), "sme")
    assess_undeclared(silent(), JUNE)
    document = publish(prepare(make_draft()))

    city = make_officer(Post.AUDIT, district="510400")
    assert {"人工归类", "未申报核定"} <= set(seen_by(city))
    assert "人工归类" not in seen_by(make_officer(Post.AUDIT, district="510403"))
    published = by_hand.of_month(
        scope.viewer_of(city.user), timezone.localdate(document.recorded_at).replace(day=1)
    )
    assert "政策文件发布" in [row.kind for row in published]
    assert by_hand.of_month(scope.viewer_of(city.user), date(2019, 1, 1)) == []


def test_the_page_and_its_workbook_say_the_same():
    unit = make_employer(unit_type=UnitType.SOCIAL_GROUP, name="某协会")
    class_by_hand(unit, "sme")
    client = client_for(make_officer(Post.AUDIT, district="510400"))

    page = client.get(reverse("relief:by_hand"), {"month": "2020-08"}).content.decode()
    answer = client.get(reverse("relief:by_hand_workbook"), {"month": "2020-08"})

    assert "某协会" in page
    assert "省级部门已认定" in page
    rows = list(load_workbook(BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
    assert rows[1][2] == "某协会"


def test_who_may_agree_hears_of_what_waits_and_who_began_it_doesnt():
    proposal = class_by_hand(make_employer(unit_type=UnitType.SOCIAL_GROUP), "sme").proposal
    type(proposal).objects.create(
        **{
            field.attname: getattr(proposal, field.attname)
            for field in type(proposal)._meta.concrete_fields
            if field.name != "id"
        }
    )

    assert todos(make_officer(Post.REVIEWER, district="510400"))["人工归类待复核"] == 1
    assert "人工归类待复核" not in todos(make_officer(Post.REVIEWER))
    assert "人工归类待复核" not in todos(proposal.proposed_by)


def test_an_assessment_is_taken_back_by_two_from_its_own_page():
    unit = silent()
    assess_undeclared(unit, JUNE)
    order = EstimateOrder.objects.get()
    handler, reviewer = make_officer(), make_officer(Post.REVIEWER)
    page = reverse("relief:estimate", args=[order.pk])
    assert "发起撤销" in client_for(handler).get(page).content.decode()
    assert "发起撤销" not in client_for(reviewer).get(page).content.decode()

    answer = client_for(handler).post(
        reverse("relief:estimate_withdraw", args=[order.pk]), {"reason": "单位已补报"}
    )

    taken_back = EstimateOrder.objects.latest("pk")
    assert answer["Location"] == reverse("relief:estimate", args=[taken_back.pk])
    assert taken_back.kind == EstimateOrder.Kind.WITHDRAW
    assert todos(reviewer)["未申报核定待复核"] == 1
    assert "发起撤销" not in client_for(handler).get(page).content.decode()
    client_for(reviewer).post(answer["Location"], {"verdict": "agree"})
    assert EstimateDecision.objects.filter(order=taken_back, agreed=True).exists()
    assert estimates.still_standing(order) == []


def test_nobody_else_takes_it_back():
    assess_undeclared(silent(), JUNE)
    order = EstimateOrder.objects.get()
    address = reverse("relief:estimate_withdraw", args=[order.pk])

    client_for(make_officer(Post.REVIEWER)).post(address, {"reason": "撤销"})
    client_for(make_officer()).post(address, {"reason": ""})

    assert EstimateOrder.objects.count() == 1
    assert timezone.localdate(AT) == MONTH
