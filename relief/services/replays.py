"""Working a past run once more from what it had read, to see that it still comes to the same."""

from dataclasses import dataclass
from typing import Any

from registry.models import WorkState
from relief.models import Run
from relief.queries.policies import policy_of_run
from relief.run import city, shard, totals
from relief.services.runs import scope_of_run


class NotReplayable(Exception):
    """There is no such run, or it never came into force."""


@dataclass(frozen=True)
class Replayed:
    """What a replay found.

    `compared` rows were written by the run; `departing` of them, or of what it should have
    written, are other than now; `others` are the first of those. `totals` names the run's sums
    that differ: name, what the run said, what is found.
    """

    run: Run
    compared: int
    departing: int
    others: list[dict[str, Any]]
    totals: list[tuple[str, Any, Any]]

    @property
    def same(self) -> bool:
        """Whether not one fen differs."""
        return not self.departing and not self.totals


def replay(*, run_id: int, readers: int = city.READERS) -> Replayed:
    """Work a run's employers once more, up to its marks and by its law, and compare each row.

    :raises NotReplayable: if the run isn't there or isn't done.
    :raises relief.queries.policies.LawIsGone: if its documents can't be put together any more.
    """
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        raise NotReplayable(f"没有第 {run_id} 次核定。")
    if run.state != WorkState.DONE:
        raise NotReplayable(
            f"第 {run_id} 次核定{run.get_state_display()}，没有生效的结果可以重算。"
        )
    what = shard.reading(policy_of_run(run), scope_of_run(run), run.inputs)
    worked = run.shards.order_by("number").values_list("first_employer_id", "last_employer_id")
    parts = city.read(what, list(worked), run=run.pk, readers=readers, how=shard.replay)
    found = totals.add_up(parts)
    names = (*totals.COUNTS, "unchanged", *totals.AMOUNTS)
    return Replayed(
        run=run,
        compared=sum(part["written"] for part in parts),
        departing=sum(part["departing"] for part in parts),
        others=[other for part in parts for other in part["others"]][: totals.LARGEST],
        totals=[
            (name, run.totals[name], found[name])
            for name in names
            if run.totals[name] != found[name]
        ],
    )
