"""How long the desk's list pages take on the server with a whole city behind them.

Each page is asked for as an auditor of the city, who may read every list, through Django's
whole stack in this process: the median of nine requests after one to warm up, and the queries
of one request.

    python -m bench.pages

works on the database of DATABASE_URL after `bench.run_city` has filled it.
"""

import json
import os
import statistics
import time

import django

#: `make bench` fails above these.
MOST_QUERIES = 15
MOST_MILLISECONDS = 150
PAGES = [
    ("待办", "desk_home", ""),
    ("参保单位", "desk_registry:employers", ""),
    ("参保单位（按名称查）", "desk_registry:employers", "?q=单位2999"),
    ("导入", "desk_imports:list", ""),
    ("核定", "relief:runs", ""),
    ("多缴", "relief:overpayments", ""),
    ("多缴（一个参保地）", "relief:overpayments", "?district=510421"),
    ("退费", "desk_refunds:list", ""),
    ("批次", "desk_refunds:batches", ""),
]


def measure() -> list[dict[str, object]]:
    """Return for each page its address, queries and median milliseconds."""
    django.setup()
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse
    from django.utils import timezone

    from refunds.services import offers
    from registry.models import Agency, Officer, Post

    settings.ALLOWED_HOSTS = ["testserver"]
    offered = time.perf_counter()
    offers.work_due(clock=timezone.now)
    offered = time.perf_counter() - offered
    agency = Agency.objects.get(kind="SOCIAL_INSURANCE", district__is_city=True)
    user, _ = User.objects.get_or_create(username="bench")
    Officer.objects.get_or_create(
        user=user, defaults={"agency": agency, "name": "测算", "post": Post.AUDIT}
    )
    client = Client()
    client.force_login(user)
    found: list[dict[str, object]] = [
        {
            "page": "refund offers and notices for the whole city",
            "queries": None,
            "milliseconds": round(offered * 1000),
        }
    ]
    for name, view, query in PAGES:
        address = reverse(view) + query
        with CaptureQueriesContext(connection) as asked:
            response = client.get(address)
        queries = len(asked)  # the next request empties the log
        if response.status_code != 200:
            raise RuntimeError(f"{address}: {response.status_code}")
        times = []
        for _ in range(9):
            begun = time.perf_counter()
            client.get(address)
            times.append((time.perf_counter() - begun) * 1000)
        found.append(
            {
                "page": name,
                "queries": queries,
                "milliseconds": round(statistics.median(times), 1),
            }
        )
    return found


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    print(json.dumps(measure(), indent=2, ensure_ascii=False))
