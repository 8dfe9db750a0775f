"""How long the proof of the whole book takes, beside one plain read of all its rows.

On the city of `bench.run_city`, when its runs are posted: another run finds other sizes for half
of the units, so that the book holds at least three million legs. Measured in one go:

- `yardstick`: every column of every leg read once and digested, by one statement
- `verify`: `verify_ledger`: hashes of rows, balances, chains, exported heads, and the facts
- `second_run`: the run that finds other sizes, worked and posted by two processes
- `sheet`, `employer`: the sums behind the two pages

    python -m bench.ledger

works on the database of DATABASE_URL, which `bench.run_city` has filled.
"""

import json
import os
import statistics
import sys
from datetime import date

import django

from bench.run_city import run_city, seconds

LEGS = 3_000_000
#: `make bench` fails above this, and below LEGS.
MOST_SECONDS = 30
SECOND = date(2020, 9, 1)
_YARDSTICK = (
    "SELECT count(*), sum(amount), bit_xor(hashtextextended(l::text, 0)) FROM relief_ledgerleg l"
)
_OTHER_SIZES = """
INSERT INTO classification_sizerecord (uscc, name, size, dated, recorded_at)
SELECT uscc, name, CASE WHEN id % 4 = 0 THEN 'MICRO' ELSE 'LARGE' END, '2020-08-20', now()
FROM registry_employer WHERE id % 8 < 5
"""


def measure() -> dict[str, object]:
    """Fill the book up, prove it, and return the times with their ratio to the yardstick."""
    django.setup()
    from django.db import connection, transaction
    from django.utils import timezone

    from registry.models import Employer
    from relief.ledger import queries
    from relief.ledger.verify import verify
    from relief.models import LedgerLeg

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_OTHER_SIZES)
    connection.close()
    changed = run_city(as_of=SECOND)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("VACUUM ANALYZE relief_ledgerleg, relief_ledgerentry, relief_ledgerposting")
        cursor.execute("RESET ROLE")

    def read_once() -> None:
        with connection.cursor() as cursor:
            cursor.execute(_YARDSTICK)

    yardstick = statistics.median(seconds(read_once) for _ in range(3))
    report = verify(at=timezone.now())
    if report.problem:
        sys.exit(f"the book is not whole: {report.problem.row} {report.problem.message}")
    took = statistics.median(seconds(lambda: verify(at=timezone.now())) for _ in range(3))
    employer = Employer.objects.order_by("pk")[100]

    def page() -> None:
        entries = queries.entries_of(employer.pk, SECOND)[:20]
        queries.with_legs(entries, employer_id=employer.pk, day=SECOND)

    return {
        "legs": report.legs,
        "postings": report.postings,
        "yardstick_seconds": round(yardstick, 2),
        "verify_seconds": round(took, 2),
        "verify_ratio": round(took / yardstick, 2),
        "second_run_lines_changed": changed["changed"],
        "second_run_seconds": changed["seconds"],
        "sheet_milliseconds": round(
            seconds(lambda: queries.sheet(LedgerLeg.objects.all(), SECOND)) * 1000
        ),
        "employer_milliseconds": round(
            statistics.median(seconds(page) for _ in range(5)) * 1000, 1
        ),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    print(json.dumps(measure(), indent=2))
