"""Trying a recalculation on the whole city without writing a business row.

The city is read in read-only transactions, every input up to a mark, so whoever reads later finds
the same; only then is the simulation's own record stored. Somebody else agrees to its digest, and
a run that refers to it comes to the same or to nothing (`relief.services.runs.finish_run`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from registry import locks, scope, work
from registry.bulk import undisturbed
from registry.models import Officer, WorkState
from registry.work import OPEN, LeaseLost
from relief import policy, queries
from relief.models import Run, RunOfSimulation, Simulation, SimulationApproval
from relief.models.simulations import APPROVES
from relief.policy import Document, Policy
from relief.queries import differences
from relief.queries.policies import policy_with
from relief.run import city, digests, inputs, totals
from relief.run.inputs import Scope
from relief.run.shard import Reading, reading
from relief.services import rulings_only, runs

Clock = Callable[[], datetime]
MAX_ATTEMPTS = 3
#: Read at once: what a statement asks once is then asked less often, and all fits in the cache.
EMPLOYERS_AT_ONCE = 3000
GIVEN_UP = "试了 {attempts} 次都没有完成，请联系系统管理员。"
LAW_CHANGED = "试算期间公布了新的政策文件，请重新试算。"


class NotYours(Exception):
    """The officer's post doesn't do this step."""


class NotApprovable(Exception):
    """The simulation isn't finished, was agreed to already, or shows something else now."""


class NotApproved(Exception):
    """Nobody has agreed to the simulation, or its run has been made."""


class LawDiffers(Exception):
    """What is published isn't what was simulated."""


def may_start(officer: Officer) -> bool:
    """Whether the officer may simulate and start runs: a handler of the city's own agency."""
    return scope.of_the_city(officer) and officer.post == "HANDLER"


def may_approve(officer: Officer) -> bool:
    """Whether the officer may agree to a simulation of somebody else."""
    return scope.of_the_city(officer) and officer.post in APPROVES


def scope_of(simulation: Simulation) -> Scope:
    """Return what a simulation covers."""
    return Scope(
        simulation.as_of,
        simulation.from_month,
        simulation.to_month,
        tuple(simulation.employer_ids),
    )


def drafts_of(simulation: Simulation) -> list[Document]:
    """Return the documents that a simulation took along though they weren't published."""
    return [policy.read(draft["slug"], draft["text"]) for draft in simulation.drafts]


def documents_of(simulation: Simulation) -> tuple[Document, ...]:
    """Return the documents that were published when a simulation was asked for, oldest first."""
    published = queries.policy_as_of(simulation.as_of).documents
    drafts = {draft["slug"] for draft in simulation.drafts}
    return tuple(document for document in published if document.slug not in drafts)


def law_of(simulation: Simulation) -> Policy:
    """Return the policy that a simulation reads.

    :raises LawDiffers: if other documents have been published since.
    """
    found = policy_with(
        simulation.as_of,
        [draft for draft in drafts_of(simulation) if draft.slug not in _published(simulation)],
    )
    if found.digest != simulation.policy_sha256:
        raise LawDiffers(LAW_CHANGED)
    return found


def _published(simulation: Simulation) -> set[str]:
    return {document.slug for document in queries.policy_as_of(simulation.as_of).documents}


@transaction.atomic
def start(
    *,
    title: str,
    as_of: date,
    from_month: date | None = None,
    to_month: date | None = None,
    employer_ids: Sequence[int] = (),
    drafts: Mapping[str, str] | None = None,
    by: Officer,
    at: datetime,
) -> Simulation:
    """Queue a simulation, its inputs frozen. The caller rings after the commit.

    :param drafts: TOML texts of documents that aren't published, by slug.
    :raises NotYours: unless the officer starts runs too.
    :raises NothingDeclared, WrongMonths, NoRuleInForce, BadDocument, registry.locks.InputsBusy:
        as a run would be refused, or a draft that can't be read.
    """
    if not may_start(by):
        raise NotYours("试算由市社会保险经办机构的经办岗发起。")
    locks.freeze_inputs()
    covered = runs.scope_of(
        as_of=as_of, from_month=from_month, to_month=to_month, employer_ids=employer_ids
    )
    texts = dict(drafts or {})
    law = policy_with(as_of, [policy.read(slug, text) for slug, text in texts.items()])
    reading(law, covered, {})  # refuses months without rules before anything is stored
    return Simulation.objects.create(
        title=title,
        as_of=as_of,
        from_month=covered.first_month,
        to_month=covered.last_month,
        employer_ids=list(covered.employer_ids),
        policy_sha256=law.digest,
        policy_label=runs.label(law),
        drafts=[{"slug": slug, "text": text} for slug, text in texts.items()],
        inputs={**inputs.marks(), "runs": _first_unseen_run()},
        by=by,
        steps_total=len(runs.shard_ranges(covered, employers=EMPLOYERS_AT_ONCE)),
        created_at=at,
    )


def _first_unseen_run() -> int:
    """Return the number below which every run has ended: what they brought is in force."""
    open_run = Run.objects.filter(state__in=OPEN).order_by("pk").first()
    last = Run.objects.order_by("-pk").first()
    return open_run.pk if open_run else (last.pk + 1 if last else 1)


def reading_of(simulation: Simulation) -> Reading:
    """Return what the statements of a simulation read.

    :raises LawDiffers: if other documents have been published since.
    """
    return reading(law_of(simulation), scope_of(simulation), simulation.inputs)


