"""Changes of account: proposed by a member or an officer, checked, confirmed, refused, withdrawn.

Two officers decide, neither of whom proposed it: the reviewer of the agency that handles the
unit, then fund finance. A confirmed account waits its cooling time before it is paid to; until
then the unit may still take it back. `guards_accounts` refuses the same.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from casework import services as casework
from casework.papers import files
from casework.receipts import new_receipt
from refunds import account_rules, letters_accounts
from refunds.models import AccountChange, Submission
from refunds.services.paid_to import Account, check_account, is_known
from registry import queries as registry_queries
from registry import scope
from registry.models import BankAccount, Employer, Membership, Officer, Post

RECEIPT_PREFIX = "ZH"
_ONE_AT_A_TIME = "这个账户已有变更在办理，请先等办理结果，或者撤回后重新提交。"
Case = AccountChange.State
#: Who may propose what a unit has handed in on paper.
PROPOSES = frozenset({Post.HANDLER, Post.REVIEWER})
#: Who decides in which state.
POSTS = {Case.PROPOSED: Post.REVIEWER, Case.CHECKED: Post.FUND_FINANCE}


class NotYours(Exception):
    """The case is another agency's or another unit's, or the post does not decide on it now."""


class SamePerson(Exception):
    """The officer has taken part in this case already."""


class Overtaken(Exception):
    """The case has gone on, or its cooling time is over."""


class AlreadyOpen(Exception):
    """A change to this account is being decided on, or it is in force already."""


class Missing(Exception):
    """A reason or a document has to be named; `field` says which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Paper:
    """What a unit handed in on paper: what it is, and its scan."""

    title: str
    file: BinaryIO
    name: str


def propose(*, member: Membership, account: Account, reason: str, at: datetime) -> AccountChange:
    """Propose another account for one's own unit.

    :raises NotYours: unless the member may sign for it.
    :raises accounts.BadAccount: if the account can't be paid to.
    :raises AlreadyOpen: if it is being decided on, or in force.
    :raises Missing: if no reason is given.
    """
    if not scope.may_sign(member):
        raise NotYours("账户变更由单位管理员或者签署人提出。")
    return _propose(
        member.employer, account, by=casework.member(member), reason=reason, paper=None, at=at
    )


def propose_for_unit(
    *,
    employer: Employer,
    officer: Officer,
    account: Account,
    reason: str,
    paper: Paper,
    at: datetime,
) -> AccountChange:
    """Propose an account that a unit has asked for on paper; the officer has no more part in it.

    :raises NotYours: if another agency handles the unit.
    :raises accounts.BadAccount, AlreadyOpen: as above.
    :raises Missing: if no reason or no document is named.
    :raises casework.papers.files.BadFile: if the scan isn't taken in.
    """
    if officer.post not in PROPOSES or not scope.may_act(officer, employer):
        raise NotYours("这个单位不在您的办理范围内。")
    if not paper.title.strip():
        raise Missing("document", "请写明单位提交的书面材料名称和日期。")
    return _propose(
        employer,
        account,
        by=casework.officer(officer),
        reason=reason,
        paper=paper,
        at=at,
    )


def check(employer: Employer, account: Account, *, at: datetime) -> BankAccount | None:
    """Accept an account for a change; return the one in force, if there is any.

    :raises accounts.BadAccount: if the account can't be paid to.
    :raises AlreadyOpen: if it is in force, or being decided on.
    """
    check_account(account, employer=employer, at=at)
    former = registry_queries.account_in_force(employer.pk, on=timezone.localdate(at))
    if former and _same(former, account):
        raise AlreadyOpen("这个账户就是现在登记的收款账户，不用变更。")
    if AccountChange.objects.filter(
        employer=employer,
        number=account.number,
        state__in=AccountChange.OPEN,
        submission__isnull=True,
    ).exists():
        raise AlreadyOpen(_ONE_AT_A_TIME)
    return former


