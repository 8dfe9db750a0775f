"""The bank's word, differences, days to close, corrections of the book: by two people."""

from datetime import date
from decimal import Decimal

from casework import services as casework
from casework.services import letters
from refunds.models import BankWord, Correction, Difference
from refunds.services import differences, words
from relief.ledger import services as ledger
from relief.ledger.services import corrections
from tests import factories
from tests.casework.lettering import FACTS, TEMPLATE
from tests.factories import AT
from tests.refunds.closing import ACCOUNT, DAY, charge, close, paid_out, state
from tests.refunds.making import Cast, assess
from tests.refunds.nobody_alone.matrix import Step, run

FINANCE = frozenset({("市", "FUND_FINANCE")})
HEAD = frozenset({("市", "HEAD")})
AUDIT = frozenset({("市", "AUDIT")})
FEBRUARY = date(2020, 2, 1)


def different():
    """Return a difference: the bank took a charge."""
    cast = Cast()
    cast.register_funds()
    state([charge()])
    difference = Difference.objects.get()
    difference.cast = cast
    return difference


def _propose(difference, officer):
    return differences.propose(
        difference_id=difference.pk,
        proposal=differences.Proposal(Correction.Action("EXPLAIN"), "银行手续费", "凭证12号"),
        officer=officer,
        at=AT,
    )


def _propose_by_sql(difference, officer):
    run(
        "INSERT INTO refunds_correction (difference_id, action, reason, document, state,"
        " prepared_by_id, prepared_at, refusal)"
        " VALUES (%s, 'EXPLAIN', '手续费', '凭证', 'PROPOSED', %s, %s, '')",
        difference.pk,
        officer.pk,
        AT,
    )


def explained():
    difference = different()
    return _propose(difference, difference.cast.cashier)


def _confirm_by_sql(correction, officer):
    run(
        "UPDATE refunds_correction SET state = 'CONFIRMED', decided_by_id = %s, decided_at = %s"
        " WHERE id = %s",
        officer.pk,
        AT,
        correction.pk,
    )


def _refuse_way(correction, officer):
    differences.refuse(correction_id=correction.pk, reason="不符", officer=officer, at=AT)


def _refuse_way_by_sql(correction, officer):
    run(
        "UPDATE refunds_correction SET state = 'REFUSED', refusal = '不符', decided_by_id = %s,"
        " decided_at = %s WHERE id = %s",
        officer.pk,
        AT,
        correction.pk,
    )


def at_bank():
    return Cast().bring("AT_BANK").attempts.get()


def _enter(attempt, officer):
    said = words.Said(BankWord.Outcome.NOT_PAID, DAY, "银行证明3号", "账号不存在")
    return words.enter(attempt_id=attempt.pk, said=said, officer=officer, at=AT)


def _enter_by_sql(attempt, officer):
    run(
        "INSERT INTO refunds_bankword (attempt_id, outcome, settled_on, reason, document, state,"
        " prepared_by_id, prepared_at, refusal)"
        " VALUES (%s, 'NOT_PAID', %s, '账号不存在', '证明', 'PROPOSED', %s, %s, '')",
        attempt.pk,
        DAY,
        officer.pk,
        AT,
    )


def entered():
    return _enter(at_bank(), factories.make_officer("FUND_FINANCE", district="510400"))


def _believe_by_sql(word, officer):
    run(
        "UPDATE refunds_bankword SET state = 'CONFIRMED', decided_by_id = %s, decided_at = %s"
        " WHERE id = %s",
        officer.pk,
        AT,
        word.pk,
    )


def _disbelieve(word, officer):
    words.refuse(word_id=word.pk, reason="不符", officer=officer, at=AT)


def _disbelieve_by_sql(word, officer):
    run(
        "UPDATE refunds_bankword SET state = 'REFUSED', refusal = '不符', decided_by_id = %s,"
        " decided_at = %s WHERE id = %s",
        officer.pk,
        AT,
        word.pk,
    )


def balanced():
    """Return the cast of a day on which all agree."""
    cast = Cast()
    state(paid_out(cast.bring("PAID").attempts.get()))
    return cast


