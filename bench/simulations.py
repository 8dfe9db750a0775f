"""How long it takes to try a change on the whole city, beside bare SQL over the same rows.

On the city of `bench.run_city`, 990,000 lines in force, once a run has found nothing new. Each is
measured from asking until the record is stored, with the two connections that a worker uses:

- `waivers`: a draft that changes who is relieved for how long
- `sizes`: every third sized employer gets another size
- `limits`: a draft with other base limits, so that every person's line is read again
- `whole`: no change, where totals have been renewed since the last run, so that
  declarations are read and not only rulings
- `bare`: the sums of before and after by employer and insurance, and the copies of as many rows,
  by plain SQL over the assessments that are in force
- `page`: the difference page of the first, the median of nine requests

    python -m bench.simulations

works on the database of DATABASE_URL after `bench.run_city` has filled it.
"""

import json
import os
import statistics
import time
from typing import Any

import django

from bench.run_city import AS_OF, run_city

#: `make bench` fails above these.
MOST_SECONDS = 3
MOST_PAGE_MILLISECONDS = 300
_HEAD = """
[document]
title = "测算用草案"
published = 2020-07-31
confidence = "SUGG"
"""
WAIVERS = (
    _HEAD
    + """
[[waiver]]
class = "large"
insurances = ["pension", "unemployment", "injury"]
from = "2020-02"
to = "2020-12"
ratio = 0.75
clause = "草案第一条"

[[waiver]]
class = "social"
insurances = ["pension", "unemployment", "injury"]
from = "2020-02"
to = "2020-12"
ratio = 0.6
clause = "草案第二条"
"""
)
LIMITS = (
    _HEAD
    + """
[[limit]]
insurances = ["pension", "unemployment", "injury"]
from = "2020-02"
to = "2020-12"
lower = 3236.00
upper = 17317.00
clause = "草案第三条"
"""
)
_BARE = """
CREATE TEMP TABLE bare_difference ON COMMIT DROP AS
SELECT employer_id, insurance, count(*) AS lines, sum(relief) AS relief, sum(net_due) AS net_due,
    sum(gross_due - net_due) AS before
FROM (
    SELECT DISTINCT ON (employer_id, month, insurance) * FROM relief_assessment
    WHERE as_of <= %s ORDER BY employer_id, month, insurance, as_of DESC, run_id DESC
) in_force GROUP BY employer_id, insurance
"""
_SIZES = """
INSERT INTO classification_sizerecord (uscc, name, size, dated, recorded_at)
SELECT uscc, name, CASE size WHEN 'LARGE' THEN 'SMALL' ELSE 'LARGE' END, '2020-07-31', now()
FROM classification_sizerecord WHERE id % 3 = 0 AND dated < '2020-07-31'
"""


def _simulate(by: Any, title: str, drafts: dict[str, str] | None = None) -> tuple[Any, float]:
    from django.utils import timezone

    from relief.services import simulations

    begun = time.perf_counter()
    asked = simulations.start(title=title, as_of=AS_OF, drafts=drafts, by=by, at=timezone.now())
    simulations.run_simulation(simulation_id=asked.pk, clock=timezone.now)
    seconds = time.perf_counter() - begun
    asked.refresh_from_db()
    if asked.state != "DONE":
        raise RuntimeError(f"{title}: {asked.state} {asked.failure}")
    return asked, seconds


def _bare() -> float:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        begun = time.perf_counter()
        cursor.execute(_BARE, [AS_OF])
        seconds = time.perf_counter() - begun
        transaction.set_rollback(True)
    return seconds


def _page(user: Any, simulation: Any) -> float:
    from django.conf import settings
    from django.test import Client
    from django.urls import reverse

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(user)
    address = reverse("relief:simulation_differences", args=[simulation.pk])
    times = []
    for _ in range(10):
        begun = time.perf_counter()
        response = client.get(address)
        times.append(time.perf_counter() - begun)
        if response.status_code != 200:
            raise RuntimeError(f"{address}: {response.status_code}")
    return statistics.median(times[1:]) * 1000


def measure() -> dict[str, object]:
    """Return the seconds of each change, their ratio to bare SQL, and the page's milliseconds."""
    django.setup()
    from django.contrib.auth.models import User
    from django.db import connection, transaction

    from registry.models import Agency, Officer, Post

    user, _ = User.objects.get_or_create(username="bench-simulations")
    officer, _ = Officer.objects.get_or_create(
        user=user,
        defaults={
            "agency": Agency.objects.get(kind="SOCIAL_INSURANCE", district__is_city=True),
            "name": "试算",
            "post": Post.HANDLER,
        },
    )
    _, whole = _simulate(officer, "申报")
    run_city(AS_OF)
    bare = _bare()
    first, waivers = _simulate(officer, "减免期", {"bench-waivers": WAIVERS})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(_SIZES)
    changed, sizes = _simulate(officer, "划型")
    _, limits = _simulate(officer, "基数上下限", {"bench-limits": LIMITS})
    return {
        "lines": first.totals["lines"],
        "waivers_changed": first.totals["changed"],
        "waivers_seconds": round(waivers, 2),
        "sizes_changed": changed.totals["changed"],
        "sizes_seconds": round(sizes, 2),
        "limits_seconds": round(limits, 2),
        "whole_seconds": round(whole, 2),
        "bare_seconds": round(bare, 2),
        "waivers_ratio": round(waivers / bare, 2),
        "sizes_ratio": round(sizes / bare, 2),
        "page_milliseconds": round(_page(user, first), 1),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    print(json.dumps(measure(), indent=2))
