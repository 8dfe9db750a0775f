"""A choice noted for a unit: by its own agency's handler, confirmed by another person there; and
who ends an offset for a unit."""

from refunds.services import choose, ending
from refunds.services.telling import for_unit
from tests.factories import AT
from tests.refunds.making import Cast
from tests.refunds.nobody_alone.matrix import Step, run
from tests.refunds.telling import confirm, note, offered

DECIDES = frozenset({("本县", "HANDLER"), ("本县", "REVIEWER")})


def _note_by_sql(employer, officer):
    run(
        "INSERT INTO refunds_staffchoice (employer_id, wish, evidence, reference, speaker, file,"
        " given_name, extension, sha256, recorded_by_id, recorded_at, state, reason)"
        " VALUES (%s, 'OFFSET', 'PHONE', 'LY-1', '赵会计', '', '', '', '', %s, %s, 'PROPOSED', '')",
        employer.pk,
        officer.pk,
        AT,
    )


def _decide_by_sql(state, reason):
    return lambda choice, officer: run(
        "UPDATE refunds_staffchoice SET state = %s, reason = %s, decided_by_id = %s,"
        " decided_at = %s WHERE id = %s",
        state,
        reason,
        officer.pk,
        AT,
        choice.pk,
    )


def _refuse(choice, officer):
    for_unit.refuse_choice(choice_id=choice.pk, reason="听不清", officer=officer, at=AT)


def offsetting():
    owed = offered().refunds.get()
    member = Cast().member(owed.employer)
    choose.choose_offset(member=member, receipts=[owed.receipt], at=AT)
    return owed


def _end(owed, officer):
    ending.end_by_officer(receipt=owed.receipt, officer=officer, reason="单位注销", at=AT)


STEPS = {
    "代单位登记选择": Step(
        offered,
        frozenset({("本县", "HANDLER")}),
        lambda employer, officer: note(employer, officer=officer),
        _note_by_sql,
    ),
    "确认代登记的选择": Step(
        lambda: note(offered()),
        DECIDES,
        lambda choice, officer: confirm(choice, officer),
        _decide_by_sql("CONFIRMED", ""),
        part=lambda choice: [choice.recorded_by],
    ),
    "不通过代登记的选择": Step(
        lambda: note(offered()),
        DECIDES,
        _refuse,
        _decide_by_sql("REFUSED", "听不清"),
        part=lambda choice: [choice.recorded_by],
    ),
    # It pays nobody: what is left waits for the unit's choice again. No row of ours names the hand.
    "终止冲抵": Step(offsetting, frozenset({("本县", "REVIEWER")}), _end),
}
