"""Accounts that money goes to: proposed by one, checked by another, confirmed by a third."""

from io import BytesIO

from refunds.models import AccountChange
from refunds.services import account_cases
from tests import factories
from tests.casework.papers import PNG
from tests.factories import AT
from tests.refunds.making import account
from tests.refunds.nobody_alone.matrix import HOME, Step, run

NEW = "6222020000000077"
LETTER = "单位更换基本户的函（2020年7月20日）"


def proposed():
    employer = factories.make_employer()
    return _propose(employer, factories.make_officer("REVIEWER", district=HOME, name="经手"))


def _propose(employer, officer):
    return account_cases.propose_for_unit(
        employer=employer,
        officer=officer,
        account=account(employer, number=NEW),
        reason="基本户迁移",
        paper=account_cases.Paper(LETTER, BytesIO(PNG), "函.png"),
        at=AT,
    )


def checked():
    case = proposed()
    case.checker = factories.make_officer("REVIEWER", district=HOME, name="核对")
    decide(case, case.checker)
    return case


def decide(case, officer):
    state = AccountChange.objects.values_list("state", flat=True).get(pk=case.pk)
    account_cases.decide(receipt=case.receipt, seen=state, granted=True, officer=officer, at=AT)


def _refuse(case, officer):
    state = AccountChange.objects.values_list("state", flat=True).get(pk=case.pk)
    account_cases.decide(
        receipt=case.receipt, seen=state, granted=False, officer=officer, at=AT, reason="不符"
    )


def _refuse_by_sql(case, officer):
    run(
        "UPDATE refunds_accountchange SET state = 'REFUSED', refused_by_id = %s, closed_at = %s,"
        " closing_reason = '不符' WHERE id = %s",
        officer.pk,
        AT,
        case.pk,
    )


def _proposer(case):
    return case.proposed_by.officer


def _check_by_sql(case, officer):
    run(
        "UPDATE refunds_accountchange SET state = 'CHECKED', checked_by_id = %s, checked_at = %s"
        " WHERE id = %s",
        officer.pk,
        AT,
        case.pk,
    )


def _confirm_by_sql(case, officer):
    run(
        "UPDATE refunds_accountchange SET state = 'CONFIRMED', confirmed_by_id = %s,"
        " confirmed_at = %s, cooling_until = %s::timestamptz + interval '1 day' WHERE id = %s",
        officer.pk,
        AT,
        AT,
        case.pk,
    )


STEPS = {
    "代单位提出": Step(
        factories.make_employer, frozenset({("本县", "HANDLER"), ("本县", "REVIEWER")}), _propose
    ),
    "核对账户变更": Step(
        proposed,
        frozenset({("本县", "REVIEWER")}),
        decide,
        _check_by_sql,
        lambda case: [_proposer(case)],
    ),
    "确认账户变更": Step(
        checked,
        frozenset({("本县", "FUND_FINANCE"), ("市", "FUND_FINANCE")}),
        decide,
        _confirm_by_sql,
        lambda case: [_proposer(case), case.checker],
    ),
    # Sent back, no money goes there: who is asked says so, but never who proposed it.
    "核对时退回": Step(
        proposed,
        frozenset({("本县", "REVIEWER")}),
        _refuse,
        _refuse_by_sql,
        lambda case: [_proposer(case)],
    ),
    "确认时退回": Step(
        checked,
        frozenset({("本县", "FUND_FINANCE"), ("市", "FUND_FINANCE")}),
        _refuse,
        _refuse_by_sql,
        lambda case: [_proposer(case)],
    ),
}
