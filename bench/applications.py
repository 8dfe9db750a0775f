"""How long units wait that apply for deferral at once, and what is left when the server is killed.

The server is `manage.py serve`, as `make run` starts it, with its two web processes, worker and
beat, on a clock of March 2020 (`bench/march`): what is overdue can't be deferred. The applicants
are threads of this process, on the same machine and its cores. Where the system lets it, the web and
the applicants come before other work of the machine; what that took is told beside the figures.

- `crowd`: 200 units apply at once, 3 to 8 seconds between two steps of each (seeded): sign in, ask
  whether they may, begin, hardship, months, plan, six papers, review, sign and hand in. Measured
  from the click until the page has come. All have signed in before the first begins.
- `killed`: 40 units apply; in the middle every web process is killed (SIGKILL) and started again by
  its supervisor, twice; then the supervisor too, and `serve` is started anew. After each, and at
  the end, whatever was answered as saved is compared with the database, to the letter.

    python -m bench.applications

works on the empty, migrated database of DATABASE_URL. Units and people are made by the tests' makers.
"""

import hashlib
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from bench import cores
from bench.applying import Applicant, Browser, Confirmed, Interrupted, Unexpected

if TYPE_CHECKING:
    from bench.in_march import Site

APPLICANTS, KILLED_APPLICANTS = 200, 40
#: Seconds over which the applicants come in to sign in.
ARRIVING = 60.0
#: Seconds after the first step at which the web is killed, the web again, and then everything.
KILLS = (15.0, 35.0, 55.0)
#: Seconds of the crowd's walk in which the cores are watched; it takes 14 waits.
WATCHED = 60.0
#: `make bench` fails above this, for every step.
MOST_MILLISECONDS = 500
SIGNING_IN = {"open the log-in page", "sign in"}


def _units(count: int, *, start: int) -> list[str]:
    """Make units with March declared, each with a person who may sign; return their user names."""
    from tests.factories import make_member
    from tests.relief.builders import MARCH, declare, sized_employer

    names = []
    for number in range(start, start + count):
        employer = sized_employer("LARGE", name=f"测算单位{number}")
        declare(employer, MARCH, (f"{5000 + 10 * number}.00", "10000.00"))
        names.append(make_member(employer, username=f"bench-{number}").user.username)
    return names


def prepare(count: int) -> list[str]:
    """Make all units and assess them as of the day before they apply."""
    from tests.relief.builders import recalculate

    names = _units(count, start=1)
    recalculate(date(2020, 3, 19))
    return names


def walk(applicants: Sequence[Applicant], *, during: Callable[[], None] = lambda: None) -> None:
    """Have everybody sign in, then everybody apply at once; `during` begins with the first step.

    :raises SystemExit: if anybody didn't come to the end.
    """
    failures: list[str] = []
    all_in = threading.Barrier(len(applicants) + 1)
    arrivals = random.Random(0)

    def go(applicant: Applicant, after: float) -> None:
        try:
            time.sleep(after)
            applicant.sign_in()
            all_in.wait()
            applicant.apply()
        except (Interrupted, Unexpected, threading.BrokenBarrierError) as error:
            failures.append(f"{applicant.username}: {error!r}")
            all_in.abort()

    share = ARRIVING * len(applicants) / APPLICANTS
    threads = [
        threading.Thread(target=go, args=[each, arrivals.uniform(0, share)], daemon=True)
        for each in applicants
    ]
    for thread in threads:
        thread.start()
    with suppress(threading.BrokenBarrierError):
        all_in.wait()
        during()
    for thread in threads:
        thread.join()
    if failures:
        sys.exit("\n".join([f"{len(failures)} didn't come to the end:", *failures[:5]]))


def lost(confirmed: Confirmed, uploads: Path) -> list[str]:
    """Return what of an application was answered as kept and isn't there as it was.

    :param uploads: where the site keeps papers.
    """
    from casework import queries_matter as matter
    from deferral.models import Application
    from deferral.workflow import State

    if not confirmed.receipt:
        return []
    application = Application.objects.filter(receipt=confirmed.receipt).first()
    if application is None:
        return [f"{confirmed.receipt} itself"]
    missing = [
        f"{confirmed.receipt} {step}"
        for step, said in confirmed.answers.items()
        if application.answers.get(step) != said
    ]
    there = {
        each.slot: each.file for each in matter.attachments_of(application.KIND, application.pk)
    }
    for code, digest in confirmed.papers.items():
        path = uploads / there[code].file.name if code in there else None
        if path is None or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            missing.append(f"{confirmed.receipt} {code}")
    if confirmed.submitted and application.state != State.SUBMITTED:
        missing.append(f"{confirmed.receipt} is {application.state}")
    return missing


def snapshot(applicants: Sequence[Applicant]) -> list[Confirmed]:
    """Return copies of what has been confirmed to everybody by now."""
    return [
        Confirmed(
            each.confirmed.receipt,
            dict(each.confirmed.answers),
            dict(each.confirmed.papers),
            each.confirmed.submitted,
        )
        for each in applicants
    ]


