"""How long reports of the whole city take to make, and their pages to show.

On the city of `bench.run_city`:

- `made`: the report of today, in a worker
- `table`, `behind`: the page of two dimensions and the list of all employers behind a figure, the
  median of nine requests each

    python -m bench.reports

works on the database of DATABASE_URL after `bench.run_city` has filled it.
"""

import json
import os
import statistics
import time
from typing import Any

import django

#: `make bench` fails above this.
MOST_PAGE_MILLISECONDS = 300


def _page(user: Any, address: str) -> float:
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(user)
    times = []
    for _ in range(10):
        begun = time.perf_counter()
        response = client.get(address)
        times.append(time.perf_counter() - begun)
        if response.status_code != 200:
            raise RuntimeError(f"{address}: {response.status_code}")
    return round(statistics.median(times[1:]) * 1000, 1)


def measure() -> dict[str, object]:
    """Return the seconds to make the report of today, and the pages' milliseconds."""
    django.setup()
    from django.contrib.auth.models import User
    from django.urls import reverse
    from django.utils import timezone

    from registry.models import Agency, Officer, Post
    from relief.models import Report
    from relief.services import reports

    user, _ = User.objects.get_or_create(username="bench-reports")
    Officer.objects.get_or_create(
        user=user,
        defaults={
            "agency": Agency.objects.get(kind="SOCIAL_INSURANCE", district__is_city=True),
            "name": "统计",
            "post": Post.HANDLER,
        },
    )
    reports.make_due(at=timezone.now())
    Report.objects.filter(run=None).delete()
    begun = time.perf_counter()
    reports.make_due(at=timezone.now())
    made = time.perf_counter() - begun
    report = Report.objects.get(run=None)
    table = f"{reverse('relief:reports')}?rows=month&columns=insurance&measure=units"
    return {
        "employers": report.lines.values("employer").distinct().count(),
        "cells": len(report.cells),
        "made_seconds": round(made, 2),
        "table_milliseconds": _page(user, table),
        "behind_milliseconds": _page(user, reverse("relief:report_behind", args=[report.pk])),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    print(json.dumps(measure(), indent=2))
