"""What officers decide: the levels of approval, refusal, a new account.

First: the reviewer of the agency that handles the employer. Second: fund finance. Third, where
the tier in force on the day of the choice asks for it: the head. Each another person, all of
the same submission; a new submission needs them all again. What each agrees to is the content
they saw, by its digest (`guards_approval`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from casework import queries as casework_queries
from casework import services as casework
from refunds import accounts, letters, queries, queries_approval
from refunds.models import AccountChange, Approval, Obligation, Submission
from refunds.services import account_cases, book
from refunds.workflow import Action, IllegalMove, State
from registry import scope
from registry.models import Officer, Post
from registry.money import ZERO
from relief.ledger.services import Account

Level = Approval.Level
#: Who decides on which level.
POSTS = {
    Level.FIRST: Post.REVIEWER,
    Level.SECOND: Post.FUND_FINANCE,
    Level.THIRD: Post.HEAD,
    Level.ACCOUNT: Post.REVIEWER,
    Level.ACCOUNT2: Post.FUND_FINANCE,
}
#: Which level decides in which state.
LEVELS = {
    State.CHOSEN: Level.FIRST,
    State.CHECKED: Level.SECOND,
    State.ENDORSED: Level.THIRD,
    State.CORRECTED: Level.ACCOUNT,
}


#: The levels of a new account after the bank sent a refund back.
ACCOUNT_LEVELS = (Level.ACCOUNT, Level.ACCOUNT2)


def action_of(level: Approval.Level, *, levels: Sequence[Approval.Level]) -> Action:
    """Return what agreeing on a level does, or at last leads to, where these levels have to
    agree."""
    if level in ACCOUNT_LEVELS:
        return Action.CONFIRM
    if level == levels[-1]:
        return Action.APPROVE
    return Action.CHECK if level == Level.FIRST else Action.ENDORSE


class NotYours(Exception):
    """The employer is another agency's, or there is no such refund."""


class WrongPost(Exception):
    """The officer's post does not decide on this level."""


class SamePerson(Exception):
    """The officer has taken part in this refund already."""


class Stale(IllegalMove):
    """Somebody was faster, or what stands there is not what was shown."""


class ForeignPayee(Exception):
    """The account is not in the name of the unit."""


class NoRules(Exception):
    """No rules of approval are in force for the day of the choice."""


class ReasonMissing(Exception):
    """A refusal must say why."""


def level_of(obligation: Obligation) -> Approval.Level:
    """Return the level whose turn it is.

    :raises IllegalMove: if nobody is asked to decide.
    """
    state = State(obligation.state)
    if state not in LEVELS:
        raise IllegalMove(f"这笔退费当前是“{state.label}”，不需要审核。请刷新页面查看最新进度。")
    if state == State.CORRECTED and _account_checked(obligation):
        return Level.ACCOUNT2
    return LEVELS[state]


def _account_checked(obligation: Obligation) -> bool:
    """Whether the first of the two has agreed to the new account."""
    submission = queries.latest_submission(obligation)
    return submission is not None and submission.approvals.filter(level=Level.ACCOUNT).exists()


def check_person(level: Approval.Level, *, submission: Submission, officer: Officer) -> None:
    """Accept an officer for a level of a submission.

    :raises WrongPost: if another post decides there.
    :raises SamePerson: if the officer handed it in, or decided on the other level.
    """
    post = POSTS[level]
    if officer.post != post:
        raise WrongPost(f"{level.label}由{post.label}办理。")
    same = (
        submission.by_user_id == officer.user_id
        or submission.approvals.filter(officer=officer).exists()
    )
    if level in ACCOUNT_LEVELS and not same:
        same = Approval.objects.filter(
            submission__obligation=submission.obligation_id,
            level=Level.SECOND,
            officer=officer,
        ).exists()
    if same:
        raise SamePerson("您已经办理过这笔退费的另一个环节，必须由另一位工作人员办理。")


