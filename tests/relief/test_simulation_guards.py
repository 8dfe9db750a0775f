"""What the database refuses about simulations, their approval and their runs, whoever asks.

Each attempt is made twice: refused as things are, and let through once its guard is away, so that no
other guard hides that one is missing.
"""

import pytest
from django.db import connection

from registry.models import Post
from relief.models import RunDifference, RunOfSimulation, Simulation, SimulationApproval
from relief.services import runs
from tests.factories import make_officer
from tests.guarding import attempt, without
from tests.relief.builders import AT
from tests.relief.simulating import approve, handler, head, simulate
from tests.relief.test_simulations import city_in_april

pytestmark = pytest.mark.django_db


def approving(simulation, **otherwise):
    fields = {"digest": simulation.digest, "by": head(), "at": AT} | otherwise
    return lambda: SimulationApproval.objects.create(simulation=simulation, **fields)


@pytest.mark.parametrize(
    ("what", "otherwise"),
    [
        ("another digest", lambda s: {"digest": "0" * 64}),
        ("who asked for it", lambda s: {"by": s.by}),
        ("a handler", lambda s: {"by": handler()}),
        ("a head of a district", lambda s: {"by": make_officer(Post.HEAD, district="510402")}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nobody_else_agrees_and_to_nothing_else(what, otherwise):
    city_in_april()
    simulation = simulate()
    write = approving(simulation, **otherwise(simulation))

    assert "not this digest, or not this officer" in attempt(write)
    without("relief_simulationapproval", "agrees_to_what_was_found")
    assert attempt(write) == ""


def test_an_unfinished_simulation_is_not_agreed_to():
    city_in_april()
    simulation = simulate()
    Simulation.objects.filter(pk=simulation.pk).update(state="FAILED")

    assert "not this digest" in attempt(approving(simulation))


def test_a_simulation_is_agreed_to_once():
    city_in_april()
    simulation = simulate()
    approve(simulation)

    assert "simulation_id" in attempt(approving(simulation))


def test_a_finished_simulation_has_a_digest():
    city_in_april()
    simulation = simulate()

    blank = Simulation.objects.filter(pk=simulation.pk)
    assert "simulation_done_has_a_digest" in attempt(lambda: blank.update(digest=""))


def test_a_run_refers_to_an_approved_simulation_of_its_own_scope():
    large, _ = city_in_april()
    simulation = simulate()
    run = runs.start_run(as_of=simulation.as_of, at=AT)

    def write(of=run):
        return lambda: RunOfSimulation.objects.create(run=of, simulation=simulation)

    assert "was not approved" in attempt(write())
    approve(simulation)
    narrower = runs.start_run(as_of=simulation.as_of, employer_ids=[large.pk], at=AT)
    assert "of another scope" in attempt(write(narrower))
    assert attempt(write()) == ""
    without("relief_runofsimulation", "only_what_was_approved")
    assert attempt(write(narrower)) == ""


def test_a_difference_is_of_a_run_or_of_a_simulation_and_once():
    city_in_april()
    simulation = simulate()
    found = RunDifference.objects.filter(simulation=simulation).first()
    fields = {
        field.attname: getattr(found, field.attname)
        for field in RunDifference._meta.concrete_fields
        if field.name != "id"
    }

    def write(**otherwise):
        return lambda: RunDifference.objects.create(**fields | otherwise)

    assert "difference_once_per_simulation" in attempt(write())
    assert "difference_of_one" in attempt(write(simulation_id=None))
    run = runs.start_run(as_of=simulation.as_of, at=AT)
    assert "difference_of_one" in attempt(write(run_id=run.pk))
    assert attempt(write(simulation_id=None, run_id=run.pk)) == ""
    assert "difference_once_per_run" in attempt(write(simulation_id=None, run_id=run.pk))


@pytest.mark.parametrize("model", [SimulationApproval, RunOfSimulation, RunDifference])
def test_what_was_found_and_agreed_to_is_never_changed(model):
    city_in_april()
    simulation = simulate()
    approve(simulation)
    RunOfSimulation.objects.create(
        run=runs.start_run(as_of=simulation.as_of, at=AT), simulation=simulation
    )
    table = model._meta.db_table
    rows = model.objects.filter(pk=model.objects.latest("pk").pk)

    for role in ("relief_app", "NONE"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id"):

            def write(statement=statement, role=role):
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL ROLE {role}")
                    cursor.execute(statement)

            assert attempt(write) != "", (role, statement)
    assert rows.exists()
