"""A run's inputs are frozen: what is being stored while it starts is in it whole, or not at all."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction

from classification import intake
from classification.models import Size, SizeRecord
from registry import locks, slots
from relief.models import DeclarationLine, PaidBack, Run
from relief.run import inputs
from relief.services import paid_back, runs
from tests.factories import make_employer
from tests.registry.workbooks import bring_in, headers, workbook
from tests.relief.builders import AT, AUGUST, MARCH, declare, drive, make_size

pytestmark = pytest.mark.django_db(transaction=True)
SOON = 20  # seconds; nothing here takes one


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as threads:
        yield threads


def elsewhere(act, *arguments, **named):
    """Do something over a connection of one's own."""
    try:
        return act(*arguments, **named)
    finally:
        connections.close_all()


@contextmanager
def halted_import(pool, monkeypatch, employer):
    """Bring a size in and halt the import where its rows are stored and not yet committed."""
    stored, go_on = threading.Event(), threading.Event()

    def merge(staging):
        merged = intake.KIND.merge(staging)
        stored.set()
        assert go_on.wait(SOON)
        return merged

    with monkeypatch.context() as patch:
        patch.setitem(slots._import_kinds, "sizes", replace(intake.KIND, merge=merge))
        book = workbook(headers("sizes"), [employer.uscc, "某企业", "小型", "2020-07-30"])
        done = pool.submit(elsewhere, bring_in, "sizes", book)
        assert stored.wait(SOON)
        try:
            yield done
        finally:
            go_on.set()
            done.result(SOON)


def wait_until_somebody_waits() -> None:
    """Return once a connection waits for the lock on the inputs."""
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    for _ in range(SOON * 50):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        threading.Event().wait(0.02)
    raise AssertionError("nobody waits")


def test_a_run_waits_for_an_import_that_is_storing_and_has_its_rows(pool, monkeypatch):
    """All three insurances, waived whole: 16 %, 0.6 % and 0.4 % of 10,000 yuan are 1,700."""
    employer = make_employer()
    declare(employer)

    with halted_import(pool, monkeypatch, employer):
        started = pool.submit(elsewhere, runs.start_run, as_of=AUGUST, at=AT)
        wait_until_somebody_waits()
        assert not Run.objects.exists()

    run = started.result(SOON)
    assert run.inputs["sizes"] == SizeRecord.objects.get().pk
    drive()
    run.refresh_from_db()
    assert (run.totals["undetermined"], run.totals["relief"]) == (0, "1700.00")


def test_without_the_wait_numbers_drawn_before_would_come_in_under_the_marks(pool, monkeypatch):
    """What this is for: marks read while an import is open promise too much."""
    employer = make_employer()
    with halted_import(pool, monkeypatch, employer):
        make_size(make_employer(), Size.LARGE)  # by somebody who asked nobody
        marks = inputs.marks()
        before = SizeRecord.objects.filter(pk__lte=marks["sizes"]).count()

    assert (before, SizeRecord.objects.filter(pk__lte=marks["sizes"]).count()) == (1, 2)


def test_an_import_that_begins_to_store_after_the_start_draws_greater_numbers(pool):
    employer = make_employer()
    declare(employer)
    with transaction.atomic():
        run = runs.start_run(as_of=AUGUST, at=AT)
        book = workbook(headers("sizes"), [employer.uscc, "某企业", "小型", "2020-07-30"])
        done = pool.submit(elsewhere, bring_in, "sizes", book)
        wait_until_somebody_waits()

    assert done.result(SOON).accepted == 1
    assert SizeRecord.objects.get().pk > run.inputs["sizes"]


def test_declared_lines_are_not_counted_that_nobody_has_stored_yet():
    declare(make_employer())

    run = runs.start_run(as_of=AUGUST, at=AT)

    assert run.inputs["lines"] == DeclarationLine.objects.latest("pk").pk


def test_money_paid_back_waits_like_an_import(pool):
    employer = make_employer()
    declare(employer)
    posting = paid_back.Posting(employer.pk, MARCH, "pension", 5, AUGUST, "R1")
    with transaction.atomic():
        run = runs.start_run(as_of=AUGUST, at=AT)
        done = pool.submit(elsewhere, post, posting)
        wait_until_somebody_waits()

    done.result(SOON)
    assert PaidBack.objects.get().pk > run.inputs["paid_back"]


def post(posting):
    with transaction.atomic():
        paid_back.post(postings=[posting])


def test_whoever_waits_too_long_is_told_why_and_nothing_is_started(pool, monkeypatch):
    employer = make_employer()
    declare(employer)
    monkeypatch.setattr(
        locks.freeze_inputs, "__kwdefaults__", {"patience": timedelta(milliseconds=50)}
    )
    with halted_import(pool, monkeypatch, employer):
        with pytest.raises(locks.InputsBusy, match="请等导入完成"):
            runs.start_run(as_of=AUGUST, at=AT)
        assert not Run.objects.exists()

    assert runs.start_run(as_of=AUGUST, at=AT)


def test_the_time_others_may_wait_is_as_before():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '7s'")
        locks.freeze_inputs()
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("7s",)
