"""The pages of what is still to be paid: who sees what, what stands there, what they ask."""

from datetime import date
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from casework import todo
from casework.models import Letter
from classification.models import Size
from registry import scope
from registry.models import Post
from relief.models import PlaceCheck
from relief.services import places, recoveries
from tests.factories import client_for, make_agency, make_member, make_officer
from tests.relief.builders import AT, make_size, recalculate
from tests.relief.test_recoveries import notice_of, owing, pay_all, settle

pytestmark = pytest.mark.django_db


def handler(district="510402"):
    return make_officer(Post.HANDLER, agency=make_agency(district=district))


def get(who, name, *arguments, status=200, **query) -> str:
    answer = client_for(who).get(reverse(name, args=arguments), query)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.fixture
def asked():
    employer = owing(name="东区钢厂")
    settle(employer)
    return notice_of(employer)


def test_the_list_shows_the_officers_district_and_what_is_open(asked):
    other = owing(name="西区钢厂", district="510403")
    settle(other)
    pay_all(asked.employer, leave="300.00")

    page = get(handler(), "relief:recoveries", show="")

    assert "东区钢厂" in page
    assert "300.00" in page
    assert "西区钢厂" not in page
    assert "东区钢厂" in get(handler(), "relief:recoveries", q="东区", show="overdue")
    assert "没有补缴通知" in get(handler(), "relief:recoveries", show="over")


def test_a_notice_shows_each_month_why_and_what_waiting_costs(asked):
    page = get(handler(), "relief:recovery", asked.receipt)

    assert "2020年3月" in page
    assert "核定后没有缴清" in page
    assert "以后每晚一天增加" in page
    assert "已超过截止日期" in page  # this is years later
    get(handler("510403"), "relief:recovery", asked.receipt, status=404)


def test_a_changed_class_is_named_as_the_reason():
    employer = owing(Size.SMALL)
    settle(employer)
    make_size(employer, Size.LARGE, dated=date(2020, 7, 1))
    recalculate()
    settle(employer)

    page = get(handler(), "relief:recovery", notice_of(employer).receipt)

    assert "归类由“中小微企业" in page


def test_the_unit_sees_its_own_notice_and_how_to_pay(asked):
    member = make_member(asked.employer)

    listed = get(member, "portal_recoveries:list")
    page = get(member, "portal_recoveries:recovery", asked.receipt)

    assert asked.receipt in listed
    assert "怎样办" in page
    assert "冲抵" in page
    stranger = make_member(owing())
    get(stranger, "portal_recoveries:recovery", asked.receipt, status=404)


def test_the_letter_is_composed_once_and_the_same_for_unit_and_officer(asked):
    member = make_member(asked.employer)
    first = client_for(member).get(reverse("portal_recoveries:letter", args=[asked.receipt]))
    second = client_for(handler()).get(reverse("relief:recovery_letter", args=[asked.receipt]))

    assert first.content.startswith(b"%PDF")
    assert first.content == second.content
    letter = Letter.objects.get(matter_kind="recovery")
    assert letter.facts["amount"] == f"{asked.amount:,.2f}"
    assert [line[1] for line in letter.facts["lines"]] == ["养老", "失业", "工伤"]


def test_the_workbook_lists_what_the_page_lists(asked):
    answer = client_for(handler()).get(reverse("relief:recoveries_workbook"), {"show": "overdue"})

    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:2] == ("单位名称", "统一社会信用代码")
    assert rows[1][0] == "东区钢厂"
    assert rows[1][8] == float(asked.amount)
    assert rows[1][7] == (timezone.localdate() - asked.due_on).days


def test_handlers_hear_of_overdue_units_and_units_of_their_notice(asked):
    def todos(user):
        return {item.label: item.count for item in todo.todos(scope.viewer_of(user))}

    assert todos(handler().user)["补缴已逾期的单位"] == 1
    assert "补缴已逾期的单位" not in todos(handler("510403").user)
    assert todos(make_member(asked.employer).user)["待补缴的通知"] == 1


def test_lists_ask_the_same_for_one_notice_and_many(asked):
    client = client_for(handler())
    counts = []
    for _ in range(3):  # the first asks for sign-in and law too
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("relief:recoveries"), {"show": ""})
        counts.append(len(seen))
        for _ in range(4):
            settle(owing())

    assert counts[1] == counts[2] <= 15


def test_every_difference_has_a_place_once_the_workers_have_come_by(asked):
    places.check(at=AT)
    officer = handler("510400")

    page = get(officer, "relief:places")
    assert "所有差额都有去处" in page
    assert "应补：已发补缴通知" in page
    get(handler(), "relief:places", status=403)


def test_what_no_worker_has_seen_yet_is_listed(asked):
    late = owing(name="还没有看到的厂")
    places.check(at=AT)

    page = get(handler("510400"), "relief:places")
    assert "还没有去处" in page
    assert "还没有看到的厂" in page

    recoveries.work_due(clock=lambda: AT)
    assert places.check(at=AT).pk == PlaceCheck.objects.latest("pk").pk
    assert notice_of(late).amount


def test_the_account_says_where_each_difference_is(asked):
    page = get(handler(), "relief:account", asked.employer_id)

    assert "差额的去向" in page
    assert "应补：已发补缴通知" in page
