"""How people get into an enterprise's online account: with a code that is handed to them.

The agency's code opens the account of an employer that has no owner yet; where the owner has
left, one that two officers answer for (`replacement`) puts a new owner in the former's place.
The owner's code (`members.invite`) lets a colleague in. A code is shown once, on the slip;
stored is its digest. It opens one account, and only together with the employer's credit code.
"""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from registry import queries, scope, secrets
from registry.models import (
    ActivationCode,
    ActivationFailure,
    Employer,
    Invitation,
    Membership,
    Officer,
    Post,
)
from registry.services import accounts, member_log, members, replacement
from registry.services.member_log import Kind

VALID_FOR = timedelta(days=30)
GROUPS = 4  # of 20 bits each

WINDOW = timedelta(minutes=30)
TRIES_PER_EMPLOYER = 5
TRIES_PER_ADDRESS = 20  # an office or a market shares one address


class NotYours(Exception):
    """The officer does not work on this employer."""


class HasOwner(Exception):
    """The employer runs its accounts itself."""


class ActivationRefused(Exception):
    """The account can't be opened; the text says what to do."""

    #: Which answer is to be looked at again.
    field = "code"


class TooManyTries(ActivationRefused):
    """Wrong codes have been tried too often; not even a right one is looked at."""


class WrongCode(ActivationRefused):
    """No such employer, or not its code: which of the two is not said."""


class CodeSpent(ActivationRefused):
    """The right code, but used, replaced, withdrawn or expired."""


class NotApproved(ActivationRefused):
    """The right code, but a second officer has yet to approve it, or has refused to."""


class WrongPerson(ActivationRefused):
    """The right code, but the owner has invited somebody of another name."""

    field = "name"


@transaction.atomic
def hand_out_code(
    *, employer_id: int, officer: Officer, at: datetime
) -> tuple[str, ActivationCode]:
    """Draw a code for an employer without an owner; return it in clear, this once, and its
    record. Codes handed out before and not used end with it.

    :raises NotYours: if the officer's agency or post does not work on this employer.
    :raises HasOwner: if the employer has an owner: who lets colleagues in, or is replaced.
    """
    employer = members.lock(employer_id)
    if officer.post != Post.HANDLER or not scope.may_act(officer, employer):
        raise NotYours("激活码由单位参保地社保经办机构的经办岗发放。")
    if owner := queries.owner_of(employer):
        raise HasOwner(
            f"单位已有管理员{owner.name}，其他人员由管理员邀请。管理员已离开单位的，请办理“更换管理员”。"
        )
    replacement.expire_codes(employer, at=at)
    code = secrets.draw(GROUPS)
    record = ActivationCode.objects.create(
        employer=employer,
        digest=secrets.digest(code, salt=employer.uscc),
        issued_by=officer,
        issued_at=at,
        expires_at=at + VALID_FOR,
    )
    member_log.write(
        employer=employer, kind=Kind.CODE_ISSUED, by=member_log.officer(officer), at=at
    )
    return code, record


def activate(
    *,
    uscc: str,
    code: str,
    username: str,
    name: str,
    phone: str,
    password: str,
    address: str | None,
    at: datetime,
) -> Membership:
    """Open a person's account with the employer's credit code and the agency's or owner's code.

    A wrong code is counted even though nothing else is stored, hence two transactions.

    :raises TooManyTries: after 5 wrong codes on one employer or 20 from one address in 30 minutes.
    :raises WrongCode: if the employer or the code is unknown.
    :raises CodeSpent: if the code was used, replaced, withdrawn, or has expired.
    :raises NotApproved: if replacing the owner waits for the second officer.
    :raises WrongPerson: if the invitation is for somebody else.
    :raises accounts.AccountRefused: if the user name is taken or the password too weak.
    """
    uscc = secrets.plain(uscc)[:18]
    _refuse_guessing(uscc=uscc, address=address, at=at)
    try:
        return _open_account(
            uscc=uscc,
            code=code,
            username=username,
            name=name,
            phone=phone,
            password=password,
            at=at,
        )
    except WrongCode:
        ActivationFailure.objects.create(address=address, uscc=uscc, at=at)
        raise