def percentile(values: Sequence[float], share: float) -> int:
    """Return the value below which a share of the values lies, rounded."""
    ordered = sorted(values)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)])


def _figures(values: Sequence[float]) -> dict[str, int]:
    return {
        "count": len(values),
        "p50": percentile(values, 0.5),
        "p95": percentile(values, 0.95),
        "max": round(max(values)),
    }


def crowd(site: "Site", applicants: Sequence[Applicant]) -> dict[str, Any]:
    """Let them apply at once; return the times of every step, and who had the cores."""
    web = site.web()
    cores.come_first([*web, os.getpid()])
    used: dict[str, float] = {}

    def look() -> None:
        told = cores.watch([*web, os.getpid()])
        time.sleep(WATCHED)
        used.update(told())

    walk(applicants, during=look)
    steps: dict[str, list[float]] = {}
    for applicant in applicants:
        for name, took in applicant.milliseconds:
            steps.setdefault(name, []).append(took)
    applying = [took for name, times in steps.items() if name not in SIGNING_IN for took in times]
    return {
        "applicants": len(applicants),
        "requests": sum(each.browser.requests for each in applicants),
        "interrupted": sum(each.interrupted for each in applicants),
        "cores": used,
        "all": _figures(applying),
        "steps": {name: _figures(times) for name, times in steps.items()},
    }


def killed(
    site: "Site", applicants: Sequence[Applicant], *, kills: Sequence[float] = KILLS
) -> dict[str, Any]:
    """Let them apply while the server is killed; return what was lost.

    :param kills: seconds after the first step; the last time, everything is killed.
    """
    found: Counter[str] = Counter()
    gone: list[str] = []

    def kill() -> None:
        begun = time.monotonic()
        for number, when in enumerate(kills):
            time.sleep(max(begun + when - time.monotonic(), 0))
            last = number + 1 == len(kills)
            found["processes"] += site.kill_all() if last else site.kill_web()
            by_now = snapshot(applicants)
            found["confirmed"] += sum(len(each.answers) + len(each.papers) for each in by_now)
            gone.extend(missing for each in by_now for missing in lost(each, site.uploads))

    walk(applicants, during=kill)
    gone.extend(missing for each in applicants for missing in lost(each.confirmed, site.uploads))
    return {
        "applicants": len(applicants),
        "kills": len(kills),
        "processes": found["processes"],
        "interrupted": sum(each.interrupted for each in applicants),
        "compared": found["confirmed"],
        "handed_in": sum(each.confirmed.submitted for each in applicants),
        "lost": gone,
    }


def measure(crowded: int = APPLICANTS, to_kill: int = KILLED_APPLICANTS) -> dict[str, Any]:
    """Return the figures of both walks."""
    django.setup()
    from bench.in_march import serving
    from tests.factories import PASSWORD

    names = prepare(crowded + to_kill)
    with serving(database=os.environ["DATABASE_URL"]) as site:
        people = [
            Applicant(number, name, PASSWORD, Browser(site.port))
            for number, name in enumerate(names, 1)
        ]
        return {
            "crowd": crowd(site, people[:crowded]),
            "killed": killed(site, people[crowded:]),
        }


def rows_of(found: dict[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    """Yield the rows of the table: what, measured, goal, whether it is met."""
    crowd, kills = found["crowd"], found["killed"]
    goal = f"p95 < {MOST_MILLISECONDS} ms"
    yield (
        f"{crowd['applicants']} units apply for deferral at once, 3 to 8 s between steps: "
        f"{crowd['all']['count']:,} steps, {crowd['requests']:,} requests over HTTP",
        f"{_said(crowd['all'])}; {crowd['interrupted']} failed",
        f"{goal}, none failed",
        crowd["all"]["p95"] < MOST_MILLISECONDS and not crowd["interrupted"],
    )
    for name, figures in crowd["steps"].items():
        if name in SIGNING_IN:
            yield (
                f"before that: {name}, all within {ARRIVING:.0f} s",
                _said(figures),
                "(beside it)",
                True,
            )
            continue
        yield f"of them: {name}", _said(figures), goal, figures["p95"] < MOST_MILLISECONDS
    yield (
        "meanwhile: cores of web and applicants, of everything on the machine",
        f"{crowd['cores']['theirs']}, {crowd['cores']['all']} of {os.cpu_count()}",
        "(beside it)",
        True,
    )
    yield (
        f"{kills['applicants']} units apply while every web process is killed twice and all of "
        f"`serve` once: what was answered as saved, {kills['compared']:,} comparisons",
        f"{len(kills['lost'])} lost; {kills['processes']} processes killed, {kills['interrupted']} "
        f"pages that didn't come; {kills['handed_in']} handed in",
        "none lost, all handed in",
        not kills["lost"] and kills["handed_in"] == kills["applicants"],
    )


def _said(figures: dict[str, int]) -> str:
    return f"p50 {figures['p50']}, p95 {figures['p95']}, at most {figures['max']:,} ms"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    print(json.dumps(measure(*map(int, sys.argv[1:])), indent=2, ensure_ascii=False))
