"""No state is reached by hand past the people who must agree: batches, differences, notes,
accounts and choices, written to directly with the role of pages."""

import pytest
from django.db import DatabaseError, connection, transaction

from refunds.models import ApprovalRules, Obligation
from refunds.services import bank, batches, choose, sampling
from refunds.workflow import IllegalMove
from tests.factories import AT, make_officer
from tests.refunds.making import clock
from tests.refunds.nobody_alone import account_steps, batch_steps, book_steps, choice_steps
from tests.refunds.nobody_alone.matrix import run
from tests.refunds.nobody_alone.test_approval import before

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_elsewhere")]


def refused(statement, *values):
    """Whether the database refuses what would have written one row."""
    try:
        with transaction.atomic():
            run(statement, *values)
            transaction.set_rollback(True)
    except DatabaseError:
        return True
    return False


def _force(table, row, **values):
    sets = ", ".join(f"{name} = %s" for name in values)
    return refused(f"UPDATE {table} SET {sets} WHERE id = %s", *values.values(), row.pk)


@pytest.mark.parametrize("scene", [batch_steps.drafted, batch_steps.checked])
def test_a_batch_goes_nowhere_without_its_signatures(scene):
    batch = scene().batch
    sealed = {"content": b"x", "content_sha256": "0" * 64, "sealed_at": AT}
    for state in ("CHECKED", "APPROVED", "SEALED", "SENT", "ANSWERED", "CLOSED"):
        if state != batch.state:
            assert _force("refunds_batch", batch, state=state), state
            assert _force("refunds_batch", batch, state=state, **sealed), state
    with pytest.raises(IllegalMove):
        batches.seal_batch(number=batch.number, at=AT)
    assert refused(
        "INSERT INTO refunds_batchsend (batch_id, number, begun_at, outcome, said)"
        " VALUES (%s, 1, %s, 'OPEN', '')",
        batch.pk,
        AT,
    )
    assert bank.exchange(clock=clock).sent == 0


def test_three_signatures_are_sealed_and_sent_by_nobody():
    """What three people have signed goes out as it is; nobody is asked any more."""
    scene = batch_steps.signed()
    assert bank.exchange(clock=clock).sent == 1
    batch = scene.batch
    assert batch.state == "SENT"
    for state in ("SEALED", "APPROVED", "DRAFT", "DISSOLVED"):
        assert _force("refunds_batch", batch, state=state), "it would be sent again"
    line = "UPDATE refunds_attempt SET state = 'RECALLED' WHERE id = %s"
    assert refused(line, scene.line.pk), "the bank has it"


def test_a_line_taken_out_by_hand_stops_its_batch():
    scene = batch_steps.drafted()
    run("UPDATE refunds_attempt SET state = 'RECALLED' WHERE id = %s", scene.line.pk)
    officer = make_officer("FUND_FINANCE", district="510400")
    with pytest.raises(DatabaseError, match="does not come to its lines"), transaction.atomic():
        batch_steps.STEPS["核对"].sql(scene, officer)


def test_a_difference_is_settled_only_by_what_two_people_agreed_to():
    correction = book_steps.explained()
    found = correction.difference
    assert _force("refunds_difference", found, state="SETTLED", ended_at=AT)
    head = make_officer("HEAD", district="510400")
    book_steps.STEPS["确认差异处理办法"].sql(correction, head)
    assert not _force("refunds_difference", found, state="SETTLED", ended_at=AT)


@pytest.mark.parametrize(
    ("steps", "propose", "table", "other"),
    [
        (book_steps, "提出差异处理办法", "refunds_correction", ("HEAD", "510400")),
        (book_steps, "录入银行证明", "refunds_bankword", ("HEAD", "510400")),
        (choice_steps, "代单位登记选择", "refunds_staffchoice", ("REVIEWER", "510402")),
    ],
)
def test_nothing_that_two_decide_on_begins_decided(steps, propose, table, other):
    """The row copied with both names in it, as if it had been decided."""
    step = steps.STEPS[propose]
    place, post = min(step.may)
    officer = make_officer(post, district={"本县": "510402", "市": "510400"}[place])
    scene = step.before()
    step.sql(scene, officer)
    post, district = other
    second = make_officer(post, district=district)
    names = _columns(table)
    copied = ", ".join(f'"{name}"' for name in names)
    refuse = refused(
        f"""
        INSERT INTO {table} ({copied}, state, decided_by_id, decided_at)
        SELECT {copied}, 'CONFIRMED', %s, %s FROM {table}
        """,
        second.pk,
        AT,
    )
    assert refuse


def _columns(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = %s"
            " AND column_name NOT IN ('id', 'state', 'decided_by_id', 'decided_at')",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def test_an_account_is_not_confirmed_by_one_nor_its_wait_shortened(cast):
    case = account_steps.proposed()
    for state in ("CHECKED", "CONFIRMED"):
        assert _force("refunds_accountchange", case, state=state)
    case = account_steps.checked()
    assert _force(
        "refunds_accountchange",
        case,
        state="CONFIRMED",
        confirmed_by_id=case.checker.pk,
        confirmed_at=AT,
        cooling_until=AT,
    )
    account_steps.decide(case, cast.accountant)
    assert _force("refunds_accountchange", case, cooling_until=AT)


def test_a_new_account_is_not_agreed_to_by_hand(cast):
    owed = cast.bring("CORRECTED")
    assert _force("refunds_obligation", owed, state="APPROVED")


def test_what_the_unit_took_back_is_not_chosen_again_by_hand(cast):
    """Everybody had agreed to the choice that was taken back: it must not count any more."""
    owed = cast.bring("APPROVED")
    choose.withdraw(member=cast.member(owed.employer), receipt=owed.receipt, at=AT)
    with pytest.raises(DatabaseError, match="has not chosen anew"), transaction.atomic():
        Obligation.objects.update(state="CHOSEN")
    cast.choose(owed)
    owed.refresh_from_db()
    assert owed.state == "CHOSEN"


def test_what_audit_sent_back_is_not_chosen_again_by_hand(cast):
    owed = before("稽核放行", cast)
    sampling.end_hold(
        obligation_id=owed.pk,
        released=False,
        reason="账户存疑",
        officer=make_officer("AUDIT", district="510400"),
        at=AT,
    )
    with pytest.raises(DatabaseError, match="has not chosen anew"), transaction.atomic():
        Obligation.objects.update(state="CHOSEN")


def test_rules_that_nobody_signed_come_with_a_release_only():
    with pytest.raises(DatabaseError, match="come with a release"), transaction.atomic():
        ApprovalRules.objects.create(
            name="mine",
            title="放宽",
            from_day=AT.date(),
            document="文",
            clause="一",
            confidence="S",
            random_share=0,
            by_release=True,
            prepared_at=AT,
        )
