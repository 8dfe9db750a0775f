"""How time passes on a matter, as people see it: overdue steps, and who hears of them."""

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.services import escalating
from registry.models import Post
from tests.browser.test_imports import sign_in
from tests.deferral.builders import AT, COUNTY, Walk, office

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def set_clock(monkeypatch):
    """Return a function that sets the day in March 2020 on which everything happens."""

    def to(day: int):
        at = AT.replace(day=day)
        monkeypatch.setattr(timezone, "now", lambda: at)
        return at

    return to


@pytest.fixture
def look(fits, accessible, picture):
    """Return a function that looks at a page wide and narrow: it fits, axe is content, a picture."""

    def at(page, name):
        for width in (1366, 375):
            page.set_viewport_size({"width": width, "height": 800})
            fits(page)
            picture(page, f"on-time-{name}-{width}")
        accessible(page)

    return at


def test_a_head_finds_what_is_overdue_and_goes_there(open_page, live_server, look, set_clock):
    walk = Walk().submit()
    head = office("HR", COUNTY, post=Post.HEAD)
    set_clock(25)
    escalating.report_overdue(clock=timezone.now)
    page = open_page()
    sign_in(page, live_server, head)

    page.goto(reverse("desk_home"))
    page.get_by_role("link", name="超期事项报告您").click()
    look(page, "overdue")
    page.get_by_role("link", name=walk.application.employer.name).click()

    page.get_by_text("已超期，已于").wait_for()
    look(page, "overdue-case")
