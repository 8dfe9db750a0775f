"""How long a full run over a city takes, beside a bare INSERT … SELECT of the same rows.

30,000 employers, 400,000 persons, 11 months, 3 insurances: 990,000 lines. The run is worked by
two processes, as Celery does on two cores, and timed from its start until its results are in
force and in the book. Measured in one go, on one machine:

- `bare`: the run's rows, those of the book too, copied into empty tables with the same indexes,
  by one statement a table
- `bare_assessments`: the same for the assessments alone
- `first`: the run that finds them all, declared totals kept
- `second`: the same run again, nothing changed
- `anew`: the run again with every total made anew from the 4.4 million persons' lines
- `one`: one employer's 11 months recalculated and explained in Python

    python -m bench.run_city [EMPLOYERS]

works on the database of DATABASE_URL, which must be migrated and hold no employers.
"""

import json
import multiprocessing
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import django

EMPLOYERS = 30_000
PERSONS = 400_000
FIRST, LAST = date(2020, 2, 1), date(2020, 12, 1)
AS_OF = date(2020, 8, 1)
WORKERS = 2
#: `make bench` fails above these.
MOST_TIMES_BARE = 4.0
MOST_TIMES_BARE_AGAIN = 1.0
MOST_ONE_MILLISECONDS = 100

_CITY = """
INSERT INTO registry_employer (uscc, name, district_id, zone, industry_code, established_on,
    insured_on, legal_person, contact, phone, group_name, address)
SELECT 'B' || lpad(n::text, 17, '0'), '测算单位' || n,
    (ARRAY['510400','510402','510403','510411','510421','510422'])[n %% 6 + 1], '', '5212',
    '2015-03-01', '2015-04-01', '', '', '', '', ''
FROM generate_series(1, %(employers)s) n;
INSERT INTO registry_employerterms (employer_id, from_month, unit_type, injury_rate, parent_uscc,
    recorded_at)
SELECT id, '1900-01-01', CASE id %% 20 WHEN 0 THEN 'SOCIAL_GROUP' WHEN 1 THEN 'GOVERNMENT'
    WHEN 2 THEN 'INDIVIDUAL_BUSINESS' ELSE 'ENTERPRISE' END, 0.004 + (id %% 8) * 0.001, '', now()
FROM registry_employer;
INSERT INTO classification_sizerecord (uscc, name, size, dated, recorded_at)
SELECT uscc, name, (ARRAY['LARGE','MEDIUM','SMALL','MICRO'])[id %% 4 + 1], '2020-02-10', now()
FROM registry_employer WHERE id %% 50 <> 3;
ANALYZE registry_employer, registry_employerterms, classification_sizerecord;
"""
_LINES = """
INSERT INTO relief_declarationline (employer_id, month, person_id, person_name, pension_base,
    unemployment_base, injury_base, source_id, "row")
SELECT e.id, m.month, 'P' || p, '测算', b.base, b.base, b.base, 0, 2
FROM generate_series(%(first)s::date, %(last)s::date, interval '1 month') m(month)
CROSS JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM registry_employer) e
CROSS JOIN LATERAL generate_series(e.n, %(persons)s - 1, %(employers)s) p
CROSS JOIN LATERAL (SELECT 2000 + (p * 7919 %% 1600000) / 100.0 AS base) b;
ANALYZE relief_declarationline;
"""
_PAID = """
INSERT INTO relief_payment (employer_id, month, insurance, employer_amount, employee_amount,
    arrived_on, voucher, version, payer_number, payer_holder)
SELECT employer_id, month, insurance, gross_due, employee_due, month + 19, 'V' || id, 1, '', ''
FROM relief_declaration WHERE month <= '2020-03-01';
ANALYZE relief_declaration, relief_payment;
"""
#: The rows of the book that are the run's: payments were posted before.
_OF_RUN = "(SELECT id FROM relief_ledgerposting WHERE cause = '核定结果')"
_BOOK = {
    "relief_ledgerleg": f"posting_id IN {_OF_RUN}",
    "relief_ledgerentry": f"posting_id IN {_OF_RUN}",
    "relief_ledgerposting": "cause = '核定结果'",
}


