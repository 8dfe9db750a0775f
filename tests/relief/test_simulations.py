"""A simulation: it writes nothing but itself, and a run that refers to it comes to the same."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection

from classification.models import Size
from registry.models import WorkState
from relief.models import (
    Assessment,
    Declaration,
    LedgerLeg,
    Run,
    RunDifference,
)
from relief.queries import projects
from relief.run import city, shard
from relief.run.differing import Reason
from relief.services import rulings_only, runs, simulations
from tests.factories import make_employer, make_terms
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
from tests.relief.building import make_project
from tests.relief.simulating import approve, handler, head, run_of, simulate

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
LIMITS = """
[[limit]]
insurances = ["pension"]
from = "2020-02"
to = "2020-12"
lower = 12000.00
upper = 17317.00
clause = "草案第二条"
"""


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

    for name in ("by_month", "by_district"):
        cube = simulation.totals[name]
        assert sum(Decimal(cell[6]) for cell in cube) == Decimal(simulation.totals["relief"])
        assert sum(cell[3] for cell in cube) == simulation.totals["changed"]
        for _, _, _, _, gross, _, relief, _, net in cube:
            assert Decimal(gross) == Decimal(relief) + Decimal(net)


@pytest.mark.parametrize("drafts", [None, {"2020-07-20-draft": DRAFT}])
def test_looking_at_rulings_only_comes_to_the_same(monkeypatch, drafts):
    large, _ = city_in_april()
    pay(large, "123.45")
    branch = make_employer()
    make_terms(branch, parent_uscc=large.uscc)
    make_project(large)
    declare(branch, "2020-03", ["5000.00", "99.00"])
    recalculate(date(2020, 5, 1))
    make_size(large, Size.SMALL, dated=date(2020, 7, 1))
    lean = spied(monkeypatch, "simulate_lean")
    quick = simulate(drafts=drafts)
    assert lean
    monkeypatch.setattr(rulings_only, "reader", lambda *_: shard.simulate_whole)

    slow = simulate(quick.by, drafts=drafts)

    assert (quick.digest, quick.totals) == (slow.digest, slow.totals)
    assert quick.totals["projects"]["changed"] == 1


@pytest.mark.parametrize("news", ["declared", "terms", "rates"])
def test_rulings_are_not_enough_once_a_total_may_have_changed(monkeypatch, news):
    large, _ = city_in_april()
    drafts = None
    if news == "declared":
        declare(large, "2020-03", ["7000.00"])
    elif news == "terms":
        make_terms(large, injury_rate="0.009", from_month=date(2020, 1, 1))
    else:
        drafts = {"2020-07-20-draft": DRAFT + LIMITS}
    lean = spied(monkeypatch, "simulate_lean")

    found = simulate(drafts=drafts)

    assert not lean
    assert RunDifference.objects.filter(simulation=found, reasons__gte=Reason.DECLARED).exists()


def spied(monkeypatch, name: str) -> list[int]:
    """Note every call of one of the shard's ways to read."""
    called: list[int] = []
    reads = getattr(shard, name)

    def note(*args, **kwargs):
        called.append(kwargs["first"])
        return reads(*args, **kwargs)

    monkeypatch.setattr(shard, name, note)
    return called


def test_several_readers_find_the_same(transactional_db):
    city_in_april()
    alone = simulate()

    asked = simulations.start(title="两个连接", as_of=AUGUST, by=alone.by, at=AT)
    assert simulations.run_simulation(simulation_id=asked.pk, clock=clock, readers=2)

    asked.refresh_from_db()
    assert (asked.digest, asked.totals) == (alone.digest, alone.totals)


def test_the_city_is_read_in_read_only_transactions(transactional_db, monkeypatch):
    city_in_april()
    reads = shard.simulate_whole

    def reads_and_writes(*args, **kwargs):
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM relief_reassessmentdue")
        return reads(*args, **kwargs)

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


def test_a_project_that_changed_since_stops_the_run_and_nothing_of_it_is_in_force():
    city_in_april()
    contractor = sized_employer()
    make_project(contractor)
    same = simulate()
    approve(same)
    simulation = simulate()
    approve(simulation)
    assert (same.digest, same.totals["projects"]["relief"]) == (simulation.digest, "50000.00")
    make_project(contractor, premium="66000.00")

    run = run_of(simulation)

    assert run.state == WorkState.FAILED
    assert f"第 {simulation.pk} 次试算不一致（1 项" in run.failure
    assert not projects.in_force(AUGUST).exists()
    assert simulate().digest != simulation.digest


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
