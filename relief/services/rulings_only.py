"""Whether a simulation need look at nothing but the rulings of some employers.

That is so where what is in force was worked out by the same rates and limits from the same
declarations as a run would read now. Then `relief.run.lean` comes to the very same with a third
of the work; a test holds both equal.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from registry.models import WorkState
from relief.models import Run, Simulation
from relief.policy import Policy
from relief.queries.policies import LawIsGone, policy_of_run
from relief.run import inputs, shard
from relief.run.shard import Reading

#: Whatever changes a total of persons. Sizes and legal entities' terms change rulings only.
_NOTHING_NEW = """
SELECT NOT EXISTS (
    SELECT FROM registry_employerterms WHERE id > %(terms)s AND employer_id BETWEEN %(a)s AND %(b)s
) AND NOT EXISTS (
    SELECT FROM relief_declaration
    WHERE id > %(declarations)s AND employer_id BETWEEN %(a)s AND %(b)s
) AND NOT EXISTS (
    SELECT FROM relief_basehold WHERE id > %(holds)s AND employer_id BETWEEN %(a)s AND %(b)s
) AND NOT EXISTS (
    SELECT FROM relief_baseholdend e JOIN relief_basehold h ON h.id = e.hold_id
    WHERE e.id > %(hold_ends)s AND h.employer_id BETWEEN %(a)s AND %(b)s
) AND NOT EXISTS (
    -- Whose clause isn't the ruling's alone.
    SELECT FROM relief_estimatedassessment WHERE employer_id BETWEEN %(a)s AND %(b)s
)
"""


def reader(simulation: Simulation, law: Policy) -> Callable[..., dict[str, Any]]:
    """Return how a simulation reads a range of employers: by rulings only where that is enough."""
    whole = _whole_run(simulation)
    if whole is None or not _same_rates(simulation, law, whole):
        return shard.simulate_whole
    marks = {**inputs.LATER_MARKS, **whole.inputs}

    def read(what: Reading, *, first: int, last: int, run: int) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(_NOTHING_NEW, {**marks, "a": first, "b": last})
            (nothing_new,) = cursor.fetchone()
        how = shard.simulate_lean if nothing_new else shard.simulate_whole
        return how(what, first=first, last=last, run=run)

    return read


def _seen(simulation: Simulation) -> QuerySet[Run]:
    """Return the runs whose results a simulation compares with."""
    return Run.objects.filter(
        state=WorkState.DONE, pk__lt=simulation.inputs["runs"], as_of__lte=simulation.as_of
    )


def _whole_run(simulation: Simulation) -> Run | None:
    """Return the latest run of everybody and every month asked for, if none that was made
    before it is in force in its stead."""
    whole = _seen(simulation).filter(
        employer_ids=[],
        from_month__lte=simulation.from_month,
        to_month__gte=simulation.to_month,
    )
    found = whole.order_by("-pk").first()
    if found is None or _seen(simulation).filter(pk__lt=found.pk, as_of__gt=found.as_of).exists():
        return None
    return found


def _same_rates(simulation: Simulation, law: Policy, whole: Run) -> bool:
    """Whether that run, and whatever came after it, read the rates and limits of this law."""
    first, last = simulation.from_month, simulation.to_month
    runs = _seen(simulation).filter(Q(pk__gte=whole.pk))
    digests: dict[str, Run] = {run.policy_sha256: run for run in runs.only(*_LAW)}
    try:
        return all(
            _rates(policy_of_run(run), first, last) == _rates(law, first, last)
            for run in digests.values()
        )
    except LawIsGone:
        return False


_LAW = ("as_of", "policy_sha256", "inputs")


def _rates(law: Policy, first: date, last: date) -> str:
    return inputs.law_rows(law, first, last)
