"""Killed anywhere, or two at once: nothing half, nothing twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction

from relief.ledger import chains
from relief.ledger import services as ledger
from relief.ledger.services import runs as posting
from relief.ledger.verify import verify
from relief.models import LedgerEntry, LedgerLeg, LedgerPosting, LedgerWork
from relief.services import runs, work
from tests.factories import make_employer
from tests.relief.builders import AUGUST, clock, declare, make_import, pay, sized_employer
from tests.relief.ledger.booking import AT, as_superuser, entry, post, say

pytestmark = pytest.mark.django_db(transaction=True)


def die() -> None:
    """End our own connection in the middle of its transaction, as a killed process does."""
    say("SET LOCAL ROLE NONE")
    say("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.fixture(params=["after its legs", "after the posting"])
def dies(request, monkeypatch):
    """Kill the next one who posts, once, at one of two places."""
    close = chains.close

    def closing(postings, **how):
        monkeypatch.setattr(chains, "close", close)
        if request.param == "after the posting":
            close(postings, **how)
        die()

    monkeypatch.setattr(chains, "close", closing)


def killed(action) -> None:
    with pytest.raises(DatabaseError):
        action()
    connection.close()
    assert not LedgerLeg.objects.exists()
    assert not LedgerEntry.objects.exists()
    assert not LedgerPosting.objects.exists()


def test_an_event_is_posted_whole_or_not_at_all(dies):
    employer = make_employer()

    killed(lambda: post(entry(employer, reference="TF1.APPROVED")))
    post(entry(employer, reference="TF1.APPROVED"))

    assert LedgerLeg.objects.count() == 2


def test_an_import_is_posted_whole_or_not_at_all(dies):
    employer = make_employer()
    source = make_import("payments")

    def bring_in():
        with transaction.atomic():
            pay(employer, "100.00", source=source)
            ledger.post_imported_payments(import_id=source.pk, at=AT)

    killed(bring_in)
    bring_in()

    assert LedgerLeg.objects.count() == 2
    assert verify(at=AT).ok


def test_a_block_of_a_run_is_posted_whole_or_by_the_next_worker(dies):
    declare(sized_employer())
    run = runs.start_run(as_of=AUGUST, at=AT)
    work.work_shard(shard_id=run.shards.get().pk, clock=clock, post=False)
    piece = LedgerWork.objects.get()

    killed(lambda: posting.work_block(work_id=piece.pk, clock=clock))
    assert not runs.is_over(run)
    LedgerWork.objects.update(lease_until=None)  # the dead worker's lease has run out
    for work_id in posting.due(at=AT):
        posting.work_block(work_id=work_id, clock=clock)

    assert runs.is_over(run)
    assert verify(at=AT).ok
    assert LedgerLeg.objects.exists()


def at_once(action, times: int = 4) -> list[object]:
    """Do the same from several connections at once; return what came of each."""

    def on_its_own(_: int) -> object:
        try:
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(on_its_own, range(times)))


def test_who_catch_up_at_once_post_once():
    employer = make_employer()
    pay(employer, "100.00", posted=False)

    legs = at_once(lambda: ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT))

    assert sorted(legs) == [0, 0, 0, 2]
    assert verify(at=AT).ok


def test_who_post_to_one_chain_at_once_wait_for_each_other():
    employers = [make_employer() for _ in range(20)]

    def some():
        for employer in employers:
            post(entry(employer), entry(employer, insurance="injury"))

    at_once(some)

    numbers = LedgerPosting.objects.filter(chain="pension-0").values_list("number", flat=True)
    assert sorted(numbers) == list(range(1, 81))
    assert verify(at=AT).problem.kind == "facts"  # entries without a refund, and nothing else


def test_nobody_adds_to_a_posting_that_another_is_writing():
    employer = make_employer()
    other = connection.copy()
    legs = "entry_id, employer_id, insurance, value_on, month, account, amount, sha256"
    intrude = f"""INSERT INTO relief_ledgerleg (posting_id, {legs}) VALUES
        (%s, %s, %s, 'pension', '2020-08-03', '2020-03-01', 'paid', 1, sha256(''))"""
    try:
        with transaction.atomic():
            ledger.post(entries=[entry(employer)], at=AT)
            mine = LedgerEntry.objects.get()
            row = [mine.posting_id, mine.pk, employer.pk]
            with other.cursor() as cursor:
                cursor.execute("SET lock_timeout = '300ms'")
                with pytest.raises(DatabaseError, match="lock timeout"):
                    cursor.execute(intrude, row)
        with other.cursor() as cursor, pytest.raises(DatabaseError, match="closed"):
            cursor.execute(intrude, row)
    finally:
        other.close()

    assert LedgerLeg.objects.count() == 2


def test_the_last_rows_of_many_are_missed():
    """T5: the end of the book deleted by who may do everything."""
    for _ in range(5):
        post(
            entry(make_employer(), debit=ledger.Account.RECEIVABLE, credit=ledger.Account.LATE_FEE)
        )
    ledger.export_heads(day=AUGUST, at=AT)

    with as_superuser():
        last = LedgerPosting.objects.latest("pk").pk
        for table, column in (("leg", "posting_id"), ("entry", "posting_id"), ("posting", "id")):
            say(f"DELETE FROM relief_ledger{table} WHERE {column} = %s", [last])
        problem = verify(at=AT).problem

    assert (problem.kind, problem.row) == ("head", "pension-0/5")
