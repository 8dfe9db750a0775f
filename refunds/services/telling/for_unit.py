"""A choice that a unit made by telephone, by letter or at the counter, noted by two officers.

The first officer notes it with the evidence, the second one has looked at the evidence. The
submission stands in the first one's name, so the guards of approval keep that officer from
approving it later.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from casework import services as casework
from casework.papers import files
from refunds import accounts, letters_telling
from refunds.models import Obligation, StaffChoice, StaffChoiceItem, Submission
from refunds.services import choose, offers, paid_to
from refunds.workflow import UNDECIDED, Action, IllegalMove
from registry import queries as registry_queries
from registry import scope
from registry.models import BankAccount, Employer, Officer, Post

Wish, Evidence, State = StaffChoice.Wish, StaffChoice.Evidence, StaffChoice.State
CONFIRMS = frozenset({Post.HANDLER, Post.REVIEWER})


class NotYours(Exception):
    """The officer has no part in this unit's choices."""


class SamePerson(Exception):
    """Who noted a choice doesn't confirm it."""


class CannotNote(Exception):
    """The choice can't be noted, or not confirmed, as it is; in Chinese why and what to do."""


@dataclass(frozen=True)
class Proof:
    """What shows that the unit has said so."""

    evidence: str
    speaker: str
    reference: str = ""
    file: BinaryIO | None = None
    name: str = ""


def account_for(employer: Employer, *, at: datetime) -> BankAccount:
    """Return the account that a unit's money may go to on an officer's word: the registered one.

    :raises CannotNote: if there is none, or it can't be paid to; then the unit chooses online.
    """
    today = timezone.localdate(at)
    account = registry_queries.account_in_force(employer.pk, on=today)
    if account is None:
        raise CannotNote("单位没有登记的收款账户。请单位登录网上办理，自己填写收款账户。")
    try:
        paid_to.check_account(paid_to.of(account), employer=employer, at=at)
    except accounts.BadAccount as refusal:
        raise CannotNote(
            f"登记的收款账户不能付款：{refusal}请单位登录网上办理，另填账户。"
        ) from None
    return account


def _locked(employer_id: int, receipts: Sequence[str]) -> list[Obligation]:
    rows = Obligation.objects.filter(employer=employer_id, receipt__in=receipts)
    found = list(rows.select_for_update().order_by("pk"))
    if not found or len(found) != len(set(receipts)):
        raise CannotNote("没有找到所选的退费，请刷新页面重新选择。")
    for obligation in found:
        if obligation.state not in UNDECIDED:
            raise IllegalMove(f"退费{obligation.receipt}已经不在等单位选择，请刷新页面查看。")
    return found


@transaction.atomic
def note_choice(
    *,
    employer_id: int,
    receipts: Sequence[str],
    wish: str,
    proof: Proof,
    officer: Officer,
    at: datetime,
) -> StaffChoice:
    """Note what a unit has said by other ways; it counts once another officer has confirmed it.

    :raises NotYours: if the officer is no handler of the unit's agency.
    :raises CannotNote: if evidence or account are missing, or one waits already.
    :raises IllegalMove: if one of the refunds no longer waits for a choice.
    :raises casework.papers.files.BadFile: if the file isn't taken in.
    """
    employer = Employer.objects.select_related("district").get(pk=employer_id)
    if officer.post != Post.HANDLER or not scope.may_act(officer, employer):
        raise NotYours("只有参保地经办机构的经办岗可以代为登记。")
    obligations = _locked(employer_id, receipts)
    waiting = StaffChoiceItem.objects.filter(
        obligation__in=obligations, choice__state=State.PROPOSED
    )
    if waiting.exists():
        raise CannotNote("这笔退费已有一份登记在等另一人确认，请先处理那一份。")
    if wish == Wish.OFFSET and any(each.project_id for each in obligations):
        raise CannotNote(choose.ONLY_REFUNDED)
    speaker, reference = proof.speaker.strip(), proof.reference.strip()
    if not speaker:
        raise CannotNote("请填写单位表示意见的人。")
    if proof.evidence == Evidence.PHONE and not reference:
        raise CannotNote("请填写电话录音编号，确认的人要听录音。")
    if proof.evidence != Evidence.PHONE and proof.file is None:
        raise CannotNote("请上传书面函或现场签字材料的扫描件。")
    choice = StaffChoice(
        employer=employer,
        wish=wish,
        account=account_for(employer, at=at) if wish == Wish.REFUND else None,
        evidence=proof.evidence,
        reference=reference,
        speaker=speaker,
        recorded_by=officer,
        recorded_at=at,
    )
    if proof.file is not None:
        _keep(choice, proof)
    choice.full_clean(exclude=["employer", "account", "recorded_by"])
    choice.save(force_insert=True)
    StaffChoiceItem.objects.bulk_create(
        StaffChoiceItem(choice=choice, obligation=obligation) for obligation in obligations
    )
    return choice


