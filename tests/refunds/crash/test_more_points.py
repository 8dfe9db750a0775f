"""Killed before and after everything it does: what people do beside the straight way.

Taking a batch back and drafting anew, the bank's word by two, a statement and its day closed, a
movement explained by two, another account by two, an offset and what is left of it. Each is done
again by people who know of nothing, and must have happened once.
"""

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from refunds.models import (
    AccountChange,
    Attempt,
    BankWord,
    Batch,
    Correction,
    DayClose,
    Difference,
    Obligation,
    OffsetUse,
)
from refunds.services import (
    account_cases,
    choose,
    day_close,
    differences,
    ending,
    offers,
    recall,
    words,
)
from refunds.workflow import BEFORE_SENDING, AttemptState
from registry.models import BankAccount, Employer
from relief.ledger.models import LedgerLeg
from relief.models import Insurance, PaidBack
from tests import factories
from tests.factories import AT
from tests.refunds import closing
from tests.refunds.crash.cutting import PARTS, Story, cut
from tests.refunds.crash.killing import in_child
from tests.refunds.crash.test_every_point import Owed, _at, _paid
from tests.refunds.crash.world import World, wrongs
from tests.refunds.making import TODAY, account, overpay, put_down, row
from tests.refunds.test_offset import APRIL, lack

pytestmark = pytest.mark.django_db(transaction=True)

PENSION = "22100000000000"
NEW = "6222020000000077"


# A batch taken back before sending; its refunds go out with another one.


def take_back(world: World, owed: Owed) -> None:
    live = Batch.objects.filter(
        attempts__obligation__in=owed, attempts__state=AttemptState.QUEUED, state__in=BEFORE_SENDING
    )
    for number in sorted(set(live.filter(sends=None).values_list("number", flat=True))):
        recall.recall_batch(number=number, reason="名单有变", officer=world.cast.head, at=AT)
    world.bring_all(owed, "IN_BATCH", "AT_BANK", "PAID")


# Payments that the bank made and answered wrongly: its letter says so, by two people.


def unclear(world: World) -> Owed:
    owed = _at("AT_BANK")(world)
    world.the_bank_looks()
    for lost in (Path(settings.BANK_DIR) / "in").iterdir():
        lost.unlink()
    lines = Attempt.objects.filter(obligation__in=owed).select_related("batch")
    for line in lines:
        put_down([row(line, amount="1.00")])
    world.exchange()
    assert set(lines.values_list("state", flat=True)) == {"UNKNOWN"}
    return owed


def give_word(world: World, owed: Owed) -> None:
    said = words.Said(BankWord.Outcome.PAID, TODAY, "证明12号")
    for line in Attempt.objects.filter(obligation__in=owed, state="UNKNOWN").order_by("pk"):
        word = line.words.filter(state="PROPOSED").first() or words.enter(
            attempt_id=line.pk, said=said, officer=world.cast.cashier, at=world.now()
        )
        words.confirm(word_id=word.pk, officer=world.cast.accountant, at=world.now())


def said_and_paid(world: World, owed: Owed) -> Owed:
    give_word(world, owed)
    return _paid(world, owed)


# The bank's statement of the day, read; the day closed with its certificate.


def stated(world: World) -> Owed:
    paid = _at("PAID")(world)
    world.bank.state_today()
    world.the_bank_looks()
    return paid


def close_day(world: World, paid: Owed) -> Owed:
    world.exchange()
    with suppress(day_close.NothingToClose):
        day_close.close_day(
            account=PENSION, day=TODAY, officer=world.cast.accountant, at=world.now()
        )
    return paid


def closed_by_another(world: World, paid: Owed) -> Owed:
    # In a process of its own: who composes letters starts threads, and can't be forked any more.
    assert not in_child(lambda: close_day(world, paid)).killed
    return paid


def not_closed(world: World, paid: Owed) -> list[str]:
    closed = list(DayClose.objects.filter(account=PENSION, day=TODAY).order_by("pk"))
    found = wrongs(world, paid)
    if [each.round for each in closed] != list(range(1, len(closed) + 1)):
        found.append(f"rounds {[each.round for each in closed]}")
    now = day_close.figures(PENSION, TODAY)
    if not now.same_as(closed[-1]) or now.difference:
        found.append(f"closed at {closed[-1].ledger_total}, stands at {now}")
    if len({each.certificate_id for each in closed}) != len(closed):
        found.append("a certificate for two closings")
    return found


# A movement that is no refund, explained by two people; the day closes.


def charged(world: World) -> Difference:
    # Long before anything else, each on a day of its own.
    day = closing.DAY - timedelta(days=100 + Difference.objects.count())
    closing.state([closing.charge()], day=day, opening=closing.OPENING)
    return Difference.objects.get(day=day, kind="NOT_OURS")


