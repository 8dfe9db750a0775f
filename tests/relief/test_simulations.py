"""A simulation: it writes nothing but itself, and a run that refers to it comes to the same."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection

from classification.models import Size
from registry.models import Post, WorkState
from relief.models import (
    Assessment,
    Declaration,
    LedgerLeg,
    Run,
    RunDifference,
    Simulation,
    SimulationApproval,
)
from relief.run.differing import Reason
from relief.services import runs, simulations, work
from tests.factories import make_officer
from tests.relief.builders import (
    AT,
    AUGUST,
    clock,
    declare,
    in_force,
    make_size,
    pay,
    recalculate,
    sized_employer,
)

pytestmark = pytest.mark.django_db
APRIL = date(2020, 4, 1)
DRAFT = """
[document]
title = "再延长半个月的草案"
published = 2020-07-20
confidence = "SUGG"

[[waiver]]
class = "large"
insurances = ["pension"]
from = "2020-02"
to = "2020-12"
ratio = 0.75
clause = "草案第一条"
"""


def handler():
    return make_officer(Post.HANDLER, district="510400", name="试算人")


def head():
    return make_officer(Post.HEAD, district="510400", name="批准人")


def simulate(by=None, *, as_of=AUGUST, drafts=None, **scope) -> Simulation:
    asked = simulations.start(
        title="延长政策", as_of=as_of, drafts=drafts, by=by or handler(), at=AT, **scope
    )
    assert simulations.run_simulation(simulation_id=asked.pk, clock=clock, readers=0)
    asked.refresh_from_db()
    assert asked.state == WorkState.DONE
    return asked


def approve(simulation: Simulation, by=None) -> SimulationApproval:
    return simulations.approve(
        simulation_id=simulation.pk, digest=simulation.digest, by=by or head(), at=AT
    )


def run_of(simulation: Simulation, by=None) -> Run:
    run = simulations.start_run(simulation_id=simulation.pk, by=by or simulation.by, at=AT)
    for shard_id in work.due_shards(at=AT):
        work.work_shard(shard_id=shard_id, clock=clock)
    run.refresh_from_db()
    return run


def city_in_april():
    """A large and a small enterprise, assessed before the extension was published."""
    large, small = sized_employer(Size.LARGE), sized_employer()
    for employer in (large, small):
        for month in ("2020-03", "2020-06", "2020-07"):
            declare(employer, month)
    recalculate(APRIL)
    return large, small


def test_it_finds_what_a_run_finds_and_writes_only_itself():
    city_in_april()
    counted = [model.objects.count() for model in (Assessment, Declaration, LedgerLeg, Run)]

    simulation = simulate()

    assert [m.objects.count() for m in (Assessment, Declaration, LedgerLeg, Run)] == counted
    run = recalculate()
    assert simulations.totals_of(simulation) == runs.result(run)
    columns = [f.attname for f in RunDifference._meta.concrete_fields][3:]
    assert list(
        RunDifference.objects.filter(simulation=simulation).order_by("pk").values_list(*columns)
    ) == list(RunDifference.objects.filter(run=run).order_by("pk").values_list(*columns))


def test_differences_say_what_was_and_what_is_due_and_why():
    large, small = city_in_april()

    simulation = simulate()

    found = RunDifference.objects.get(simulation=simulation, employer=large, insurance="pension")
    assert (found.lines, found.first_month, found.last_month) == (
        3,  # of July nothing but the clause
        date(2020, 3, 1),
        date(2020, 7, 1),
    )
    assert (found.before_net_due, found.net_due) == (Decimal("4000.00"), Decimal("3200.00"))
    assert found.net_due - found.before_net_due == found.before_relief - found.relief
    assert found.reasons == Reason.RULE
    found = RunDifference.objects.get(simulation=simulation, employer=small, insurance="pension")
    assert (found.before_net_due, found.net_due) == (Decimal("1600.00"), Decimal("0.00"))


def test_the_cube_adds_up_to_the_totals_in_every_direction():
    city_in_april()

    simulation = simulate()

    cube = simulation.totals["cube"]
    assert sum(Decimal(cell[7]) for cell in cube) == Decimal(simulation.totals["relief"])
    assert sum(cell[4] for cell in cube) == simulation.totals["changed"]
    for _, _, _, _, _, gross, _, relief, _, net in cube:
        assert Decimal(gross) == Decimal(relief) + Decimal(net)


def test_several_readers_find_the_same(transactional_db):
    city_in_april()
    alone = simulate()

    asked = simulations.start(title="两个连接", as_of=AUGUST, by=alone.by, at=AT)
    assert simulations.run_simulation(simulation_id=asked.pk, clock=clock, readers=2)

    asked.refresh_from_db()
    assert (asked.digest, asked.totals) == (alone.digest, alone.totals)


def test_the_city_is_read_in_read_only_transactions(transactional_db, monkeypatch):
    from relief.run import shard

    city_in_april()
    reads = shard.simulate_whole

    def reads_and_writes(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM relief_reassessmentdue")
        return reads(*args, **kwargs)

    from relief.run import city

    asked = simulations.start(title="只读", as_of=AUGUST, by=handler(), at=AT)
    with pytest.raises(DatabaseError, match="read-only"):
        city.read(
            simulations.reading_of(asked),
            [(1, 2**40)],
            run=asked.inputs["runs"],
            readers=1,
            how=reads_and_writes,
        )


def test_what_comes_in_later_is_not_seen():
    large, _ = city_in_april()
    asked = simulations.start(title="先要后算", as_of=AUGUST, by=handler(), at=AT)
    before = simulate(asked.by)
    declare(large, "2020-03", ["99.00"])
    make_size(large, Size.SMALL, dated=date(2020, 7, 1))
    pay(large, "100.00")
    recalculate()

    assert simulations.run_simulation(simulation_id=asked.pk, clock=clock, readers=0)

    asked.refresh_from_db()
    assert asked.digest == before.digest


def test_a_draft_counts_in_the_simulation_alone():
    large, _ = city_in_april()

    simulation = simulate(drafts={"2020-07-20-draft": DRAFT})

    found = RunDifference.objects.get(simulation=simulation, employer=large, insurance="pension")
    assert found.net_due == Decimal("1200.00")  # three months at a quarter
    recalculate()
    assert in_force(large, month=date(2020, 6, 1)).relief == Decimal("800.00")


def test_a_run_comes_to_what_was_approved():
    city_in_april()
    simulation = simulate()
    approve(simulation)

    run = run_of(simulation)

    assert run.state == WorkState.DONE
    assert Assessment.objects.filter(run=run).exists()


def test_a_run_that_comes_to_something_else_stops_and_nothing_is_in_force():
    large, small = city_in_april()
    simulation = simulate()
    approve(simulation)
    declare(large, "2020-06", ["20000.00"])

    run = run_of(simulation)

    assert run.state == WorkState.FAILED
    assert f"第 {simulation.pk} 次试算不一致（3 项" in run.failure
    assert in_force(small, month=date(2020, 7, 1)).relief == 0
    assert not LedgerLeg.objects.filter(value_on=AUGUST).exists()


def test_equal_sums_are_not_enough_to_be_the_same():
    large, _ = city_in_april()
    declare(large, "2020-05", ["10000.00"])
    declare(large, "2020-08", ["20000.00"])
    simulation = simulate()
    approve(simulation)
    declare(large, "2020-05", ["20000.00"])
    declare(large, "2020-08", ["10000.00"])
    make_size(large, Size.MEDIUM, dated=date(2020, 7, 31))

    assert run_of(simulation).state == WorkState.FAILED


def test_after_a_run_that_stopped_the_simulation_may_be_run_again_and_after_one_that_holds_not():
    large, _ = city_in_april()
    simulation = simulate()
    approve(simulation)
    lines = declare(large, "2020-06", ["20000.00"])
    assert run_of(simulation).state == WorkState.FAILED
    declare(large, "2020-06", ["10000.00"])
    assert lines

    assert run_of(simulation).state == WorkState.DONE
    with pytest.raises(simulations.NotApproved, match="已经按这次试算"):
        run_of(simulation)


def test_nobody_approves_alone_and_no_run_without_approval():
    city_in_april()
    simulation = simulate()

    with pytest.raises(simulations.NotApproved, match="还没有批准"):
        run_of(simulation)
    with pytest.raises(simulations.NotYours):
        approve(simulation, by=handler())
    with pytest.raises(simulations.NotApprovable, match="不符"):
        simulations.approve(simulation_id=simulation.pk, digest="0" * 64, by=head(), at=AT)
    approve(simulation)
    with pytest.raises(simulations.NotApprovable, match="已经批准"):
        approve(simulation)


def test_a_draft_has_to_be_published_word_for_word_before_its_run():
    city_in_april()
    simulation = simulate(drafts={"2020-07-20-draft": DRAFT})
    approve(simulation)

    with pytest.raises(simulations.LawDiffers, match="先公布草案"):
        run_of(simulation)


def test_a_cancelled_simulation_stores_nothing():
    city_in_april()
    asked = simulations.start(title="取消", as_of=AUGUST, by=handler(), at=AT)
    simulations.cancel(simulation_id=asked.pk, at=AT)

    assert not simulations.run_simulation(simulation_id=asked.pk, clock=clock, readers=0)
    assert not RunDifference.objects.filter(simulation=asked).exists()
