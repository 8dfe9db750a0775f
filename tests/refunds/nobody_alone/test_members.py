"""What a unit decides about its own money: by its owner and its signers, and nobody else.

What it hands in moves nothing alone: officers agree to it first (`test_approval`).
"""

from datetime import timedelta

import pytest

from refunds.services import account_cases, account_withdrawals, choose
from registry.models import Membership
from tests import factories
from tests.factories import AT
from tests.refunds.making import Cast, account
from tests.refunds.nobody_alone.matrix import accepts

pytestmark = pytest.mark.django_db

NEW = "6222020000000077"
SIGNS = {"OWNER", "SIGNER"}


def _choose_refund(owed, member):
    given = account(owed.employer)
    choose.choose_refund(member=member, receipts=[owed.receipt], account=given, at=AT)


def _choose_offset(owed, member):
    choose.choose_offset(member=member, receipts=[owed.receipt], at=AT)


def _withdraw(owed, member):
    choose.withdraw(member=member, receipt=owed.receipt, at=AT)


def _correct(owed, member):
    given = account(owed.employer, number=NEW)
    choose.correct_account(member=member, receipt=owed.receipt, account=given, at=AT)


def _propose(owed, member):
    given = account(owed.employer, number=NEW)
    account_cases.propose(member=member, account=given, reason="基本户迁移", at=AT)


def _take_back_account(owed, member):
    case = owed.employer.account_changes.get()
    account_withdrawals.withdraw(member=member, receipt=case.receipt, at=AT)


#: What stands before, and what is done.
STEPS = {
    "选择退费": ("OFFERED", _choose_refund),
    "选择冲抵": ("OFFERED", _choose_offset),
    "撤回选择": ("CHECKED", _withdraw),
    "撤回已批准的": ("APPROVED", _withdraw),
    "更正账户": ("BOUNCED", _correct),
    "提出账户变更": ("OFFERED", _propose),
    "撤回账户变更": ("CORRECTED", _take_back_account),
}


def people(employer):
    """Return everybody who is or was something to a unit, and the owner of another."""
    owner = employer.members.active().filter(role="OWNER").first()
    found = {
        "OWNER": owner or factories.make_member(employer, role="OWNER"),
        "SIGNER": factories.make_member(employer, role="SIGNER"),
        "PREPARER": factories.make_member(employer, role="PREPARER"),
        "已离开": factories.make_member(employer, role="SIGNER"),
        "外单位": factories.make_member(),
    }
    left = Membership.objects.filter(pk=found["已离开"].pk)
    left.update(ended_at=AT, ended_by=found["OWNER"].user)
    return {who: Membership.objects.get(pk=member.pk) for who, member in found.items()}


@pytest.mark.parametrize("name", STEPS)
def test_the_unit_decides_by_its_signers_and_nobody_else(name):
    state, act = STEPS[name]
    owed = Cast().bring(state)
    found = people(owed.employer)
    if act is _propose:
        # Another unit's owner proposes for their own unit only: the account is not in its name.
        del found["外单位"]
    assert {who for who, member in found.items() if accepts(act, owed, member)} == SIGNS


@pytest.mark.parametrize("state", ["IN_BATCH", "AT_BANK", "PAID"])
def test_nobody_of_the_unit_takes_back_what_is_on_its_way(state):
    owed = Cast().bring(state)
    for who, member in people(owed.employer).items():
        for act in (_withdraw, _choose_refund, _choose_offset, _correct):
            assert not accepts(act, owed, member), (who, act.__name__)


def test_a_confirmed_account_is_taken_back_while_it_cools_and_no_longer(cast):
    employer = factories.make_employer()
    member = cast.member(employer)
    case = account_cases.propose(
        member=member, account=account(employer, number=NEW), reason="基本户迁移", at=AT
    )
    for seen, officer in (("PROPOSED", cast.reviewer), ("CHECKED", cast.accountant)):
        case = account_cases.decide(
            receipt=case.receipt, seen=seen, granted=True, officer=officer, at=AT
        )
    assert case.cooling_until > AT
    account_withdrawals.withdraw(
        member=member, receipt=case.receipt, at=case.cooling_until - timedelta(minutes=1)
    )
    case.refresh_from_db()
    assert case.state == "WITHDRAWN"
