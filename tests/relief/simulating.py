"""Simulations for tests: asked for, worked, approved, and run."""

from datetime import date

from registry.models import Employer, Post, WorkState
from relief.models import Run, Simulation, SimulationApproval
from relief.services import simulations, work
from tests.factories import make_officer
from tests.relief.builders import AT, AUGUST, clock, declare


def handler():
    return make_officer(Post.HANDLER, district="510400", name="试算人")


def head():
    return make_officer(Post.HEAD, district="510400", name="批准人")


def simulate(by=None, *, as_of: date = AUGUST, drafts=None, **scope) -> Simulation:
    """Return a simulation of the city, worked."""
    asked = simulations.start(
        title="延长政策", as_of=as_of, drafts=drafts, by=by or handler(), at=AT, **scope
    )
    assert simulations.run_simulation(simulation_id=asked.pk, clock=clock, readers=0)
    asked.refresh_from_db()
    assert asked.state == WorkState.DONE
    return asked


def approve(simulation: Simulation, by=None) -> SimulationApproval:
    """Return the city's agreement to a simulation."""
    return simulations.approve(
        simulation_id=simulation.pk, digest=simulation.digest, by=by or head(), at=AT
    )


def run_of(simulation: Simulation, by=None) -> Run:
    """Return the run of an approved simulation, worked."""
    run = simulations.start_run(simulation_id=simulation.pk, by=by or simulation.by, at=AT)
    for shard_id in work.due_shards(at=AT):
        work.work_shard(shard_id=shard_id, clock=clock)
    run.refresh_from_db()
    return run


def simulated(employer: Employer) -> Simulation:
    """Return a simulation of one employer, which declared for it."""
    declare(employer, "2020-06")
    return simulate(employer_ids=[employer.pk])


def stopped(employer: Employer) -> Run:
    """Return a run that didn't come to what was approved."""
    simulation = simulated(employer)
    approve(simulation)
    declare(employer, "2020-06", ["20000.00"])
    return run_of(simulation)