def fill(employers: int, persons: int) -> None:
    """Fill the database with the city: employers, sizes, lines, totals and two months' payments,
    which stand in the book."""
    from django.db import connection, transaction
    from django.utils import timezone

    from registry.models import Employer
    from relief import queries
    from relief.ledger import services as ledger
    from relief.run import inputs
    from relief.run.aggregate import aggregate

    if Employer.objects.exists():
        sys.exit("the database holds employers already")
    numbers = {"employers": employers, "persons": persons, "first": FIRST, "last": LAST}
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(_CITY, numbers)
        cursor.execute(_LINES, numbers)
        with transaction.atomic():
            cursor.execute(
                """CREATE TEMP TABLE city ON COMMIT DROP AS
                SELECT e.id AS employer_id, m.month::date AS month FROM registry_employer e
                CROSS JOIN generate_series(%(first)s::date, %(last)s, interval '1 month') m(month);
                ANALYZE city""",
                numbers,
            )
            law = inputs.law_rows(queries.policy_as_of(AS_OF), FIRST, LAST)
            aggregate(cursor, employer_months="city", law=law)
        cursor.execute(_PAID)
        cursor.execute("RESET ROLE")
    for block in ledger.blocks():
        ledger.bring_up_to_date(block=block, at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _work_until_done(run_id: int) -> None:
    django.setup()
    from django.utils import timezone

    from relief.ledger.services import runs as posting
    from relief.models import Run, RunShard
    from relief.services import runs, work

    shards = list(RunShard.objects.filter(run_id=run_id).values_list("pk", flat=True))
    for shard_id in shards:
        work.work_shard(shard_id=shard_id, clock=timezone.now, post=False)
    run = Run.objects.get(pk=run_id)
    while not runs.is_over(run):
        for work_id in posting.due(at=timezone.now(), run_ids=[run_id]):
            posting.work_block(work_id=work_id, clock=timezone.now)
        time.sleep(0.01)  # the other holds the last one


def run_city(as_of: date = AS_OF) -> dict[str, Any]:
    """Start a run and work it with two processes; return its totals and `seconds`."""
    from django.db import connection
    from django.db.models import Max
    from django.utils import timezone

    from relief.models import Run
    from relief.services import runs

    run = runs.start_run(as_of=as_of, at=timezone.now())
    connection.close()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_work_until_done, args=[run.pk]) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    done = Run.objects.get(pk=run.pk)
    if done.state != "DONE":
        sys.exit(f"the run ended {done.state}: {done.failure}")
    posted = done.ledger_work.aggregate(last=Max("finished_at"))["last"] or done.finished_at
    return {
        **done.totals,
        "seconds": round((posted - done.created_at).total_seconds(), 2),
        "in_force": round((done.finished_at - done.created_at).total_seconds(), 2),
    }


def bare(table: str, of_run: str) -> float:
    """Copy a run's rows into an empty table with the same indexes; return the seconds."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("DROP TABLE IF EXISTS bench_bare")
        cursor.execute(f"CREATE TABLE bench_bare (LIKE {table} INCLUDING INDEXES)")
        cursor.execute("CHECKPOINT")
        rows = f"SELECT * FROM {table} WHERE {of_run}"
        took = seconds(lambda: cursor.execute(f"INSERT INTO bench_bare {rows}"))
        cursor.execute("DROP TABLE bench_bare")
        cursor.execute("RESET ROLE")
    connection.close()
    return took


def make_totals_stale() -> None:
    """Give every total the stamp of another rule, past the guard that forbids it."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE relief_declaration SET lower = 1 WHERE replaced_by IS NULL")
        # Rows never change in real life, so a shard would take these for the ones it knows.
        cursor.execute("UPDATE relief_runshard SET fingerprint = ''")
    connection.close()


def one_employer() -> float:
    """Recalculate and explain one employer's eleven months; return the median milliseconds."""
    from registry.models import Employer
    from relief import queries
    from relief.calc.explain import explain
    from relief.queries.amounts import paid_by_line
    from relief.run import single

    def once() -> None:
        employer = Employer.objects.get(pk=pk)
        lines = single.lines(employer, queries.policy_as_of(AS_OF))
        paid, _ = paid_by_line(pk, AS_OF)
        for line in lines:
            explain(
                line.declared,
                insurance=line.insurance,
                terms=line.terms,
                standing=line.standing,
                ruling=line.ruling,
                paid=paid.get((line.month, line.insurance.value), line.assessed.net_due),
            )

    pk = Employer.objects.order_by("pk")[100].pk
    once()
    return statistics.median(seconds(once) for _ in range(9)) * 1000


def measure(employers: int = EMPLOYERS) -> dict[str, object]:
    """Fill the city, run it, and return the times in seconds with their ratios to `bare`."""
    django.setup()
    from django.db import connection

    persons = PERSONS * employers // EMPLOYERS
    filled = seconds(lambda: fill(employers, persons))
    totals = run_city()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE relief_assessment")
        cursor.execute("SELECT sum(legs) FROM relief_ledgerposting WHERE cause = '核定结果'")
        (legs,) = cursor.fetchone()
    bare_seconds = {
        table: statistics.median(bare(table, of_run) for _ in range(3))
        for table, of_run in {"relief_assessment": "true", **_BOOK}.items()
    }
    yardstick = sum(bare_seconds.values())
    assessments = bare_seconds["relief_assessment"]
    again = run_city()
    make_totals_stale()
    anew = run_city()
    if (totals["changed"], again["changed"], anew["changed"]) != (totals["lines"], 0, 0):
        sys.exit(f"wrong counts: {totals['changed']} {again['changed']} {anew['changed']}")
    times = {"first": totals["seconds"], "second": again["seconds"], "anew": anew["seconds"]}
    return {
        "lines": totals["lines"],
        "legs": int(legs),
        "fill_seconds": round(filled, 2),
        "bare_seconds": round(yardstick, 2),
        "bare_assessments_seconds": round(assessments, 2),
        "in_force_seconds": totals["in_force"],
        "in_force_ratio": round(totals["in_force"] / assessments, 2),
        **{f"{name}_seconds": took for name, took in times.items()},
        **{f"{name}_ratio": round(took / yardstick, 2) for name, took in times.items()},
        "one_employer_milliseconds": round(one_employer(), 1),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else EMPLOYERS), indent=2))
