"""The pages of construction projects: who sees what, what stands there, what they ask."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from casework import todo
from classification.models import Size
from registry import scope
from registry.models import Post
from registry.money import ZERO
from relief.models import ProjectLook
from relief.queries import projects
from relief.services import projects as services
from tests.factories import client_for, make_agency, make_member, make_officer
from tests.relief.builders import AT, make_size, recalculate, sized_employer
from tests.relief.building import YEAR_END, make_project, relief_of

pytestmark = pytest.mark.django_db


def handler(district="510402"):
    return make_officer(Post.HANDLER, agency=make_agency(district=district))


def get(who, name, *arguments, status=200, **query) -> str:
    answer = client_for(who).get(reverse(name, args=arguments), query)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_register_shows_the_officers_own_district_and_can_be_searched():
    make_project(sized_employer(name="东区建工"), "XM-A")
    make_project(sized_employer(name="西区建工", district="510403"), "XM-B")
    recalculate(YEAR_END)

    page = get(handler(), "relief:projects")

    assert "XM-A" in page
    assert "50,000.00" in page
    assert "XM-B" not in page
    city = handler("510400")
    assert "XM-B" in get(city, "relief:projects")
    assert "XM-B" not in get(city, "relief:projects", q="东区")
    assert "XM-A" in get(city, "relief:projects", show="relieved")
    assert "没有建设项目" in get(city, "relief:projects", show="none")


def test_one_project_shows_both_ways_the_steps_and_its_versions():
    employer = sized_employer(name="东区建工")
    make_project(employer, premium="50000.00")
    version = make_project(employer)
    recalculate(YEAR_END)

    page = get(handler(), "relief:project", version.project_id)

    assert "60,000.00 × 10 ÷ 12 × 100%" in page
    assert "50,301.37" in page  # by days
    assert "2020-03 至 2020-12" in page
    assert "第 2 版" in page
    assert "第 1 版" in page
    get(handler("510403"), "relief:project", version.project_id, status=404)


@pytest.mark.parametrize("size", list(Size))
@pytest.mark.parametrize(
    ("start", "end", "paid_on"),
    [
        ("2020-03-01", "2021-02-28", "2020-03-02"),
        ("2020-01-31", "2020-08-31", "2020-01-20"),
        ("2020-02-01", "2020-08-31", "2020-01-20"),
        ("2021-03-01", "2021-08-31", "2021-02-20"),
    ],
)
def test_the_steps_lead_to_the_result_in_force(size, start, end, paid_on):
    employer = sized_employer(size)
    make_size(employer, Size.LARGE, from_month=date(2020, 6, 1))
    make_project(employer, start=start, end=end, paid_on=paid_on)
    recalculate(YEAR_END)
    relief = relief_of()

    found = projects.explain(relief)

    assert found.agrees
    amounts = {step.title: step.amount for step in found.steps}
    relieved = next(step for step in found.steps if step.title.startswith("减免金额"))
    assert relieved.amount == relief.relief
    assert amounts["减免后应缴"] == relief.premium - relief.relief
    assert amounts["应退（多缴）"] == relief.relief
    assert amounts["已缴工伤保险费"] - amounts["减免后应缴"] - amounts["应退（多缴）"] == ZERO


def test_a_price_that_rose_without_its_premium_is_said_with_the_amount_that_is_missing():
    employer = sized_employer()
    make_project(employer, price="50000000.00", premium="60000.00")
    version = make_project(employer, price="55000000.00", premium="60000.00")
    recalculate(YEAR_END)

    page = get(handler(), "relief:project", version.project_id)

    assert "工伤保险费应为 66,000.00 元，还应补 6,000.00 元（未计减免）" in page
    make_project(employer, price="55000000.00", premium="66000.00")
    assert "还应补" not in get(handler(), "relief:project", version.project_id)


def test_the_enterprise_sees_its_own_projects_only():
    employer = sized_employer(name="东区建工")
    mine = make_project(employer, "XM-A")
    other = make_project(sized_employer(), "XM-B")
    recalculate(YEAR_END)
    member = make_member(employer)

    page = get(member, "portal_projects:list")

    assert "XM-A" in page
    assert "XM-B" not in page
    assert "50,000.00" in get(member, "portal_projects:project", mine.project_id)
    get(member, "portal_projects:project", other.project_id, status=404)


def waiting(officer):
    return {item.label: item.count for item in todo.todos(scope.viewer_of(officer.user))}.get(
        "建设项目待核对", 0
    )


def test_a_flagged_project_waits_until_somebody_has_looked():
    officer, other = handler(), handler("510403")
    version = make_project(sized_employer(), start="2020-02-01", paid_on="2020-01-15")
    recalculate(YEAR_END)
    assert (waiting(officer), waiting(other)) == (1, 0)
    assert "核对提示" in get(officer, "relief:project", version.project_id)

    where = reverse("relief:project_look", args=[version.project_id])
    assert client_for(officer).post(where, {"note": ""}).status_code == 422
    assert client_for(other).post(where, {"note": "已核对"}).status_code == 404
    assert client_for(officer).post(where, {"note": "合同已核对"}).status_code == 302
    assert client_for(officer).post(where, {"note": "又一次"}).status_code == 422

    assert ProjectLook.objects.get().note == "合同已核对"
    assert waiting(officer) == 0
    assert "合同已核对" in get(officer, "relief:project", version.project_id)


def test_only_handlers_look():
    version = make_project(sized_employer(), start="2020-02-01", paid_on="2020-01-15")
    recalculate(YEAR_END)
    reviewer = make_officer(Post.REVIEWER, agency=make_agency(district="510402"))

    with pytest.raises(services.NotYourPost):
        services.look(project_id=version.project_id, by=reviewer, note="核对", day=YEAR_END, at=AT)


@pytest.mark.parametrize("name", ["relief:projects", "portal_projects:list"])
def test_the_lists_cost_the_same_whatever_their_length(name):
    employer = sized_employer()
    who = handler() if name == "relief:projects" else make_member(employer)
    make_project(employer, "XM0")
    recalculate(YEAR_END)

    def asked() -> int:
        client = client_for(who)
        client.get(reverse(name))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse(name))
        return len(queries)

    one = asked()
    for number in range(1, 20):
        make_project(sized_employer() if name == "relief:projects" else employer, f"XM{number}")
    recalculate(YEAR_END)

    assert asked() == one