def explain(world: World, difference: Difference) -> Difference:
    difference.refresh_from_db()
    if difference.state == "OPEN":
        proposal = differences.Proposal(Correction.Action.EXPLAIN, "手续费", "凭证12号")
        differences.propose(
            difference_id=difference.pk, proposal=proposal, officer=world.cast.cashier, at=AT
        )
    for correction in difference.corrections.filter(state="PROPOSED"):
        differences.confirm(correction_id=correction.pk, officer=world.cast.accountant, at=AT)
    return difference


def not_explained(_world: World, difference: Difference) -> list[str]:
    difference.refresh_from_db()
    confirmed = difference.corrections.filter(state="CONFIRMED").count()
    if (difference.state, confirmed) == ("SETTLED", 1):
        return []
    return [f"difference {difference.pk}: {difference.state}, {confirmed} corrections"]


# Another account, by two people, and cooling.


def with_account(world: World) -> Employer:
    employer = factories.make_employer()
    world.cast.member(employer)
    return employer


def change_account(world: World, employer: Employer) -> Employer:
    case = AccountChange.objects.filter(employer=employer).first() or account_cases.propose(
        member=world.cast.member(employer),
        account=account(employer, number=NEW),
        reason="基本户迁移",
        at=AT,
    )
    for state, officer in (("PROPOSED", world.second), ("CHECKED", world.cast.accountant)):
        case.refresh_from_db()
        if case.state == state:
            account_cases.decide(
                receipt=case.receipt, seen=state, granted=True, officer=officer, at=AT
            )
    return employer


def not_changed(_world: World, employer: Employer) -> list[str]:
    cases = list(AccountChange.objects.filter(employer=employer).values_list("state", flat=True))
    stored = BankAccount.objects.filter(employer=employer, number=NEW).count()
    return [] if (cases, stored) == (["CONFIRMED"], 1) else [f"{cases}, {stored} accounts"]


# An offset, ended by an officer; what is left goes out as a refund.


def lacking(world: World) -> Employer:
    employer = overpay(amount="1000.00")
    lack(employer, month=APRIL, amount="300.00")
    offers.settle(employer_ids=[employer.pk], at=AT)
    world.cast.member(employer)
    return employer


def offset(world: World, employer: Employer) -> None:
    for refund in Obligation.objects.filter(employer=employer, state="OFFERED"):
        if refund.amount == 1000:  # not what is left of it
            choose.choose_offset(
                member=world.cast.member(employer), receipts=[refund.receipt], at=AT
            )
    for refund in Obligation.objects.filter(employer=employer, state="OFFSETTING"):
        ending.end_by_officer(
            receipt=refund.receipt, officer=world.second, reason="单位已注销", at=AT
        )


def offset_and_paid(world: World, employer: Employer) -> Employer:
    offset(world, employer)
    rest = Obligation.objects.select_related("employer").filter(employer=employer)
    world.bring_all(list(rest.exclude(state="OFFSET")), "PAID")
    return employer


def not_offset(world: World, employer: Employer) -> list[str]:
    refunds = list(Obligation.objects.filter(employer=employer).order_by("pk"))
    found = wrongs_of_rest(world, [each for each in refunds if each.state != "OFFSET"])
    used = OffsetUse.objects.filter(obligation__employer=employer)
    if [(use.to_month, str(use.amount)) for use in used] != [(APRIL, "300.00")]:
        found.append(f"{employer}: used {list(used)}")
    back = PaidBack.objects.filter(employer=employer, insurance=Insurance.PENSION)
    total = sum(each.amount for each in back)
    legs = LedgerLeg.objects.filter(employer=employer)
    if total != 700 or sum(leg.amount for leg in legs):
        found.append(f"{employer}: {total} went back")
    return found


def wrongs_of_rest(world: World, rest: Owed) -> list[str]:
    """Return what is wrong with the refund of what was left: 700.00 yuan, paid once."""
    truth = world.bank.books.truth()
    if [(each.state, str(each.amount)) for each in rest] != [("PAID", "700.00")]:
        return [f"the rest stands as {[(each.state, each.amount) for each in rest]}"]
    lines = Attempt.objects.filter(obligation=rest[0])
    stayed = [truth[line.line_no].stayed for line in lines if line.line_no in truth]
    return [] if stayed == [rest[0].amount] else [f"the bank has {stayed}"]


STORIES = {
    "take back and draft again": Story(_at("IN_BATCH"), take_back, _paid, wrongs),
    "the bank's word": Story(unclear, give_word, said_and_paid, wrongs),
    "statement and day close": Story(stated, close_day, closed_by_another, not_closed),
    "explained by two": Story(charged, explain, explain, not_explained),
    "another account": Story(with_account, change_account, change_account, not_changed),
    "offset and its rest": Story(lacking, offset, offset_and_paid, not_offset),
}


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    """Nobody signs in here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("name", STORIES)
def test_killed_at_every_point_it_happens_once(name, part):
    cut(name, STORIES[name], part=part)