def _close_by_sql(cast, officer):
    letter = letters.issue(
        kind="day_close",
        word="对账",
        title="日终对账证书",
        template=TEMPLATE,
        facts=FACTS,
        office="中心",
        matter_kind="day_close",
        matter_id=1,
        by=casework.SYSTEM,
        at=AT,
    )
    run(
        "INSERT INTO refunds_dayclose (account, day, round, statement_id, ledger_total,"
        " answers_total, statement_total, explained_total, difference, facts, certificate_id,"
        " closed_by_id, closed_at) SELECT %s, %s, 1, max(id), 0, 0, 0, 0, 0, '{}', %s, %s, %s"
        " FROM refunds_bankstatement",
        ACCOUNT,
        DAY,
        letter.pk,
        officer.pk,
        AT,
    )


def owing():
    """Return an employer that owes its part of February."""
    employer = factories.make_employer()
    assess(employer, fraction="0")
    ledger.bring_up_to_date(employer_ids=[employer.pk], at=AT)
    return employer


def _write_off(employer, officer):
    return corrections.propose(
        kind="WRITE_OFF",
        employer=employer,
        insurance="pension",
        amounts={FEBRUARY: Decimal("5.00")},
        reason="单位已注销",
        document="核销批复1号",
        by=officer,
        at=AT,
    )


def _write_off_by_sql(employer, officer):
    run(
        "INSERT INTO relief_ledgercorrection (receipt, kind, employer_id, insurance, amount,"
        " value_on, reason, document, state, prepared_by_id, prepared_at, refusal)"
        " VALUES ('TZ1', 'WRITE_OFF', %s, 'pension', 5, %s, '注销', '批复', 'PROPOSED', %s, %s, '')",
        employer.pk,
        DAY,
        officer.pk,
        AT,
    )


def written_off():
    employer = owing()
    return _write_off(employer, factories.make_officer("FUND_FINANCE", district="510400"))


def _refuse_by_sql(correction, officer):
    run(
        "UPDATE relief_ledgercorrection SET state = 'REFUSED', decided_by_id = %s,"
        " decided_at = %s, refusal = '依据不足' WHERE id = %s",
        officer.pk,
        AT,
        correction.pk,
    )


STEPS = {
    "提出差异处理办法": Step(different, FINANCE, _propose, _propose_by_sql),
    "确认差异处理办法": Step(
        explained,
        FINANCE | HEAD,
        lambda correction, officer: differences.confirm(
            correction_id=correction.pk, officer=officer, at=AT
        ),
        _confirm_by_sql,
        lambda correction: [correction.prepared_by],
    ),
    "不同意差异处理办法": Step(
        explained,
        FINANCE | HEAD,
        _refuse_way,
        _refuse_way_by_sql,
        lambda correction: [correction.prepared_by],
    ),
    # Says only who looks after it.
    "接手差异": Step(
        different,
        FINANCE | HEAD,
        lambda difference, officer: differences.take_on(
            difference_id=difference.pk, officer=officer
        ),
    ),
    "录入银行证明": Step(at_bank, FINANCE, _enter, _enter_by_sql),
    "确认银行证明": Step(
        entered,
        FINANCE | HEAD,
        lambda word, officer: words.confirm(word_id=word.pk, officer=officer, at=AT),
        _believe_by_sql,
        lambda word: [word.prepared_by],
    ),
    "不同意银行证明": Step(
        entered,
        FINANCE | HEAD,
        _disbelieve,
        _disbelieve_by_sql,
        lambda word: [word.prepared_by],
    ),
    "日终对账": Step(
        balanced,
        FINANCE | AUDIT,
        lambda cast, officer: close(officer),
        _close_by_sql,
        lambda cast: [cast.cashier],  # drafted what was paid on the day
    ),
    "提出调账": Step(owing, FINANCE, _write_off, _write_off_by_sql),
    "批准调账": Step(
        written_off,
        HEAD,
        lambda correction, officer: corrections.approve(
            correction_id=correction.pk, by=officer, at=AT
        ),
        None,
        lambda correction: [correction.prepared_by],
    ),
    "不批准调账": Step(
        written_off,
        HEAD,
        lambda correction, officer: corrections.refuse(
            correction_id=correction.pk, reason="依据不足", by=officer, at=AT
        ),
        _refuse_by_sql,
        lambda correction: [correction.prepared_by],
    ),
}
