"""The pages of raised bases: who sees what of them, and what they ask of the database."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from casework import todo
from registry import scope
from registry.models import Agency, Post
from registry.templatetags.relief_formats import mask_id
from tests.factories import client_for, make_agency, make_employer, make_member, make_officer
from tests.registry.workbooks import make_person
from tests.relief.builders import recalculate
from tests.relief.declaring import declare_as, end

pytestmark = pytest.mark.django_db


def raised(persons: int = 1, **fields):
    """An employer that has raised its persons' bases of March from 5,000 to 8,000 yuan."""
    employer = make_employer(**fields)
    numbers = range(1, persons + 1)
    declare_as(employer, {"2020-03": dict.fromkeys(numbers, "5000.00")}, own=False)
    declare_as(employer, {"2020-03": dict.fromkeys(numbers, "8000.00")})
    return employer


def get(who, name, *arguments, **query) -> str:
    answer = client_for(who).get(reverse(name, args=arguments), query)
    assert answer.status_code == 200
    return answer.content.decode()


def auditor(district="510402", **fields):
    return make_officer(Post.AUDIT, agency=make_agency(district=district), **fields)


def todos(officer):
    return [(item.label, item.count) for item in todo.todos(scope.viewer_of(officer.user))]


def test_auditors_are_told_how_many_of_their_employers_wait():
    raised(persons=2)
    raised()
    raised(district="510403")

    assert todos(auditor()) == [("基数上调待稽核单位", 2)]
    assert todos(auditor("510400")) == []
    assert "基数上调待稽核单位" not in dict(todos(make_officer(Post.HANDLER)))
    page = client_for(auditor()).get("/desk/").content.decode()
    assert "基数上调待稽核单位" in page


def test_the_list_shows_what_the_raises_would_add_by_insurance():
    employer = raised(persons=2, name="东区钢厂")

    page = get(auditor(), "relief:holds")

    assert "东区钢厂" in page
    for amount in ("+6,000.00", "+960.00", "+480.00"):  # bases; pension: 16 % and 8 % of 6,000
        assert amount in page
    assert "2020年3月" in page
    assert "办结前按原基数核定" in page
    assert reverse("relief:employer_holds", args=[employer.pk]) in page


def test_a_district_sees_its_own_and_the_city_may_choose():
    raised(name="东区钢厂")
    raised(name="西区钢厂", district="510403")
    city = auditor("510400")

    assert "西区钢厂" not in get(auditor(), "relief:holds")
    assert "西区钢厂" in get(city, "relief:holds")
    chosen = get(city, "relief:holds", district="510402")
    assert "东区钢厂" in chosen
    assert "西区钢厂" not in chosen
    assert "西区钢厂" not in get(city, "relief:holds", q="东区")


def test_the_employers_page_names_persons_and_bases():
    employer = raised()

    page = get(auditor(), "relief:employer_holds", employer.pk)

    assert make_person(1) in page
    for shown in ("5,000.00", "8,000.00", "+3,000.00", "+480.00", "提高当月已申报的基数"):
        assert shown in page


def test_who_needs_no_identity_numbers_sees_them_masked():
    employer = raised()
    bureau = make_officer(Post.OPINION, agency=make_agency(Agency.Kind.TAX, district="510402"))

    page = get(bureau, "relief:employer_holds", employer.pk)

    assert make_person(1) not in page
    assert mask_id(make_person(1)) in page


def test_nothing_waits_once_the_audit_has_ended():
    employer = raised()
    end()

    assert "没有待稽核的基数上调" in get(auditor(), "relief:holds")
    assert "没有待稽核的基数上调" in get(auditor(), "relief:employer_holds", employer.pk)
    assert "待稽核差额" not in get(auditor(), "relief:account", employer.pk)
    assert todos(auditor()) == []


def test_the_account_says_what_is_held_and_why():
    employer = raised()
    recalculate()

    page = get(auditor(), "relief:account", employer.pk)

    assert "单位应缴现按 800.00 元计，待稽核差额 480.00 元" in page
    assert "四（三）" in page


def test_the_enterprise_reads_that_its_raise_was_accepted_and_what_is_used_meanwhile():
    employer = raised()
    recalculate()
    member = employer.members.get()

    page = get(member, "portal_months")
    why = get(member, "portal_why", "2020-03", "pension")

    assert "已经受理，专门稽核办结以前按原基数核定" in page
    assert "待稽核差额 480.00 元" in page
    assert "申报 8,000.00（上调待稽核），按原基数 5,000.00 计" in why
    assert "待稽核差额（未计入以上金额）" in why
    assert "待稽核" not in get(make_member(), "portal_months")


def test_an_amount_after_a_refusal_says_so():
    employer = raised()
    end(verdict="REFUSED_BASE")

    page = get(auditor(), "relief:explain", employer.uscc, "2020-03", "pension")

    assert "申报 8,000.00（经稽核不予上调），按原基数 5,000.00 计" in page
    assert "待稽核差额" not in page


@pytest.mark.parametrize("name", ["relief:holds", "relief:employer_holds"])
def test_the_pages_cost_the_same_whatever_their_length(name):
    officer = auditor()
    first = raised()
    arguments = [first.pk] if name == "relief:employer_holds" else []

    def asked() -> int:
        client = client_for(officer)
        address = reverse(name, args=arguments)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        return len(queries)

    one = asked()
    for _ in range(19):
        raised()
    declare_as(first, {"2020-03": dict.fromkeys(range(2, 21), "5000.00")}, own=False)
    declare_as(first, {"2020-03": dict.fromkeys(range(2, 21), "8000.00")})

    assert asked() == one
