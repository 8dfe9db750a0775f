"""How long money takes to the bank and back: 20,000 refunds of one fund.

Measured in one go, on a database of its own:

- `sealed`: drafted in batches of 3,000, checked, approved, sealed into the bank's file, written
  out and noted as sent
- `read`: the bank's answers to all of them read, all paid
- `bare_sealed`, `bare_read`: the same rows copied by one INSERT … SELECT a table into tables with
  the same columns, indexes, checks and foreign keys, and the same number of rows updated: SQL
  alone, without our triggers, without a line of Python and without the files

    python -m bench.money

works on the empty, migrated database of DATABASE_URL. The refunds are made by the tests' makers.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import django

REFUNDS = 20_000
#: `make bench` fails above this, for each of the two.
MOST_TIMES_BARE = 3
CHUNK = 4000
#: What each of the two writes, and how often the refunds' rows are updated.
SEALED = (
    "refunds_attempt",
    "refunds_sampleline",
    "casework_move",
    "relief_ledgerentry",
    "relief_ledgerleg",
)
READ = (
    "refunds_bankanswerline",
    "relief_paidback",
    "casework_move",
    "casework_notice",
    "casework_outboxmessage",
    "relief_ledgerentry",
    "relief_ledgerleg",
)


# Foreign keys to other tables than the table itself, whose copy holds no rows of old.
_KEYS = """
SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype = 'f' AND confrelid <> conrelid
"""


def _marks(tables: Sequence[str]) -> dict[str, int]:
    from django.db import connection

    marks = {}
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
            (marks[table],) = cursor.fetchone()
    return marks


def _bare(marks: dict[str, int], updates: Sequence[str]) -> tuple[float, int]:
    """Return how long SQL alone takes for the rows written since the marks, and their number."""
    from django.db import connection, transaction

    rows = 0
    seconds = 0.0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        for table in sorted({*marks, *updates}):
            cursor.execute(f"CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
            cursor.execute(_KEYS, [table])
            for (key,) in cursor.fetchall():
                cursor.execute(f"ALTER TABLE bare_{table} ADD {key}")
        for table in set(updates) - set(marks):
            cursor.execute(f"INSERT INTO bare_{table} SELECT * FROM {table}")
        begun = time.perf_counter()
        for table, mark in marks.items():
            cursor.execute(f"INSERT INTO bare_{table} SELECT * FROM {table} WHERE id > {mark}")
            rows += cursor.rowcount
        for table in updates:
            cursor.execute(f"UPDATE bare_{table} SET reason = 'x', state = state")
            rows += cursor.rowcount
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        seconds = time.perf_counter() - begun
        transaction.set_rollback(True)
    return seconds, rows


def _make(at: datetime) -> tuple[object, object, object, object]:
    """Make the refunds, approved, and the officers; return those who take a batch on."""
    from django.db import connection, transaction

    from refunds.services import batches
    from registry.models import Post
    from relief.ledger import services as ledger
    from tests import factories
    from tests.refunds.drafting import Wanted, approved

    def officer(post: Post, name: str) -> object:
        return factories.make_officer(post, district="510400", name=name)

    first = factories.make_officer(Post.REVIEWER)
    second = officer(Post.FUND_FINANCE, "复审")
    for _ in range(REFUNDS // CHUNK):
        with transaction.atomic():
            found = approved([Wanted("1000.00", first, second) for _ in range(CHUNK)], at=at)
            ledger.bring_up_to_date(employer_ids=[refund.employer_id for refund in found], at=at)
    batches.register_fund_account(
        insurance="pension",
        holder="攀枝花市养老保险基金支出户",
        bank="中国农业银行攀枝花分行",
        number="22100000000000",
        bank_code="103665002000",
        channel="pipe",
        at=at,
    )
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET ROLE")
    return (
        officer(Post.FUND_FINANCE, "拟批"),
        officer(Post.FUND_FINANCE, "核对"),
        officer(Post.HEAD, "批准"),
        officer(Post.AUDIT, "抽查"),
    )


def measure() -> dict[str, object]:
    """Return both times with their ratio to SQL alone."""
    django.setup()
    from django.conf import settings

    from refunds.fakebank.bank import Bank
    from refunds.fakebank.folder import Folder
    from refunds.models import Attempt, Batch, SampleCheck
    from refunds.services import bank, batches, sampling
    from tests.factories import AT

    place = Path(tempfile.mkdtemp(prefix="relief-bench-"))
    settings.BANK_DIR = place / "bank"
    drafter, checker, head, auditor = _make(AT)

    marks = _marks(SEALED)
    sealed = 0.0
    while Attempt.objects.count() < REFUNDS:
        begun = time.perf_counter()
        batch = batches.draft_batch(insurance="pension", officer=drafter, at=AT)
        sealed += time.perf_counter() - begun
        # Audit's looking is people's time, and rows of another table.
        drawn = list(sampling.uncleared(batch).values_list("pk", flat=True))
        for start in range(0, len(drawn), 500):
            sampling.check(
                batch_id=batch.pk,
                line_ids=drawn[start : start + 500],
                verdict=SampleCheck.Verdict.CLEAR,
                reason="",
                officer=auditor,
                at=AT,
            )
        begun = time.perf_counter()
        seen = {"number": batch.number, "seen": batch.lines_sha256, "at": AT}
        batches.check_batch(officer=checker, **seen)
        batches.approve_batch(officer=head, **seen)
        bank.exchange(clock=lambda: AT)
        sealed += time.perf_counter() - begun
    bare_sealed, sealed_rows = _bare(
        marks, ["refunds_obligation", "refunds_obligation", "refunds_attempt"]
    )

    theirs = Bank(place / "books.sqlite3", day=AT.date(), by_chance=False)
    Folder(Path(settings.BANK_DIR)).once(theirs)
    marks = _marks(READ)
    begun = time.perf_counter()
    done = bank.exchange(clock=lambda: AT)
    read = time.perf_counter() - begun
    bare_read, read_rows = _bare(marks, ["refunds_obligation", "refunds_attempt"])
    if done.paid + done.bounced != REFUNDS:
        sys.exit(f"{done.paid + done.bounced} of {REFUNDS} refunds were answered")
    return {
        "refunds": REFUNDS,
        "batches": Batch.objects.count(),
        "sealed_seconds": round(sealed, 2),
        "sealed_rows": sealed_rows,
        "bare_sealed_seconds": round(bare_sealed, 2),
        "sealed_ratio": round(sealed / bare_sealed, 2),
        "read_seconds": round(read, 2),
        "read_rows": read_rows,
        "bare_read_seconds": round(bare_read, 2),
        "read_ratio": round(read / bare_read, 2),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    print(json.dumps(measure()))
