"""`make bench`: every benchmark beside its yardstick, in one run, into `bench/results.md`.

Each works on a fresh database of its own, on the server of DATABASE_URL if that is set,
otherwise on an embedded one in `var/bench`. Ends with 1 if a figure misses its goal.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from bench import (
    annotate,
    applications,
    import_declarations,
    ledger,
    money,
    pages,
    reports,
    run_city,
    simulations,
)

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results.md"
#: The parts of the results, in order; `make soak` writes the last.
MAIN, APPLYING, SOAK = HEADINGS = ("# Benchmarks", "## Applications at once", "## Soak")
Row = tuple[str, str, str, bool]


@contextmanager
def fresh_database(server: str, name: str) -> Iterator[dict[str, str]]:
    """Make an empty, migrated database; yield the environment that leads to it; drop it."""
    parts = urlsplit(server)

    def say(statement: str) -> None:
        link = psycopg2.connect(server)
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(statement)
        link.close()

    say(f"DROP DATABASE IF EXISTS {name}")
    say(f"CREATE DATABASE {name}")
    address = urlunsplit(parts._replace(path=f"/{name}"))
    environment = {**os.environ, "DATABASE_URL": address, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        cwd=ROOT,
        env=environment,
        check=True,
    )
    try:
        yield environment
    finally:
        say(f"DROP DATABASE IF EXISTS {name}")


def measure(module: str, environment: dict[str, str]) -> object:
    """Run one benchmark in a process of its own and return what it found."""
    print(f"… {module}", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    print(done.stdout, flush=True)
    return json.loads(done.stdout)


def rows_of(
    imported: dict,
    marked: dict,
    city: dict,
    listed: list[dict],
    reported: dict,
    tried: dict,
    book: dict,
    paid: dict,
) -> Iterator[Row]:
    """Yield each figure with its goal and whether it is met."""
    yield (
        f"import of {imported['rows']:,} declared rows, validated and committed",
        f"{imported['seconds']} s = {imported['ratio']} × reading it "
        f"({imported['yardstick_seconds']} s)",
        f"≤ {import_declarations.MOST_TIMES} ×",
        imported["ratio"] <= import_declarations.MOST_TIMES,
    )
    yield (
        "its peak memory (command and checking child together)",
        f"{imported['peak_mb']} MB",
        f"< {import_declarations.MOST_MEMORY_MB} MB",
        imported["peak_mb"] < import_declarations.MOST_MEMORY_MB,
    )
    every_bad_row = marked["bad_rows_returned"] == marked["bad_rows"] > 0
    yield (
        f"{marked['rows']:,} declared rows checked, {marked['bad_rows']:,} of them bad",
        f"{marked['checked_seconds']} s = {marked['checked_ratio']} × reading them "
        f"({marked['yardstick_seconds']} s)",
        f"≤ {annotate.MOST_TIMES_CHECKED} ×",
        marked["checked_ratio"] <= annotate.MOST_TIMES_CHECKED,
    )
    yield (
        "the same checked, marked and returned",
        f"{marked['returned_seconds']} s = {marked['returned_ratio']} ×, "
        f"{marked['bad_rows_returned']:,} bad rows marked",
        f"≤ {annotate.MOST_TIMES_RETURNED} ×, every one",
        every_bad_row and marked["returned_ratio"] <= annotate.MOST_TIMES_RETURNED,
    )
    yield (
        "its peak memory (command and child together)",
        f"{marked['peak_mb']} MB",
        f"< {annotate.MOST_MEMORY_MB} MB",
        marked["peak_mb"] < annotate.MOST_MEMORY_MB,
    )
    yield (
        f"full run, {city['lines']:,} lines and {city['legs']:,} legs of the book",
        f"{city['first_seconds']} s = {city['first_ratio']} × a bare insert of the same rows "
        f"({city['bare_seconds']} s)",
        f"≤ {run_city.MOST_TIMES_BARE} ×",
        city["first_ratio"] <= run_city.MOST_TIMES_BARE,
    )
    yield (
        "its assessments in force, the book following",
        f"{city['in_force_seconds']} s = {city['in_force_ratio']} × a bare insert of them alone "
        f"({city['bare_assessments_seconds']} s)",
        f"≤ {run_city.MOST_TIMES_BARE} ×",
        city["in_force_ratio"] <= run_city.MOST_TIMES_BARE,
    )
    yield (
        "second run, nothing changed, no row written",
        f"{city['second_seconds']} s = {city['second_ratio']} ×",
        f"≤ {run_city.MOST_TIMES_BARE_AGAIN} ×",
        city["second_ratio"] <= run_city.MOST_TIMES_BARE_AGAIN,
    )
    yield (
        "run with every total made anew from the persons",
        f"{city['anew_seconds']} s = {city['anew_ratio']} ×",
        "(beside it)",
        True,
    )
    yield (
        "one employer, 11 months, recalculated and explained",
        f"{city['one_employer_milliseconds']} ms",
        f"< {run_city.MOST_ONE_MILLISECONDS} ms",
        city["one_employer_milliseconds"] < run_city.MOST_ONE_MILLISECONDS,
    )
    yield from _simulated(tried)
    for name, what in (("table", "a report by month and insurance"), ("behind", "its units")):
        yield (
            f"page of {what} at {reported['employers']:,} employers",
            f"{reported[f'{name}_milliseconds']} ms",
            f"< {reports.MOST_PAGE_MILLISECONDS} ms",
            reported[f"{name}_milliseconds"] < reports.MOST_PAGE_MILLISECONDS,
        )
    yield (
        "the report of today made by a worker",
        f"{reported['made_seconds']} s, {reported['cells']:,} cells",
        "(beside it)",
        True,
    )
    yield (
        f"verify_ledger over {book['legs']:,} legs",
        f"{book['verify_seconds']} s = {book['verify_ratio']} × reading them once "
        f"({book['yardstick_seconds']} s)",
        f"≥ {ledger.LEGS:,} legs, < {ledger.MOST_SECONDS} s",
        book["legs"] >= ledger.LEGS and book["verify_seconds"] < ledger.MOST_SECONDS,
    )
    yield (
        "the balance sheet of the whole city",
        f"{book['sheet_milliseconds']} ms; one unit's entries {book['employer_milliseconds']} ms",
        "(beside it)",
        True,
    )
    yield (
        f"{paid['refunds']:,} refunds drafted, signed, sealed into {paid['batches']} files and sent",
        f"{paid['sealed_seconds']} s = {paid['sealed_ratio']} × bare SQL for the same rows "
        f"({paid['bare_sealed_seconds']} s)",
        f"≤ {money.MOST_TIMES_BARE} ×",
        paid["sealed_ratio"] <= money.MOST_TIMES_BARE,
    )
    yield (
        f"{paid['refunds']:,} answers of the bank read back",
        f"{paid['read_seconds']} s = {paid['read_ratio']} × bare SQL for the same rows "
        f"({paid['bare_read_seconds']} s)",
        f"≤ {money.MOST_TIMES_BARE} ×",
        paid["read_ratio"] <= money.MOST_TIMES_BARE,
    )
    for page in listed:
        if page["queries"] is None:
            yield f"{page['page']}", f"{page['milliseconds']:,} ms", "(beside it)", True
            continue
        yield (
            f"page {page['page']} at 30,000 employers",
            f"{page['queries']} queries, {page['milliseconds']} ms",
            f"≤ {pages.MOST_QUERIES}, < {pages.MOST_MILLISECONDS} ms",
            page["queries"] <= pages.MOST_QUERIES
            and page["milliseconds"] < pages.MOST_MILLISECONDS,
        )


def _simulated(tried: dict) -> Iterator[Row]:
    for name, what in (("waivers", "other waivers"), ("sizes", "another size for every third")):
        yield (
            f"simulation of {tried['lines']:,} lines, {what}: {tried[f'{name}_changed']:,} change",
            f"{tried[f'{name}_seconds']} s = {tried[f'{name}_ratio']} × bare SQL over what is in "
            f"force ({tried['bare_seconds']} s)",
            f"< {simulations.MOST_SECONDS} s",
            tried[f"{name}_seconds"] < simulations.MOST_SECONDS,
        )
    yield (
        "simulation with other base limits, every person's line read again",
        f"{tried['limits_seconds']} s; with totals renewed since the last run "
        f"{tried['whole_seconds']} s",
        "(beside it)",
        True,
    )
    yield (
        "difference page of the first of them",
        f"{tried['page_milliseconds']} ms",
        f"< {simulations.MOST_PAGE_MILLISECONDS} ms",
        tried["page_milliseconds"] < simulations.MOST_PAGE_MILLISECONDS,
    )


def server() -> str:
    """Return the address of the server to work on; starts the embedded one where none is given."""
    given = os.environ.get("DATABASE_URL")
    if given:
        return given
    os.environ.setdefault("DATA_DIR", str(ROOT / "var" / "bench"))
    from config.embedded import servers

    data_dir = Path(os.environ["DATA_DIR"])
    servers.join(data_dir)
    return servers.database_url(data_dir)


def table_of(rows: Sequence[Row]) -> str:
    """Return the rows as a table, under when and on what they were measured."""
    lines = ["| what | measured | goal | met |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {what} | {got} | {goal} | {'yes' if ok else 'NO'} |" for what, got, goal, ok in rows
    ]
    return (
        f"{datetime.now(tz=UTC):%Y-%m-%d}, {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{'the server of DATABASE_URL' if 'DATA_DIR' not in os.environ else 'embedded PostgreSQL'}"
        ".\n\n" + "\n".join(lines)
    )


def write(heading: str, text: str) -> None:
    """Replace one part of `bench/results.md`; the others stay, in the order of HEADINGS."""
    parts: dict[str, str] = {}
    current = MAIN
    for line in RESULTS.read_text().splitlines() if RESULTS.exists() else ():
        if line in HEADINGS:
            current = line
        else:
            parts[current] = f"{parts.get(current, '')}{line}\n"
    parts[heading] = text
    RESULTS.write_text(
        "\n".join(f"{one}\n\n{parts[one].strip()}\n" for one in HEADINGS if one in parts)
    )


def everything() -> list[Row]:
    """Run every benchmark but `bench.applications`, and write its figures."""
    address = server()
    with fresh_database(address, "relief_bench_import") as environment:
        imported = measure("bench.import_declarations", environment)
    with fresh_database(address, "relief_bench_annotate") as environment:
        marked = measure("bench.annotate", environment)
    with fresh_database(address, "relief_bench_city") as environment:
        city = measure("bench.run_city", environment)
        listed = measure("bench.pages", environment)
        reported = measure("bench.reports", environment)
        tried = measure("bench.simulations", environment)
        book = measure("bench.ledger", environment)
    with fresh_database(address, "relief_bench_money") as environment:
        paid = measure("bench.money", environment)
    rows = list(rows_of(imported, marked, city, listed, reported, tried, book, paid))
    said = "Written by `make bench`: every figure with its yardstick, from one run."
    write(MAIN, f"{said}\n\n{table_of(rows)}")
    return rows


def applying() -> list[Row]:
    """Run `bench.applications` and write its figures."""
    with fresh_database(server(), "relief_bench_applications") as environment:
        applied = measure("bench.applications", environment)
    rows = list(applications.rows_of(applied))
    said = (
        "Written by `make bench` or `make bench ONLY=applications`: the server of `make run` and all "
        "applicants on the same cores, before other work of the machine where the system lets them."
    )
    write(APPLYING, f"{said}\n\n{table_of(rows)}")
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["applications"], help="this one alone")
    asked = parser.parse_args()
    rows = ([] if asked.only else everything()) + applying()
    for what, got, goal, ok in rows:
        print(f"{'' if ok else 'MISSED  '}{what}: {got} (goal: {goal})")
    return 0 if all(ok for *_, ok in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
