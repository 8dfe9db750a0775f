"""Who sees and works on what."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory

from registry import scope
from registry.models import Agency, Employer, EmployerTerms, Post
from tests.factories import (
    make_administrator,
    make_agency,
    make_employer,
    make_member,
    make_officer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def places():
    """One employer of the city level, of 东区, of 西区, and one of a zone that lies in 仁和区."""
    return {
        "city": make_employer(district="510400"),
        "east": make_employer(district="510402"),
        "west": make_employer(district="510403"),
        "zone": make_employer(district="510411", zone="钒钛高新区"),
    }


def names(places, employers):
    found = {employer.pk for employer in employers}
    return {name for name, employer in places.items() if employer.pk in found}


def seen(places, user):
    return names(places, scope.limit(Employer.objects.all(), scope.viewer_of(user), employer=""))


def worked_on(places, officer):
    return names(places, scope.actionable(Employer.objects.all(), officer, employer=""))


@pytest.mark.parametrize("kind", set(Agency.Kind) - {Agency.Kind.ZONE})
def test_city_offices_see_the_whole_city(places, kind):
    officer = make_officer(agency=make_agency(kind, district="510400"))

    assert seen(places, officer.user) == set(places)


@pytest.mark.parametrize("kind", set(Agency.Kind) - {Agency.Kind.ZONE})
def test_a_districts_offices_see_their_own_employers(places, kind):
    officer = make_officer(agency=make_agency(kind, district="510403"))

    assert seen(places, officer.user) == {"west"}


def test_a_zones_committee_sees_the_zones_employers_wherever_they_are_insured(places):
    committee = make_agency(Agency.Kind.ZONE, district="510400", zone="钒钛高新区")

    assert seen(places, make_officer(agency=committee).user) == {"zone"}


def test_an_enterprise_sees_itself(places):
    assert seen(places, make_member(places["east"]).user) == {"east"}


def test_nobody_else_sees_anything(places):
    assert seen(places, AnonymousUser()) == set()
    assert seen(places, make_administrator()) == set()


def test_rows_below_an_employer_follow_it(places):
    terms = EmployerTerms.objects.all()
    officer = make_officer(district="510403")
    member = make_member(places["zone"])

    assert [row.employer for row in scope.limit(terms, scope.viewer_of(officer.user))] == [
        places["west"]
    ]
    assert [row.employer for row in scope.limit(terms, scope.viewer_of(member.user))] == [
        places["zone"]
    ]


def test_only_the_social_insurance_agency_of_the_district_works_on_an_employer(places):
    assert worked_on(places, make_officer(district="510402")) == {"east"}
    assert worked_on(places, make_officer(district="510400")) == {"city"}
    for kind in ("HR", "FINANCE", "TAX", "ECONOMY", "STATISTICS"):
        officer = make_officer(agency=make_agency(kind, district="510402"))
        assert worked_on(places, officer) == set()
        assert not scope.may_act(officer, places["east"])


def test_the_citys_fund_finance_works_on_the_whole_city(places):
    cashier = make_officer(Post.FUND_FINANCE, district="510400")
    countys = make_officer(Post.FUND_FINANCE, district="510402")

    assert worked_on(places, cashier) == set(places)
    assert worked_on(places, countys) == {"east"}
    assert scope.may_act(cashier, places["west"])
    assert not scope.may_act(countys, places["west"])


def test_may_act_agrees_with_actionable(places):
    for district in ("510400", "510402", "510411"):
        for post in Post:
            officer = make_officer(post, district=district)
            allowed = {name for name, one in places.items() if scope.may_act(officer, one)}
            assert allowed == worked_on(places, officer)


def test_identity_numbers_are_for_those_who_work_with_persons():
    shown = {post for post in Post if scope.may_see_identity(viewer(make_officer(post)))}

    assert shown == {Post.HANDLER, Post.REVIEWER, Post.AUDIT}
    assert not scope.may_see_identity(viewer(make_member()))
    assert not scope.may_see_identity(viewer(make_officer(Post.HANDLER, agency=make_agency("TAX"))))


def test_account_numbers_are_written_out_only_where_a_payment_is_decided():
    for post in Post:
        assert not scope.may_see_account(viewer(make_officer(post)))
    shown = {
        post for post in Post if scope.may_see_account(viewer(make_officer(post)), approving=True)
    }
    assert shown == {Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE, Post.HEAD}
    assert not scope.may_see_account(viewer(make_member()), approving=True)


def viewer(person):
    return scope.viewer_of(person.user)


def ask(view, user):
    request = RequestFactory().get("/desk/somewhere/?page=2")
    request.user = user
    return view(request)


def page(request):
    return HttpResponse("ok")


def test_guards_send_strangers_to_the_log_in_page_and_back():
    for guard in (scope.officer_required(), scope.member_required):
        answer = ask(guard(page), AnonymousUser())
        assert answer.status_code == 302
        assert answer["Location"].endswith("?next=/desk/somewhere/%3Fpage%3D2")


def test_guards_refuse_the_wrong_kind_of_account_and_the_wrong_post():
    handler, member = make_officer(Post.HANDLER), make_member()

    assert ask(scope.officer_required()(page), handler.user).content == b"ok"
    assert ask(scope.officer_required(Post.HANDLER)(page), handler.user).content == b"ok"
    assert ask(scope.member_required(page), member.user).content == b"ok"
    with pytest.raises(PermissionDenied, match="岗位"):
        ask(scope.officer_required(Post.REVIEWER)(page), handler.user)
    for guard, person in ((scope.officer_required(), member), (scope.member_required, handler)):
        with pytest.raises(PermissionDenied, match="办理范围"):
            ask(guard(page), person.user)


def test_who_looks_on_is_asked_once_per_request(django_assert_num_queries):
    officer = make_officer()
    request = RequestFactory().get("/")
    request.user = officer.user

    with django_assert_num_queries(1):
        scope.viewer(request)
        assert scope.officer_of(request).agency.district.code == "510402"
