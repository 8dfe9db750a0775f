"""Batches: three people, one content, and nothing that can be taken back once it may be out."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from refunds.models import Attempt, Batch, BatchSend, SampleCheck
from refunds.services import approve, bank, batch_lines, batches, recall, receipts, sampling
from refunds.workflow import IllegalMove
from registry.models import Post
from tests import factories
from tests.factories import AT
from tests.meddling import meddling
from tests.refunds.making import assess, clock, keep_book, make_run, pay, put_down, row

pytestmark = pytest.mark.django_db


def ready(cast, count=1):
    """Return a draft of so many refunds, cleared by audit."""
    for _ in range(count):
        cast.bring("APPROVED")
    batch = cast.draft()
    cast.clear(batch)
    batch.refresh_from_db()
    return batch


def seen(batch):
    return {"number": batch.number, "seen": batch.lines_sha256, "at": AT}


def sql(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def states(batch):
    batch.refresh_from_db()
    return batch.state, {attempt.obligation.state for attempt in batch.attempts.all()}


def test_three_people_take_a_batch_to_its_seal(cast):
    batch = ready(cast, 2)
    assert (batch.count, batch.total, batch.state) == (2, Decimal("2000.00"), "DRAFT")
    cast.sign(batch)
    sealed = batches.seal_batch(number=batch.number, at=AT)
    assert sealed.approved_sha256 == sealed.checked_sha256 == sealed.lines_sha256
    assert states(batch) == ("SEALED", {"IN_BATCH"})


def test_who_drafted_does_not_check(cast):
    batch = ready(cast)
    with pytest.raises(batches.SamePerson):
        batches.check_batch(officer=cast.cashier, **seen(batch))


def test_who_checked_does_not_approve_even_in_another_post(cast):
    batch = ready(cast)
    batches.check_batch(officer=cast.accountant, **seen(batch))
    cast.accountant.post = Post.HEAD
    cast.accountant.save()
    with pytest.raises(batches.SamePerson):
        batches.approve_batch(officer=cast.accountant, **seen(batch))


@pytest.mark.parametrize("step", ["check", "approve"])
def test_another_post_or_place_does_not_sign(cast, step):
    batch = ready(cast)
    if step == "approve":
        batches.check_batch(officer=cast.accountant, **seen(batch))
    right = Post.FUND_FINANCE if step == "check" else Post.HEAD
    act = batches.check_batch if step == "check" else batches.approve_batch
    strangers = [factories.make_officer(right)]  # of a district
    strangers += [factories.make_officer(post, district="510400") for post in Post if post != right]
    for officer in strangers:
        with pytest.raises(approve.WrongPost):
            act(officer=officer, **seen(batch))


@pytest.mark.parametrize(
    "change",
    [
        "checked_by_id = drafted_by_id",
        "approved_by_id = drafted_by_id",
        "approved_by_id = checked_by_id",
        "checked_sha256 = repeat('0', 64)",
        "approved_sha256 = repeat('0', 64)",
        "legacy = true",
        "total = total + 1",
        "lines_sha256 = repeat('0', 64)",
        "payer_account = '99999999'",
        "state = 'SENT'",
        "state = 'DRAFT'",
    ],
)
def test_the_database_refuses_another_hand_and_another_content(cast, change):
    batch = ready(cast)
    cast.sign(batch)
    with pytest.raises(DatabaseError):
        sql(f"UPDATE refunds_batch SET {change} WHERE id = %s", batch.pk)


def test_no_batch_begins_signed(cast):
    batch = ready(cast)
    cast.sign(batch)
    with pytest.raises(DatabaseError, match="begins as a draft"):
        sql(
            "INSERT INTO refunds_batch (number, insurance, state, count, total, payer_account,"
            " channel, lines_sha256, drafted_by_id, drafted_at, problem, legacy)"
            " SELECT 'X1', insurance, 'APPROVED', count, total, payer_account, channel,"
            " lines_sha256, drafted_by_id, drafted_at, '', false FROM refunds_batch WHERE id = %s",
            batch.pk,
        )


def test_what_was_not_seen_is_not_signed(cast):
    batch = ready(cast)
    with pytest.raises(batches.ContentChanged):
        batches.check_batch(number=batch.number, seen="0" * 64, officer=cast.accountant, at=AT)


def test_a_second_signature_says_who_was_faster(cast):
    batch = ready(cast)
    batches.check_batch(officer=cast.accountant, **seen(batch))
    other = factories.make_officer(Post.FUND_FINANCE, district="510400")
    with pytest.raises(IllegalMove, match=cast.accountant.name):
        batches.check_batch(officer=other, **seen(batch))


def test_a_line_changed_behind_our_back_breaks_the_approval(cast):
    batch = ready(cast)
    cast.sign(batch)
    with meddling() as cursor:
        cursor.execute("UPDATE refunds_attempt SET account = '6222029999999999'")
    with pytest.raises(batches.ContentChanged):
        batches.seal_batch(number=batch.number, at=AT)
    bank.exchange(clock=clock)
    batch.refresh_from_db()
    assert batch.state == "APPROVED"
    assert "摘要不符" in batch.problem
    assert not list(bank.folder("out").iterdir())


def test_what_is_owed_no_longer_is_not_sealed_and_says_which(cast):
    batch = ready(cast, 2)
    cast.sign(batch)
    gone = batch.attempts.first().obligation
    assess(gone.employer, fraction="0.5", run=make_run())
    keep_book(gone.employer)
    bank.exchange(clock=clock)
    batch.refresh_from_db()
    assert batch.state == "APPROVED"
    assert gone.receipt in batch.problem

    recall.recall_batch(number=batch.number, reason="金额有变动", officer=cast.cashier, at=AT)
    again = cast.draft()
    assert (again.count, again.total) == (1, Decimal("1000.00"))
    gone.refresh_from_db()
    assert gone.state == "SUPERSEDED"


def test_sealing_twice_seals_once(cast):
    batch = ready(cast)
    cast.sign(batch)
    content = bytes(batches.seal_batch(number=batch.number, at=AT).content)
    with pytest.raises(IllegalMove):
        batches.seal_batch(number=batch.number, at=AT)
    assert bytes(Batch.objects.get().content) == content


@pytest.mark.parametrize("reached", ["DRAFT", "CHECKED", "APPROVED", "SEALED"])
def test_a_batch_is_taken_back_before_it_is_sent_and_pays_once_later(cast, reached):
    batch = ready(cast)
    if reached != "DRAFT":
        batches.check_batch(officer=cast.accountant, **seen(batch))
    if reached in ("APPROVED", "SEALED"):
        batches.approve_batch(officer=cast.head, **seen(batch))
    if reached == "SEALED":
        batches.seal_batch(number=batch.number, at=AT)
    recall.recall_batch(number=batch.number, reason="付款账户有误", officer=cast.cashier, at=AT)
    assert states(batch) == ("DISSOLVED", {"APPROVED"})

    again = cast.seal()
    assert again.number != batch.number
    bank.exchange(clock=clock)
    assert [path.name for path in bank.folder("out").iterdir()] == [again.file_name]
    put_down([row(again.attempts.get())])
    bank.exchange(clock=clock)
    assert states(again) == ("ANSWERED", {"PAID"})
    assert Attempt.objects.filter(state="PAID").count() == 1


def test_nothing_is_taken_back_once_a_try_to_send_has_begun(cast):
    batch = cast.bring("IN_BATCH").attempts.get().batch
    bank.begin(batch_id=batch.pk, at=AT)
    with pytest.raises(IllegalMove, match="可能已经收到"):
        recall.recall_batch(number=batch.number, reason="停", officer=cast.cashier, at=AT)
    with pytest.raises(DatabaseError, match="may have the line"):
        sql("UPDATE refunds_attempt SET state = 'RECALLED'")


def test_taking_back_needs_a_reason_and_the_right_post(cast):
    batch = ready(cast)
    with pytest.raises(approve.ReasonMissing):
        recall.recall_batch(number=batch.number, reason=" ", officer=cast.cashier, at=AT)
    with pytest.raises(approve.WrongPost):
        recall.recall_batch(number=batch.number, reason="停", officer=cast.auditor, at=AT)


def test_one_line_leaves_a_draft_and_the_draft_comes_to_the_rest(cast):
    batch = ready(cast, 3)
    line = batch.attempts.order_by("line_no").first()
    before = batch.lines_sha256
    recall.recall_line(line_no=line.line_no, reason="核实账户", officer=cast.cashier, at=AT)
    batch.refresh_from_db()
    assert (batch.count, batch.total) == (2, Decimal("2000.00"))
    assert batch.lines_sha256 == batch_lines.digest(batch) != before
    line.obligation.refresh_from_db()
    assert line.obligation.state == "APPROVED"
    cast.sign(batch)
    with pytest.raises(IllegalMove):
        recall.recall_line(
            line_no=batch.attempts.exclude(pk=line.pk).first().line_no,
            reason="晚了",
            officer=cast.cashier,
            at=AT,
        )


def test_a_held_line_leaves_the_draft_and_its_total(cast):
    cast.bring("APPROVED")
    cast.bring("APPROVED")
    batch = cast.draft()
    drawn = sampling.uncleared(batch).first()
    if drawn is None:
        pytest.fail("nothing was drawn of a first refund")
    sampling.check(
        batch_id=batch.pk,
        line_ids=[drawn.pk],
        verdict=SampleCheck.Verdict.HOLD,
        reason="核实单位",
        officer=cast.auditor,
        at=AT,
    )
    cast.clear(batch)
    batch.refresh_from_db()
    assert (batch.count, batch.total) == (1, Decimal("1000.00"))
    cast.sign(batch)


def test_the_tries_to_send_are_written_down_one_open_at_a_time(cast):
    batch = cast.bring("IN_BATCH").attempts.get().batch
    first = bank.begin(batch_id=batch.pk, at=AT)
    assert bank.begin(batch_id=batch.pk, at=AT) == first
    bank.exchange(clock=clock)
    assert BatchSend.objects.values_list("outcome", flat=True).get() == "DONE"
    assert bank.begin(batch_id=batch.pk, at=AT) is None


def test_only_a_sealed_batch_is_sent(cast):
    batch = ready(cast)
    with pytest.raises(DatabaseError, match="only a sealed batch"):
        sql(
            "INSERT INTO refunds_batchsend (batch_id, number, begun_at, outcome, said)"
            " VALUES (%s, 1, now(), 'OPEN', '')",
            batch.pk,
        )


def test_numbers_of_lines_are_never_used_again(cast):
    batch = ready(cast)
    recall.recall_batch(number=batch.number, reason="重拟", officer=cast.cashier, at=AT)
    cast.seal()
    numbers = list(Attempt.objects.values_list("line_no", flat=True))
    assert len(numbers) == len(set(numbers)) == 2


def test_more_lines_need_no_more_questions(cast):
    """Thousands of lines are drafted, sealed and noted sent by as many statements as a few."""
    asked = []
    for count in (2, 8):
        for _ in range(count):
            cast.bring("APPROVED")
        cast.register_funds()
        with CaptureQueriesContext(connection) as drafting:
            batch = batches.draft_batch(insurance="pension", officer=cast.cashier, at=AT)
        assert batch.count == count
        cast.clear(batch)
        batch.refresh_from_db()
        cast.sign(batch)
        with CaptureQueriesContext(connection) as sealing:
            batches.seal_batch(number=batch.number, at=AT)
        with CaptureQueriesContext(connection) as sending:
            assert bank.note_sent(batch_id=batch.pk, at=AT)
        asked.append([len(drafting), len(sealing), len(sending)])
    assert all(many <= few for few, many in zip(*asked, strict=True))


def test_a_refused_batch_says_nothing_of_a_line_taken_out_before(cast):
    batch = ready(cast, 2)
    out, stays = batch.attempts.order_by("line_no")
    recall.recall_line(line_no=out.line_no, reason="暂缓", officer=cast.cashier, at=AT)
    batch.refresh_from_db()
    cast.sign(batch)
    batches.seal_batch(number=batch.number, at=AT)
    bank.exchange(clock=clock)
    file = receipts.take_receipt(
        batch_number=batch.number,
        accepted=False,
        reason="付款账户余额不足",
        rows=(),
        name="receipt.txt",
        digest="1" * 64,
        at=AT,
    )
    assert (file.bounced, file.wrong) == (1, 0)
    out.refresh_from_db()
    stays.refresh_from_db()
    assert (out.state, stays.state) == ("RECALLED", "BOUNCED")
    assert out.obligation.state == "APPROVED"


def test_a_draft_from_which_everything_is_taken_is_no_more(cast):
    batch = ready(cast)
    line = batch.attempts.get()
    recall.recall_line(line_no=line.line_no, reason="核实账户", officer=cast.cashier, at=AT)
    batch.refresh_from_db()
    assert (batch.state, batch.count) == ("DISSOLVED", 0)
    assert cast.draft().count == 1


def test_what_is_taken_back_is_looked_at_again_at_once(cast):
    batch = ready(cast)
    cast.sign(batch)
    refund = batch.attempts.get().obligation
    assess(refund.employer, fraction="0.5", run=make_run())
    keep_book(refund.employer)
    recall.recall_batch(number=batch.number, reason="金额有变动", officer=cast.cashier, at=AT)
    refund.refresh_from_db()
    assert refund.state == "SUPERSEDED"
    assert refund.successors.get().amount == Decimal("500.00")


def half_at_bank_half_approved(cast):
    """Return a refund that is owed only as long as the month is waived whole: half of it is at
    the bank already."""
    employer = factories.make_employer()
    assess(employer, fraction="0.5")
    pay(employer)
    keep_book(employer)
    cast.bring("AT_BANK", employer=employer)
    assess(employer, fraction="1")
    keep_book(employer)
    return cast.bring("APPROVED", employer=employer)


def halved_again(employer):
    assess(employer, fraction="0.5")
    keep_book(employer)


def test_what_the_bank_has_of_a_month_is_covered_before_what_is_drafted(cast):
    refund = half_at_bank_half_approved(cast)
    halved_again(refund.employer)

    with pytest.raises(batches.NothingToSeal):
        cast.draft()
    assert not refund.attempts.exists()


def test_what_the_bank_has_of_a_month_is_covered_before_what_is_sealed(cast):
    refund = half_at_bank_half_approved(cast)
    batch = cast.draft()
    cast.clear(batch)
    cast.sign(batch)
    halved_again(refund.employer)

    with pytest.raises(batches.NoLongerOwed, match=refund.receipt):
        batches.seal_batch(number=batch.number, at=AT)