@transaction.atomic
def _propose(
    employer: Employer,
    account: Account,
    *,
    by: casework.Actor,
    reason: str,
    paper: Paper | None,
    at: datetime,
) -> AccountChange:
    if not reason.strip():
        raise Missing("reason", "请写明为什么变更收款账户。")
    former = check(employer, account, at=at)
    try:
        with transaction.atomic():
            case = _open(
                employer.pk,
                account,
                former=former,
                by=by,
                reason=reason.strip(),
                paper=paper,
                at=at,
            )
    except IntegrityError as refusal:
        raise AlreadyOpen(_ONE_AT_A_TIME) from refusal
    return case


def open_for_correction(
    submission: Submission, *, by: casework.Actor, at: datetime
) -> AccountChange:
    """Open the case of a new account after the bank has sent a refund back."""
    return _open(
        submission.obligation.employer_id,
        Account(submission.holder, submission.bank, submission.bank_code, submission.account),
        former=submission.former,
        by=by,
        reason="银行退回，更正收款账户",
        at=at,
        submission=submission,
    )


def _open(
    employer_id: int,
    account: Account,
    *,
    former: BankAccount | None,
    by: casework.Actor,
    reason: str,
    at: datetime,
    paper: Paper | None = None,
    submission: Submission | None = None,
) -> AccountChange:
    case = AccountChange(
        receipt=new_receipt(RECEIPT_PREFIX),
        employer_id=employer_id,
        former=former,
        submission=submission,
        holder=account.holder,
        bank=account.bank,
        bank_code=account.bank_code,
        number=account.number,
        reason=reason,
        proposed_by_id=by.user_id,
        proposed_name=by.name,
        proposed_at=at,
    )
    if paper is not None:
        case.by_officer, case.document = True, paper.title.strip()
        _keep(case, paper)
    case.save(force_insert=True)
    log(case, "提出变更", before="", by=by, at=at, note=f"新账户尾号{account.number[-4:]}")
    casework.send_notices([letters_accounts.proposed(case)], at=at)
    return case


def _keep(case: AccountChange, paper: Paper) -> None:
    data = paper.file.read(files.MOST_BYTES + 1)
    case.extension = files.check(data, name=paper.name)
    case.given_name = paper.name[-200:]
    case.sha256 = hashlib.sha256(data).hexdigest()
    case.file.save(paper.name, ContentFile(data), save=False)


def _same(known: BankAccount, account: Account) -> bool:
    return (known.holder, known.bank, known.bank_code, known.number) == (
        account.holder,
        account.bank,
        account.bank_code,
        account.number,
    )


def log(
    case: AccountChange,
    action: str,
    *,
    before: str,
    by: casework.Actor,
    at: datetime,
    note: str = "",
) -> None:
    """Write a step into the timeline of a case."""
    casework.record_move(
        kind=AccountChange.KIND,
        matter_id=case.pk,
        action=action,
        before=before,
        after=case.state,
        by=by,
        at=at,
        note=note,
    )


def check_officer(case: AccountChange, officer: Officer) -> None:
    """Accept an officer for the decision whose turn it is.

    :raises Overtaken: if nobody is asked any more.
    :raises NotYours: if another post or agency decides.
    :raises SamePerson: if the officer proposed or checked it.
    """
    state = Case(case.state)
    if state not in POSTS:
        raise Overtaken(f"这件账户变更当前是“{state.label}”，不需要办理。请刷新页面查看。")
    if officer.post != POSTS[state] or not scope.may_act(officer, case.employer):
        raise NotYours(f"这一步由{POSTS[state].label}办理。")
    if case.proposed_by_id == officer.user_id or case.checked_by_id == officer.pk:
        raise SamePerson("您已经办理过这件变更的另一个环节，必须由另一位工作人员办理。")


def _standing_alone(receipt: str, *, seen: str, officer: Officer) -> AccountChange:
    """Return a case for the rest of the transaction, whose turn is the officer's."""
    rows = AccountChange.objects.select_related("employer").select_for_update(of=("self",))
    case = scope.actionable(rows, officer).filter(receipt=receipt).first()
    if case is None:
        raise NotYours("这件变更不在您机构的办理范围内。")
    if case.submission_id is not None:
        raise NotYours("这件变更属于一笔被银行退回的退费，请在那笔退费的页面上办理。")
    if case.state != seen:
        raise Overtaken(f"这件账户变更当前是“{case.get_state_display()}”，请核对最新情况。")
    check_officer(case, officer)
    return case