def check_payee(submission: Submission, *, obligation: Obligation, at: datetime) -> None:
    """Accept an account that is in the unit's own name, as the unit is named now.

    :raises ForeignPayee: if it is not: the unit may have been renamed since the choice.
    """
    employer = obligation.employer
    try:
        accounts.check_holder(
            submission.holder,
            employer_name=employer.name,
            legal_person=employer.legal_person,
            unit_type=queries.unit_type(employer.pk, today=timezone.localtime(at).date()),
        )
    except accounts.BadAccount as refusal:
        raise ForeignPayee(
            f"收款户名“{submission.holder}”与单位现在的名称不一致，请退回单位更正。"
        ) from refusal


def _overtaken(obligation: Obligation) -> str:
    """Return who was faster, and when."""
    last = casework_queries.timeline(Obligation.KIND, obligation.pk).last()
    state = State(obligation.state).label
    if last is None:
        return f"这笔退费当前是“{state}”，请刷新页面查看最新进度。"
    at = timezone.localtime(last.at)
    return f"该办件已由{last.by_name}于{at:%H:%M}处理，现在是“{state}”。请核对最新情况。"


def _decide(
    obligation_id: int,
    *,
    level: Approval.Level | None,
    content: str | None,
    granted: bool,
    reason: str,
    officer: Officer,
    at: datetime,
) -> tuple[Obligation, Submission, Action]:
    """Lock, check and write the decision; the caller makes the move that agreeing makes."""
    mine = scope.actionable(Obligation.objects.select_related("employer"), officer)
    obligation = mine.select_for_update(of=("self",)).filter(pk=obligation_id).first()
    if obligation is None:
        raise NotYours("这笔退费不在您机构的办理范围内。")
    try:
        turn = level_of(obligation)
    except IllegalMove as nobody:
        if level is None:
            raise
        raise Stale(_overtaken(obligation)) from nobody
    if level is not None and turn != level:
        raise Stale(_overtaken(obligation))
    submission = obligation.submissions.order_by("-number")[:1].get()
    check_person(turn, submission=submission, officer=officer)
    stands = queries_approval.standing(submission)
    if content is not None and content != stands.content_sha256:
        raise Stale("内容有变动，请重新核对后再提交。")
    if not stands.levels:
        raise NoRules("提交当天没有生效的审批规则，请联系市社会保险经办机构。")
    if granted:
        check_payee(submission, obligation=obligation, at=at)
    Approval.objects.create(
        submission=submission,
        level=turn,
        granted=granted,
        reason=reason,
        officer=officer,
        amount=obligation.amount,
        content_sha256=stands.content_sha256,
        at=at,
    )
    return obligation, submission, action_of(turn, levels=stands.levels)


@transaction.atomic
def grant(
    *,
    obligation_id: int,
    officer: Officer,
    at: datetime,
    level: Approval.Level | None = None,
    content: str | None = None,
    post_later: bool = False,
) -> Obligation:
    """Agree, on the level whose turn it is; `level` and `content` make sure that it is what
    was shown.

    The last level that has to agree approves it, which is posted, unless the caller does that
    for many at once (`post_later`). A new account passes two levels and becomes the employer's
    registered account; the money is ordered again.

    :raises NotYours, WrongPost, SamePerson: if this officer may not.
    :raises Stale: if somebody was faster, or the content has changed.
    :raises IllegalMove: if nobody is asked.
    :raises ForeignPayee: if the account is not in the name of the unit.
    :raises NoRules: if no rules are in force for the day of the choice.
    """
    obligation, submission, action = _decide(
        obligation_id,
        level=level,
        content=content,
        granted=True,
        reason="",
        officer=officer,
        at=at,
    )
    if action == Action.CONFIRM:
        _grant_account(obligation, submission, officer=officer, at=at)
        return obligation
    obligation.move(action, by=casework.officer(officer), at=at)
    if action == Action.APPROVE and not post_later:
        _post_approved([obligation], at=at)
    return obligation


def _post_approved(obligations: Sequence[Obligation], *, at: datetime) -> None:
    """Post what the last level has agreed to: it is ordered now. The last write."""
    for number, found in _by_submission(obligations).items():
        book.shift(
            found,
            debit=Account.OVERPAID,
            credit=Account.ORDERED,
            at=at,
            step=f"APPROVED.{number}",
        )


