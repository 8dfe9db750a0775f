"""What becomes due when agreements end is seen before it happens, by whoever it concerns."""

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.deferral.builders import COUNTY, office
from tests.deferral.test_following import agreed, on
from tests.factories import client_for
from tests.relief.builders import pay

pytestmark = pytest.mark.django_db


def test_the_page_adds_up_what_is_open_by_the_day_agreements_end(monkeypatch):
    walk, _agreement = agreed(employee_part=True)
    pay(walk.application.employer, "600.00", arrived_on=date(2020, 5, 10))
    other, _agreement = agreed(ends_on=date(2020, 9, 30))
    monkeypatch.setattr(timezone, "now", lambda: on(date(2020, 6, 1)))
    path = reverse("desk_deferrals:endings")

    page = client_for(office("HR", COUNTY)).get(path)

    by_day = [(row.ends_on, row.agreements, str(row.open)) for row in page.context["by_day"]]
    # 1,700.00 in September; 1,700.00 and 1,680.00 of the employees' less 600.00 in December.
    assert by_day == [
        (date(2020, 9, 30), 1, "1700.00"),
        (date(2020, 12, 31), 1, "2780.00"),
    ]
    assert str(page.context["by_day"][1].employer_open) == "1100.00"
    assert {walk.application.employer.name, other.application.employer.name} <= {
        row.agreement.application.employer.name for row in page.context["rows"]
    }
    elsewhere = client_for(office("HR", "510403")).get(path)
    assert elsewhere.context["by_day"] == []
