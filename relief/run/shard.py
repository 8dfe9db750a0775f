"""One shard: a range of employers, assessed by one statement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from relief.policy import Policy
from relief.run import fingerprints, inputs, project_law, projects, statements
from relief.run.differing import BETWEEN
from relief.run.inputs import Scope
from relief.run.lean import SIMULATE_LEAN
from relief.run.replaying import REPLAY

#: Larger than any run's number: a simulation compares with everything finished.
AFTER_EVERY_RUN = 2**62
#: Enough for the sorts and hashes of some thousand employers; the default spills to disk.
WORK_MEM = "64MB"


@dataclass(frozen=True)
class Reading:
    """All that a statement reads beside the tables: scope, frozen marks, the law as rows."""

    scope: Scope
    marks: Mapping[str, int]
    law: str
    rulings: str
    size_first_month: date
    projects: Mapping[str, Any]

    def parameters(self, *, first: int, last: int, run: int) -> dict[str, Any]:
        """Return the statement's parameters for employers `first` to `last`."""
        return {
            **inputs.LATER_MARKS,
            **self.marks,
            "first": first,
            "last": last,
            "run": run,
            "employer_ids": list(self.scope.employer_ids) or None,
            "first_month": self.scope.first_month,
            "last_month": self.scope.last_month,
            "as_of": self.scope.as_of,
            "size_first_month": self.size_first_month,
            "law": self.law,
            "rulings": self.rulings,
        }

    def of_projects(self, *, first: int, last: int, run: int) -> dict[str, Any]:
        """Return the parameters of the projects' statement: the same, with their own law."""
        return {**self.parameters(first=first, last=last, run=run), **self.projects}


def reading(policy: Policy, scope: Scope, marks: Mapping[str, int]) -> Reading:
    """Return what shards of one run read.

    :raises NoRuleInForce: if a month, a unit type or a size of the scope has no rule.
    """
    return Reading(
        scope=scope,
        marks=marks,
        law=inputs.law_rows(policy, scope.first_month, scope.last_month),
        rulings=inputs.ruling_rows(policy, scope.first_month, scope.last_month),
        size_first_month=inputs.size_first_month(policy),
        projects=project_law.parameters(policy),
    )


def assess(
    what: Reading, *, first: int, last: int, run: int, later: Sequence[Scope] = ()
) -> dict[str, Any]:
    """Assess a range of employers, add what changed, and return the totals.

    Call it in a transaction. Working the same range of the same run twice is refused by the
    table (`assessment_once_per_run`); the shard's lease sees to it that it isn't tried.

    :param later: what finished runs with a later as-of date covered; what held on their days
        is kept.
    """
    parameters = what.parameters(first=first, last=last, run=run)
    of_projects = what.of_projects(first=first, last=last, run=run)
    if not later:
        found = _run(statements.ASSESS, parameters)
        return {**found, "projects": projects.work(projects.ASSESS, of_projects)}
    looked_back = {"later": _as_json(later)}
    found = _run(statements.ASSESS_BACK, parameters | looked_back)
    return {
        **found,
        "projects": projects.work(projects.ASSESS_BACK, of_projects | looked_back),
    }


def _as_json(later: Sequence[Scope]) -> str:
    return json.dumps(
        [
            {
                "as_of": scope.as_of.isoformat(),
                "first_month": scope.first_month.isoformat(),
                "last_month": scope.last_month.isoformat(),
                "employer_ids": scope.employer_ids,
            }
            for scope in later
        ]
    )


def fingerprint(what: Reading, *, first: int, last: int) -> str:
    """Return a text that is equal for two shards only if the same stored rows go into both."""
    parameters = what.parameters(first=first, last=last, run=0)
    with connection.cursor() as cursor:
        cursor.execute(fingerprints.FINGERPRINT, parameters)
        (found,) = cursor.fetchone()
        cursor.execute(projects.FINGERPRINT, parameters)
        (of_projects,) = cursor.fetchone()
    return f"{found}/{of_projects or 0}"


def unchanged(totals: dict[str, Any]) -> dict[str, Any]:
    """Return the totals of a shard that comes to the same as an earlier one with `totals`."""
    groups = [
        {
            **group,
            "changed": 0,
            "before_relief": group["relief"],
            "before_net_due": group["net_due"],
        }
        for group in totals["groups"]
    ]
    found = {**totals, "changed": 0, "groups": groups, "largest": []}
    if "projects" in totals:
        of_projects = totals["projects"]
        same = {"changed": 0, "before_relief": of_projects["relief"], "content": "0"}
        found["projects"] = {**of_projects, **same}
    return found


def simulate(what: Reading, *, first: int, last: int) -> dict[str, Any]:
    """Return the totals that `assess` would return, writing nothing."""
    parameters = what.parameters(first=first, last=last, run=AFTER_EVERY_RUN)
    of_projects = what.of_projects(first=first, last=last, run=AFTER_EVERY_RUN)
    found = _run(statements.SIMULATE, parameters)
    return {**found, "projects": projects.work(projects.SIMULATE, of_projects)}


def simulate_whole(what: Reading, *, first: int, last: int, run: int) -> dict[str, Any]:
    """Return the totals with `differences` (columns of `differing.COLUMNS` as text, by employer
    and insurance), `by_month` and `by_district`.

    :param run: compared with what runs below this number had brought into force.
    """
    found = _run_whole(statements.SIMULATE_WHOLE, what, first=first, last=last, run=run)
    of_projects = what.of_projects(first=first, last=last, run=run)
    return {**found, "projects": projects.work(projects.SIMULATE, of_projects)}


def simulate_lean(what: Reading, *, first: int, last: int, run: int) -> dict[str, Any]:
    """Return the same where nothing but rulings can have changed: `services.rulings_only`."""
    found = _run_whole(SIMULATE_LEAN, what, first=first, last=last, run=run)
    of_projects = what.of_projects(first=first, last=last, run=run)
    return {**found, "projects": projects.work(projects.SIMULATE, of_projects)}


def replay(what: Reading, *, first: int, last: int, run: int) -> dict[str, Any]:
    """Return the totals of a past run's range worked once more, how many rows the run `written`
    and how many are `departing`, the first of them as `others`."""
    found = _run(REPLAY, what.parameters(first=first, last=last, run=run))
    of_projects = what.of_projects(first=first, last=last, run=run)
    return {**found, "departing": found["departing"] + projects.departing(of_projects)}


def lines(what: Reading, *, employer_id: int, run: int) -> list[dict[str, Any]]:
    """Return each month and insurance of one employer as a run would find it, and as it was."""
    parameters = what.parameters(first=employer_id, last=employer_id, run=run)
    with connection.cursor() as cursor:
        cursor.execute(statements.LINES, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _run_whole(statement: str, what: Reading, **of: int) -> dict[str, Any]:
    found, rows = _fetch(statement, what.parameters(**of))
    totals: dict[str, Any] = json.loads(found)
    totals["differences"] = [row.split(BETWEEN) for row in (rows or "").splitlines()]
    return totals


def _run(statement: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    (found,) = _fetch(statement, parameters)
    totals: dict[str, Any] = json.loads(found)  # Django leaves jsonb of a raw cursor as text
    return totals


def _fetch(statement: str, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        # The planner can't know how many rows the steps have. Nested loops over steps without an
        # index took minutes where hashes take half a second; compiling never pays here.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute("SET LOCAL enable_mergejoin = off")
        cursor.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        cursor.execute(statement, parameters)
        row: tuple[Any, ...] = cursor.fetchone()
    return row