@transaction.atomic
def decide(
    *, receipt: str, seen: str, granted: bool, officer: Officer, at: datetime, reason: str = ""
) -> AccountChange:
    """Check, confirm or refuse, whichever the case's state asks for.

    :param seen: the state that the page showed.
    :raises NotYours, SamePerson: if this officer may not.
    :raises Overtaken: if somebody was faster.
    :raises accounts.BadAccount: if the unit is named differently by now.
    :raises Missing: if a refusal has no reason.
    """
    case = _standing_alone(receipt, seen=seen, officer=officer)
    if granted:
        check_account(
            Account(case.holder, case.bank, case.bank_code, case.number),
            employer=case.employer,
            at=at,
        )
        advance(case, officer=officer, at=at)
    else:
        close_refused(case, officer=officer, reason=reason, at=at)
        casework.send_notices([letters_accounts.refused(case)], at=at)
    return case


def advance(case: AccountChange, *, officer: Officer, at: datetime) -> None:
    """Note that the officer agrees; the second one's agreement registers the account. The caller
    holds the case's lock and has checked the officer."""
    before, by = case.state, casework.officer(officer)
    if before == Case.PROPOSED:
        case.state, case.checked_by, case.checked_at = Case.CHECKED, officer, at
        case.save(update_fields=["state", "checked_by", "checked_at"])
        log(case, "核对通过", before=before, by=by, at=at)
        return
    new = Account(case.holder, case.bank, case.bank_code, case.number)
    cools = not is_known(case.employer_id, new)
    case.state, case.confirmed_by, case.confirmed_at = Case.CONFIRMED, officer, at
    case.cooling_until = account_rules.cool_until(at) if cools else at
    case.account = _register(case, at=at)
    case.save(update_fields=["state", "confirmed_by", "confirmed_at", "cooling_until", "account"])
    log(case, "确认变更", before=before, by=by, at=at)
    casework.send_notices([letters_accounts.confirmed(case, cools=cools)], at=at)


def _register(case: AccountChange, *, at: datetime) -> BankAccount | None:
    """Store the account as the one in force, unless it is that already."""
    today = timezone.localdate(at)
    known = registry_queries.account_in_force(case.employer_id, on=today)
    if known and _same(known, Account(case.holder, case.bank, case.bank_code, case.number)):
        return None
    return BankAccount.objects.create(
        employer_id=case.employer_id,
        holder=case.holder,
        bank=case.bank,
        bank_code=case.bank_code,
        number=case.number,
        enabled_on=today,
        origin=BankAccount.Origin.CORRECTED,
        recorded_at=at,
    )


def close_refused(case: AccountChange, *, officer: Officer, reason: str, at: datetime) -> None:
    """Note that the officer does not agree. The caller holds the case's lock, and tells the unit.

    :raises Missing: without a reason.
    """
    if not reason.strip():
        raise Missing("reason", "请写明退回原因，单位会看到这段话。")
    before = case.state
    case.state, case.refused_by, case.closing_reason = Case.REFUSED, officer, reason.strip()
    case.closed_name, case.closed_at = officer.name, at
    fields = ["state", "refused_by", "closing_reason", "closed_name", "closed_at"]
    case.save(update_fields=fields)
    by = casework.officer(officer)
    log(case, "退回变更", before=before, by=by, at=at, note=case.closing_reason)


def of_submission(submission: Submission) -> AccountChange:
    """Return the case of a correction, locked."""
    return AccountChange.objects.select_for_update(of=("self",)).get(submission=submission)


def may_withdraw(case: AccountChange, *, at: datetime) -> bool:
    """Whether the unit may still take it back: until it is decided, and while it cools."""
    if case.state == Case.CONFIRMED:
        return case.cooling_until is not None and at < case.cooling_until
    return case.state in AccountChange.OPEN
