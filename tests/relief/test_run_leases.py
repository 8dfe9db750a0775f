"""How a run is worked: leases, cancelling, the end, and who is told."""

from datetime import timedelta

import pytest

from classification.models import Size
from registry.models import WorkState
from relief import queries
from relief.models import Assessment, RunShard
from relief.services import runs, work
from relief.signals import run_finished
from tests.relief.builders import (
    AT,
    AUGUST,
    clock,
    declare,
    drive,
    recalculate,
    sized_employer,
)

pytestmark = pytest.mark.django_db


def test_a_shard_asked_for_twice_is_worked_once():
    declare(sized_employer())
    run = runs.start_run(as_of=AUGUST, at=AT)
    shard = run.shards.get()

    outcomes = [work.work_shard(shard_id=shard.pk, clock=clock) for _ in range(2)]

    assert outcomes == [work.Outcome.RUN_ENDED, work.Outcome.NOT_MINE]
    assert Assessment.objects.count() == 3


def test_a_worker_that_wakes_up_late_stores_nothing(monkeypatch):
    declare(sized_employer())
    run = runs.start_run(as_of=AUGUST, at=AT)
    shard = run.shards.get()
    claim = work.work.claim

    def claim_and_sleep(model, pk, *, at):
        mine = claim(model, pk, at=at)
        # While we slept our lease ran out and another took over.
        assert claim(model, pk, at=at + timedelta(hours=1))
        return mine

    monkeypatch.setattr(work.work, "claim", claim_and_sleep)

    assert work.work_shard(shard_id=shard.pk, clock=clock) is work.Outcome.NOT_MINE
    assert not Assessment.objects.exists()


def test_the_next_run_waits_for_the_one_before():
    declare(sized_employer())
    first = runs.start_run(as_of=AUGUST, at=AT)
    second = runs.start_run(as_of=AUGUST, at=AT)

    early = work.work_shard(shard_id=second.shards.get().pk, clock=clock)
    drive()

    assert early is work.Outcome.NOT_MINE
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.totals["changed"], second.totals["changed"]) == (3, 0)


def test_a_cancelled_run_brings_nothing_into_force(monkeypatch):
    monkeypatch.setattr(runs, "EMPLOYERS_PER_SHARD", 1)
    for _ in range(2):
        declare(sized_employer())
    run = runs.start_run(as_of=AUGUST, at=AT)
    work.work_shard(shard_id=run.shards.earliest("number").pk, clock=clock)

    runs.cancel_run(run_id=run.pk, at=AT)
    drive()

    assert Assessment.objects.count() == 3  # written, and never in force
    assert not queries.assessments_in_force(AUGUST).exists()
    with pytest.raises(runs.NotOpen):
        runs.cancel_run(run_id=run.pk, at=AT)
    assert recalculate().totals["changed"] == 6


def test_a_shard_that_kills_its_workers_fails_the_run():
    declare(sized_employer())
    run = runs.start_run(as_of=AUGUST, at=AT)
    RunShard.objects.filter(run=run).update(attempts=work.MAX_ATTEMPTS)

    work.work_shard(shard_id=run.shards.get().pk, clock=clock)

    run.refresh_from_db()
    assert run.state == WorkState.FAILED
    assert "第 1 个分片" in run.failure


def test_a_run_whose_last_worker_died_before_the_end_is_finished_by_the_sweeper():
    declare(sized_employer())
    run = runs.start_run(as_of=AUGUST, at=AT)
    RunShard.objects.filter(run=run).update(
        state=WorkState.DONE,
        totals={
            "employers": 0,
            "lines": 0,
            "changed": 0,
            "undetermined": 0,
            "emptied": 0,
            "relief": "0",
            "overpaid": "0",
            "groups": [],
            "largest": [],
        },
    )

    assert work.due_shards(at=AT) == []

    run.refresh_from_db()
    assert run.state == WorkState.DONE


def test_apps_above_are_told_once_a_run_is_in_force(django_capture_on_commit_callbacks):
    declare(sized_employer())
    heard = []

    def hear(run_id, **kwargs):
        heard.append(run_id)

    run_finished.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            run = recalculate()
    finally:
        run_finished.disconnect(hear)

    assert heard == [run.pk]


def test_the_largest_changes_and_the_sums_by_class_stay_with_the_run():
    large, small = sized_employer(Size.LARGE), sized_employer(Size.SMALL)
    declare(large, bases=["10000.00"] * 3)
    declare(small)

    run = recalculate()

    assert [change["employer_id"] for change in run.totals["largest"]] == [large.pk]
    groups = {(g["employer_class"], g["insurance"]): g for g in run.totals["groups"]}
    assert groups["large", "pension"]["relief"] == "2400.00"
    assert groups["sme", "pension"]["net_due"] == "0.00"
