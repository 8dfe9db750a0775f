"""The way around: nobody is shown an entry that would turn them away."""

import re

import pytest
from django.urls import reverse

from registry.models import Agency, Post
from tests.factories import make_member, make_officer

pytestmark = pytest.mark.django_db
_ENTRY = re.compile(r'<nav class="rl-nav.*?</nav>', re.S)


def entries(client, home):
    """Return where the navigation of a home page leads."""
    navigation = _ENTRY.search(client.get(home).text)
    assert navigation
    found = re.findall(r'href="([^"#]+)"', navigation.group())
    assert found
    return found


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