def run_simulation(*, simulation_id: int, clock: Clock, readers: int = city.READERS) -> bool:
    """Work a simulation if nobody else does; return whether it was done here.

    :param readers: how many connections read the city at once; 0 reads in the caller's own.
    """
    claimed = work.claim(Simulation, simulation_id, at=clock())
    if claimed is None:
        return False
    try:
        if claimed.attempts > MAX_ATTEMPTS:
            reason = GIVEN_UP.format(attempts=MAX_ATTEMPTS)
            work.end(claimed, WorkState.FAILED, at=clock(), failure=reason)
            return False
        return _work(claimed, clock=clock, readers=readers)
    except LawDiffers as refusal:
        work.end(claimed, WorkState.FAILED, at=clock(), failure=str(refusal))
        return False
    except LeaseLost:
        return False  # cancelled, or another worker has it: nothing is stored


@undisturbed()
def _work(claimed: Simulation, *, clock: Clock, readers: int) -> bool:
    ranges = runs.shard_ranges(scope_of(claimed), employers=EMPLOYERS_AT_ONCE)
    law = law_of(claimed)
    parts = city.read(
        reading(law, scope_of(claimed), claimed.inputs),
        ranges,
        how=rulings_only.reader(claimed, law),
        run=claimed.inputs["runs"],
        readers=readers,
        tell=lambda done: work.keep(claimed, at=clock(), steps_done=done),
    )
    found = totals.add_up(parts)
    for cube in ("by_month", "by_district"):
        found[cube] = city.add_cubes(part[cube] for part in parts)
    rows = [row for part in parts for row in part["differences"]]  # each part in order
    with transaction.atomic():
        work.hold(claimed)
        differences.store(rows, simulation_id=claimed.pk)
        work.end(
            claimed,
            WorkState.DONE,
            at=clock(),
            totals=found,
            steps_done=len(ranges),
            digest=digests.digest(_header(claimed, found), rows),
        )
    return True


def _header(simulation: Simulation, found: Mapping[str, Any]) -> list[str]:
    """Return what its digest begins with; construction projects only where one changes."""
    of_projects = found["projects"]["content"]
    more = [f"projects {of_projects}"] if of_projects != "0" else []
    return differences.header(simulation) + more


@transaction.atomic
def cancel(*, simulation_id: int, at: datetime) -> Simulation:
    """End a simulation that isn't done; nothing of it is kept but that it was asked for.

    :raises NotApprovable: if it has ended already.
    """
    found = Simulation.objects.select_for_update().get(pk=simulation_id)
    if found.state not in OPEN:
        raise NotApprovable("这次试算已经结束，不能取消。")
    found.state = WorkState.CANCELLED
    found.cancel_requested_at = found.finished_at = at
    found.save(update_fields=["state", "cancel_requested_at", "finished_at"])
    return found


@transaction.atomic
def approve(
    *, simulation_id: int, digest: str, by: Officer, note: str = "", at: datetime
) -> SimulationApproval:
    """Agree to what a simulation found; the digest says that it is what was looked at.

    :raises NotYours: unless it is a reviewer or the head of the city, and not who asked for it.
    :raises NotApprovable: if it isn't finished, was agreed to, or its digest is another.
    """
    if not may_approve(by):
        raise NotYours("试算由市社会保险经办机构的复核岗或负责人岗批准。")
    found = Simulation.objects.select_for_update().get(pk=simulation_id)
    if found.by_id == by.pk:
        raise NotYours("试算不能由发起人自己批准。")
    if found.state != WorkState.DONE:
        raise NotApprovable("试算还没有完成，不能批准。")
    if SimulationApproval.objects.filter(simulation=found).exists():
        raise NotApprovable("这次试算已经批准过了。")
    if digest != found.digest:
        raise NotApprovable("结果摘要与试算不符，请刷新页面，看清内容后再批准。")
    return SimulationApproval.objects.create(
        simulation=found, digest=digest, by=by, at=at, note=note
    )


@transaction.atomic
def start_run(*, simulation_id: int, by: Officer, at: datetime) -> Run:
    """Queue the run that has to come to what was approved. The caller rings after the commit.

    :raises NotYours: unless the officer starts runs.
    :raises NotApproved: if nobody has agreed, or a run of it is open or done.
    :raises LawDiffers: if what is published isn't what was simulated.
    :raises NothingDeclared, NoRuleInForce, registry.locks.InputsBusy: as any run.
    """
    if not may_start(by):
        raise NotYours("核定由市社会保险经办机构的经办岗发起。")
    found = Simulation.objects.select_for_update().get(pk=simulation_id)
    if not SimulationApproval.objects.filter(simulation=found).exists():
        raise NotApproved("试算还没有批准，不能按它核定。")
    standing = Run.objects.filter(of_simulation__simulation=found)
    if standing.filter(state__in=(*OPEN, WorkState.DONE)).exists():
        raise NotApproved("已经按这次试算发起过核定。")
    if queries.policy_as_of(found.as_of).digest != found.policy_sha256:
        raise LawDiffers("已公布的政策文件与试算所用的不一致：请先公布草案原文，或重新试算。")
    run = runs.start_run(
        as_of=found.as_of,
        from_month=found.from_month,
        to_month=found.to_month,
        employer_ids=found.employer_ids,
        reason=f"按第 {found.pk} 次试算：{found.title}"[:200],
        by=by,
        at=at,
    )
    RunOfSimulation.objects.create(run=run, simulation=found)
    return run


def due(*, at: datetime) -> list[int]:
    """Return the simulations in nobody's hands, the oldest first."""
    return list(work.due(Simulation, at=at).values_list("pk", flat=True))


def totals_of(simulation: Simulation) -> dict[str, Any]:
    """Return a finished simulation's counts and sums as `recalculate --format json` names them."""
    return {
        name: simulation.totals[name] for name in (*totals.COUNTS, "unchanged", *totals.AMOUNTS)
    }