def _keep(choice: StaffChoice, proof: Proof) -> None:
    assert proof.file is not None
    data = proof.file.read(files.MOST_BYTES + 1)
    choice.extension = files.check(data, name=proof.name)
    choice.given_name = proof.name[-200:]
    choice.sha256 = hashlib.sha256(data).hexdigest()
    choice.file.save(proof.name, ContentFile(data), save=False)


def check_person(choice: StaffChoice, officer: Officer) -> None:
    """Accept an officer as the second one.

    :raises NotYours: if the post or the agency has no part in it.
    :raises SamePerson: if it is the one who noted the choice.
    """
    if officer.post not in CONFIRMS or not scope.may_act(officer, choice.employer):
        raise NotYours("由参保地经办机构的经办岗或复核岗确认。")
    if officer.pk == choice.recorded_by_id:
        raise SamePerson("这份登记是您做的，请由另一人核对依据后确认。")


def _held(choice_id: int) -> StaffChoice:
    rows = StaffChoice.objects.select_for_update(of=["self"])
    choice = rows.select_related("employer__district", "account").get(pk=choice_id)
    if choice.state != State.PROPOSED:
        raise CannotNote("这份登记已经处理过，请刷新页面查看。")
    return choice


@transaction.atomic
def choose_for_unit(*, choice_id: int, officer: Officer, at: datetime) -> list[Obligation]:
    """Confirm a noted choice by its evidence: it is the unit's choice from now on.

    :raises NotYours: if the officer has no part in it.
    :raises SamePerson: if it is the one who noted it.
    :raises CannotNote: if it was decided already, or the registered account has changed.
    :raises IllegalMove: if a refund no longer waits for a choice.
    """
    choice = _held(choice_id)
    check_person(choice, officer)
    receipts = list(choice.items.values_list("obligation__receipt", flat=True))
    obligations = _locked(choice.employer_id, receipts)
    if choice.account is not None and account_for(choice.employer, at=at) != choice.account:
        raise CannotNote("登记的收款账户在登记以后有变更，请退回，让登记人与单位重新核对。")
    choice.state, choice.decided_by, choice.decided_at = State.CONFIRMED, officer, at
    choice.save(update_fields=["state", "decided_by", "decided_at"])
    for obligation in obligations:
        _choose(obligation, choice, at=at)
    if choice.account is None:
        # What it can be used for is found where all offsets are, in a minute.
        offers.mark_due(at=at, employer_ids=[choice.employer_id], reason="代为登记冲抵")
    told = letters_telling.chosen_for_unit(choice, obligations, office=officer.agency.name)
    casework.send_notices([told], at=at)
    return obligations


def _choose(obligation: Obligation, choice: StaffChoice, *, at: datetime) -> None:
    recorder = choice.recorded_by
    by = casework.officer(recorder)
    evidence = Evidence(choice.evidence).label
    ground = f"依据：{evidence}{choice.reference and f'（{choice.reference}）'}，{choice.speaker}"
    account = choice.account
    if account is None:
        obligation.move(Action.CHOOSE_OFFSET, by=by, at=at, note=f"代为登记，{ground}")
        return
    to = f"收款账户：{account.bank}，尾号{account.number[-4:]}"
    last = obligation.submissions.aggregate(last=Max("number"))["last"] or 0
    Submission.objects.create(
        obligation=obligation,
        number=last + 1,
        kind=Submission.Kind.CHOICE,
        holder=account.holder,
        bank=account.bank,
        bank_code=account.bank_code,
        account=account.number,
        former=account,
        by_user_id=recorder.user_id,
        by_name=recorder.name,
        at=at,
        cooling_until=paid_to.cooling_of_choice(choice.employer_id, paid_to.of(account), at=at),
    )
    obligation.move(Action.CHOOSE, by=by, at=at, note=f"代为登记，{ground}。{to}")


@transaction.atomic
def refuse_choice(*, choice_id: int, reason: str, officer: Officer, at: datetime) -> StaffChoice:
    """Send a noted choice back to whoever noted it; nothing happens to the refunds.

    :raises NotYours: if the officer has no part in it.
    :raises SamePerson: if it is the one who noted it.
    :raises CannotNote: if no reason is given, or it was decided already.
    """
    if not (reason := reason.strip()):
        raise CannotNote("请写明不通过的原因，登记的人会看到。")
    choice = _held(choice_id)
    check_person(choice, officer)
    choice.state, choice.reason = State.REFUSED, reason[:200]
    choice.decided_by, choice.decided_at = officer, at
    choice.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    return choice
