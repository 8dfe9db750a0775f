"""The way around: nobody is shown an entry that would turn them away."""

import re

import pytest
from django.urls import reverse

from registry.models import Agency, Post
from tests.factories import make_member, make_officer

pytestmark = pytest.mark.django_db
_ENTRY = re.compile(r'<nav class="rl-nav.*?</nav>', re.S)


def shown(client, address):
    """Return where the navigation of a page leads."""
    navigation = _ENTRY.search(client.get(address, follow=True).text)
    assert navigation
    return re.findall(r'href="([^"#]+)"', navigation.group())


def entries(client, home):
    """Return where the navigation leads, the pages below each of its groups too."""
    top = shown(client, home)
    assert top
    below = [address for entry in top for address in shown(client, entry)]
    return list(dict.fromkeys([*top, *below]))


@pytest.mark.parametrize("post", Post)
def test_every_entry_opens_for_the_officer_who_sees_it(client, post):
    refused = []
    for agency in Agency.objects.filter(zone="", district__in=["510400", "510402"]):
        client.force_login(make_officer(post, agency=agency).user)
        for address in entries(client, reverse("desk_home")):
            answer = client.get(address, follow=True)
            if answer.status_code != 200:
                refused.append((str(agency), address, answer.status_code))
    assert not refused, refused


def test_every_entry_opens_for_the_enterprise(client):
    client.force_login(make_member().user)
    for address in entries(client, reverse("portal_home")):
        assert client.get(address, follow=True).status_code == 200, address


def test_the_funds_of_the_city_are_in_the_citys_navigation_only(client):
    flight = reverse("desk_refunds:flight")
    for district, seen in (("510400", True), ("510402", False)):
        client.force_login(make_officer(Post.FUND_FINANCE, district=district).user)
        assert (flight in entries(client, reverse("desk_home"))) == seen


def test_a_group_shows_its_pages_below_it_and_where_one_is(client):
    client.force_login(make_officer(Post.HANDLER, district="510400").user)

    home, runs = client.get(reverse("desk_home")).text, client.get(reverse("relief:runs")).text

    assert "rl-nav__list--below" not in home
    assert 'aria-current="true">核定</a>' in runs
    assert 'aria-current="page">核定</a>' in runs
    assert "试算</a>" in runs
    assert "付款批次</a>" not in runs


def test_a_group_of_one_page_goes_by_its_name(client):
    client.force_login(make_officer(Post.OPINION, district="510400").user)

    names = re.findall(
        r">([^<]+)</a>", _ENTRY.search(client.get(reverse("desk_home")).text).group()
    )

    assert "参保单位" in names
    assert "数据" not in names