def _refuse_guessing(*, uscc: str, address: str | None, at: datetime) -> None:
    recent = ActivationFailure.objects.filter(at__gt=at - WINDOW)
    for failures, limit in (
        (recent.filter(uscc=uscc), TRIES_PER_EMPLOYER),
        (recent.filter(address=address) if address else recent.none(), TRIES_PER_ADDRESS),
    ):
        latest = list(failures.order_by("-at").values_list("at", flat=True)[:limit])
        if len(latest) == limit:
            minutes = -((at - latest[-1] - WINDOW) // timedelta(minutes=1))
            raise TooManyTries(
                f"激活码输错的次数太多，请约{minutes}分钟后再试。"
                "激活码看不清或已丢失的，请发放的经办机构或单位管理员重新给一个。"
            )


@transaction.atomic
def _open_account(*, uscc: str, code: str, at: datetime, **person: str) -> Membership:
    employer = Employer.objects.select_for_update(no_key=True).filter(uscc=uscc).first()
    if employer is not None:
        digest = secrets.digest(code, salt=uscc)
        if record := employer.activation_codes.filter(digest=digest).first():
            return _use_code(record, employer, at=at, **person)
        if invitation := employer.invitations.filter(digest=digest).first():
            return _accept(invitation, employer, at=at, **person)
    raise WrongCode("统一社会信用代码或激活码不正确，请对照激活码单（邀请单）核对。")


def _use_code(
    record: ActivationCode, employer: Employer, *, at: datetime, **person: str
) -> Membership:
    """Make the person the employer's owner. The caller holds the employer's lock."""
    if record.used_at:
        raise CodeSpent(
            "这个激活码已经用过了。账号已开通的请直接登录；不是本单位开通的，请马上联系经办机构。"
        )
    if record.decision == ActivationCode.Decision.REFUSED:
        raise NotApproved("更换管理员没有通过复核，这个激活码不能使用，请联系经办机构。")
    if record.expires_at <= at:
        raise CodeSpent("这个激活码已经失效，请联系经办机构重新发放。")
    former = queries.owner_of(employer)
    if record.purpose == ActivationCode.Purpose.REPLACE:
        if not record.decision:
            raise NotApproved("这个激活码还在等经办机构复核，复核通过后才能使用，请稍后再试。")
        if former is None or former.pk != record.replaces_id:
            raise CodeSpent("发放激活码以后，单位管理员已经变更，这个激活码失效。请联系经办机构。")
        replacement.end_former(record, former, at=at)
    elif former is not None:
        raise CodeSpent("单位账号已经由别人开通，请单位管理员邀请您；有疑问请联系经办机构。")
    owner = _join(employer, Membership.Role.OWNER, at=at, **person)
    record.used_at, record.used_by = at, owner
    record.save(update_fields=["used_at", "used_by"])
    if former is None:
        member_log.write(
            employer=employer, kind=Kind.OPENED, by=member_log.member(owner), at=at, about=owner
        )
    else:
        replacement.announce(record, former, owner, at=at)
    return owner


def _accept(
    invitation: Invitation, employer: Employer, *, at: datetime, **person: str
) -> Membership:
    """Make the invited person a member. The caller holds the employer's lock."""
    if invitation.used_at:
        raise CodeSpent(
            "这个邀请码已经用过了。账号已开通的请直接登录；不是您本人开通的，请马上告诉单位管理员。"
        )
    if invitation.withdrawn_at or invitation.expires_at <= at:
        raise CodeSpent("这个邀请码已经失效，请单位管理员重新邀请您。")
    if not members.same_name(invitation.name, person["name"]):
        raise WrongPerson(
            "这个邀请码不是给这个姓名的，请由受邀请的人本人开通。"
            "姓名写错的，请单位管理员撤回后重新邀请。"
        )
    role = Membership.Role(invitation.role)
    member = _join(employer, role, at=at, **{**person, "name": invitation.name})
    invitation.used_at, invitation.used_by = at, member
    invitation.save(update_fields=["used_at", "used_by"])
    member_log.write(
        employer=employer,
        kind=Kind.JOINED,
        by=member_log.member(member),
        at=at,
        about=member,
        note=f"由{invitation.invited_by.name}邀请，{member.get_role_display()}",
    )
    return member


def _join(
    employer: Employer,
    role: Membership.Role,
    *,
    username: str,
    name: str,
    phone: str,
    password: str,
    at: datetime,
) -> Membership:
    """Open a new account, so that nobody who works for an agency can be let in with theirs."""
    membership = Membership(
        user=accounts.open_user(username=username, password=password),
        employer=employer,
        name=members.plain_name(name),
        phone=phone.strip(),
        role=role,
        since=at,
    )
    try:
        membership.full_clean()
    except ValidationError as refusal:
        raise accounts.AccountRefused(" ".join(refusal.messages)) from refusal
    membership.save()
    return membership