def post_return(obligation: Obligation, *, at: datetime) -> None:
    """Post that an approved refund is ordered no longer. The caller has moved it."""
    (number,) = _by_submission([obligation])
    book.shift(
        [obligation],
        debit=Account.ORDERED,
        credit=Account.OVERPAID,
        at=at,
        step=f"RETURNED.{number}",
    )


def _by_submission(obligations: Sequence[Obligation]) -> dict[int, list[Obligation]]:
    """Return refunds by the number of their latest submission: a cause is posted once."""
    ids = [obligation.pk for obligation in obligations]
    rows = Submission.objects.filter(obligation__in=ids).order_by("obligation", "-number")
    numbers = dict(rows.distinct("obligation").values_list("obligation", "number"))
    found: dict[int, list[Obligation]] = {}
    for obligation in obligations:
        found.setdefault(numbers[obligation.pk], []).append(obligation)
    return found


def _grant_account(
    obligation: Obligation, submission: Submission, *, officer: Officer, at: datetime
) -> None:
    """Let the case of a new account go on; confirmed, the money is ordered again."""
    case = account_cases.of_submission(submission)
    account_cases.advance(case, officer=officer, at=at)
    by = casework.officer(officer)
    if case.state == AccountChange.State.CHECKED:
        casework.record_move(
            kind=Obligation.KIND,
            matter_id=obligation.pk,
            action="核对新账户",
            before=obligation.state,
            after=obligation.state,
            by=by,
            at=at,
        )
        return
    obligation.move(Action.CONFIRM, by=by, at=at)
    book.shift(
        [obligation],
        debit=Account.BOUNCED,
        credit=Account.ORDERED,
        at=at,
        step=f"CONFIRMED.{submission.number}",
    )


@transaction.atomic
def refuse(
    *,
    obligation_id: int,
    reason: str,
    officer: Officer,
    at: datetime,
    level: Approval.Level | None = None,
    content: str | None = None,
) -> Obligation:
    """Send it back to the enterprise with a reason; the money stays owed.

    :raises ReasonMissing: if no reason is given.
    :raises NotYours, WrongPost, SamePerson: if this officer may not.
    :raises Stale: if somebody was faster, or the content has changed.
    :raises IllegalMove: if nobody is asked.
    """
    reason = reason.strip()
    if not reason:
        raise ReasonMissing("请写明退回原因，单位会看到这段话。")
    obligation, submission, granting = _decide(
        obligation_id,
        level=level,
        content=content,
        granted=False,
        reason=reason,
        officer=officer,
        at=at,
    )
    if granting == Action.CONFIRM:
        action = Action.REFUSE_ACCOUNT
        case = account_cases.of_submission(submission)
        account_cases.close_refused(case, officer=officer, reason=reason, at=at)
        message = letters.account_refused(obligation, reason=reason, submission=submission.pk)
    else:
        action = Action.REFUSE
        message = letters.returned(obligation, reason=reason, submission=submission.pk)
    obligation.move(action, by=casework.officer(officer), at=at, reason=reason)
    casework.send_notices([message], at=at)
    return obligation


@dataclass
class Granted:
    """What came of many at once: the refunds agreed to, and the others with the reason."""

    done: list[Obligation] = field(default_factory=list)
    left: list[tuple[int, str]] = field(default_factory=list)
    amount: Decimal = ZERO


@transaction.atomic
def grant_many(
    *,
    contents: Mapping[int, str | None],
    level: Approval.Level,
    officer: Officer,
    at: datetime,
) -> Granted:
    """Agree to many refunds, each with the content that was shown; one that can't be agreed
    to is left out and named."""
    result = Granted()
    for obligation_id in sorted(contents):
        try:
            with transaction.atomic():
                obligation = grant(
                    obligation_id=obligation_id,
                    officer=officer,
                    at=at,
                    level=level,
                    content=contents[obligation_id],
                    post_later=True,
                )
        except (NotYours, WrongPost, SamePerson, ForeignPayee, NoRules, IllegalMove) as refusal:
            result.left.append((obligation_id, str(refusal)))
        else:
            result.done.append(obligation)
            result.amount += obligation.amount
    _post_approved([row for row in result.done if row.state == State.APPROVED], at=at)
    return result
