"""How an employer runs its own accounts: the owner invites, changes roles, hands over, removes.

Everything that changes who acts for an employer locks the employer's row first, then looks
who is who: two tabs come one after the other. `activation` does the same.
"""

import unicodedata
from datetime import datetime, timedelta

from django.db import transaction

from registry import queries, secrets
from registry.models import Employer, Handover, Invitation, Membership
from registry.services import accounts, member_log
from registry.services.member_log import Kind

Role = Membership.Role

VALID_FOR = timedelta(days=7)
GROUPS = 4  # of 20 bits each
MOST_PEOPLE = 30  # accounts and open invitations of one employer


class MembersRefused(Exception):
    """It can't be done; the text says why and what to do."""


class NotOwner(MembersRefused):
    """The person is not, or no longer, the employer's owner."""


class NotAMember(MembersRefused):
    """Nobody of that number acts for the employer now."""


class AlreadyThere(MembersRefused):
    """Somebody of that name has an account or an open invitation."""


class TooMany(MembersRefused):
    """The employer has as many accounts as one may have."""


class NotOpen(MembersRefused):
    """The invitation or the handing over is no longer open."""


class OwnAccount(MembersRefused):
    """The owner can't do that to the own account."""


def plain_name(typed: str) -> str:
    """Return a name as stored and compared: without blanks, full-width forms made plain."""
    return "".join(unicodedata.normalize("NFKC", typed).split())


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are the same name: dots and blanks are typed in many ways."""
    left, right = (
        "".join(sign for sign in plain_name(name) if sign.isalnum()) for name in (one, other)
    )
    return left == right


def lock(employer_id: int) -> Employer:
    """Lock an employer for changes of its accounts; rows that refer to it may still come in."""
    return Employer.objects.select_for_update(no_key=True).get(pk=employer_id)


def _owner(member: Membership) -> Membership:
    """Return the owner as of now. The caller holds the employer's lock.

    :raises NotOwner: if the member is it no more.
    """
    found = Membership.objects.active().filter(pk=member.pk, role=Role.OWNER).first()
    if found is None:
        raise NotOwner("这一步由单位管理员办理。您的角色可能刚刚变更，请刷新页面后再看。")
    return found


def _other(owner: Membership, member_id: int) -> Membership:
    """Return an active member of the owner's employer, other than the owner."""
    if member_id == owner.pk:
        raise OwnAccount("单位管理员不能停用或更改自己的账号，请先把管理员移交给另一个人。")
    members = Membership.objects.active().filter(employer=owner.employer_id)
    found = members.filter(pk=member_id).first()
    if found is None:
        raise NotAMember("这个人的账号已经停用，请刷新页面后再看。")
    return found


@transaction.atomic
def invite(
    *, owner: Membership, name: str, role: Membership.Role, phone: str, at: datetime
) -> tuple[str, Invitation]:
    """Ask somebody to act for the employer; return the code in clear, this once, and its record.

    :raises NotOwner: if the member is not the employer's owner.
    :raises AlreadyThere: if the name has an account or an open invitation.
    :raises TooMany: if the employer has as many accounts as one may have.
    """
    employer = lock(owner.employer_id)
    owner = _owner(owner)
    name = plain_name(name)
    if role not in {Role.SIGNER, Role.PREPARER}:
        raise MembersRefused("邀请的人只能是签署人或经办人；管理员请用“移交管理员”。")
    # An expired invitation makes room for a new one to the same person.
    employer.invitations.open().filter(expires_at__lte=at).update(withdrawn_at=at)
    active, invited = employer.members.active(), employer.invitations.open()
    if invited.filter(name=name).exists():
        raise AlreadyThere(f"已经邀请过“{name}”，还没有使用。邀请码丢失的，请先撤回原来的邀请。")
    if active.filter(name=name).exists():
        raise AlreadyThere(
            f"单位已经有“{name}”的账号。确有同名同事的，请在姓名后加以区分，例如“{name}（财务部）”。"
        )
    if active.count() + invited.count() >= MOST_PEOPLE:
        raise TooMany(f"一个单位最多{MOST_PEOPLE}个账号，请先移除不再使用的账号。")
    code = secrets.draw(GROUPS)
    invitation = Invitation.objects.create(
        employer=employer,
        name=name,
        role=role,
        phone=phone.strip(),
        digest=secrets.digest(code, salt=employer.uscc),
        invited_by=owner,
        invited_at=at,
        expires_at=at + VALID_FOR,
    )
    member_log.write(
        employer=employer,
        kind=Kind.INVITED,
        by=member_log.member(owner),
        at=at,
        subject=name,
        note=invitation.get_role_display(),
    )
    return code, invitation


@transaction.atomic
def withdraw_invitation(*, owner: Membership, invitation_id: int, at: datetime) -> Invitation:
    """Take an invitation back: its code opens nothing any more.

    :raises NotOwner: if the member is not the employer's owner.
    :raises NotOpen: if it was used or withdrawn.
    """
    employer = lock(owner.employer_id)
    owner = _owner(owner)
    invitation = employer.invitations.open().filter(pk=invitation_id).first()
    if invitation is None:
        raise NotOpen("这份邀请已经使用或者撤回，请刷新页面后再看。")
    invitation.withdrawn_at = at
    invitation.save(update_fields=["withdrawn_at"])
    member_log.write(
        employer=employer,
        kind=Kind.INVITATION_WITHDRAWN,
        by=member_log.member(owner),
        at=at,
        subject=invitation.name,
    )
    return invitation


@transaction.atomic
def change_role(
    *, owner: Membership, member_id: int, role: Membership.Role, at: datetime
) -> Membership:
    """Make a signer a preparer, or the other way round; the same role changes nothing.

    :raises NotOwner: if the member is not the employer's owner.
    :raises NotAMember: if the other has gone.
    :raises OwnAccount: if it is the owner's own.
    """
    employer = lock(owner.employer_id)
    owner = _owner(owner)
    member = _other(owner, member_id)
    if role not in {Role.SIGNER, Role.PREPARER}:
        raise MembersRefused("角色只能改为签署人或经办人；管理员请用“移交管理员”。")
    if member.role == role:
        return member
    before = member.get_role_display()
    member.role = role
    member.save(update_fields=["role"])
    member_log.write(
        employer=employer,
        kind=Kind.ROLE_CHANGED,
        by=member_log.member(owner),
        at=at,
        about=member,
        note=f"{before}改为{member.get_role_display()}",
    )
    return member


@transaction.atomic
def remove(*, owner: Membership, member_id: int, reason: str, at: datetime) -> Membership:
    """End somebody's account: signed out at once, what they prepared stays with the employer.

    :raises NotOwner: if the member is not the employer's owner.
    :raises NotAMember: if the other has gone already.
    :raises OwnAccount: if it is the owner's own.
    """
    employer = lock(owner.employer_id)
    owner = _owner(owner)
    member = _other(owner, member_id)
    pending = queries.open_handover_of(employer)
    if pending and pending.taker_id == member.pk:
        _withdraw(pending, by=owner, at=at)
    end(member, by_user_id=owner.user_id, reason=reason, at=at)
    member_log.write(
        employer=employer,
        kind=Kind.REMOVED,
        by=member_log.member(owner),
        at=at,
        about=member,
        note=reason,
    )
    return member


def end(member: Membership, *, by_user_id: int, reason: str, at: datetime) -> None:
    """End a membership and its account. The caller holds the employer's lock."""
    member.ended_at, member.ended_by_id, member.ended_reason = at, by_user_id, reason
    member.save(update_fields=["ended_at", "ended_by", "ended_reason"])
    accounts.close_user(user_id=member.user_id)


@transaction.atomic
def ask_hand_over(
    *, owner: Membership, taker_id: int, afterwards: Handover.Afterwards, at: datetime
) -> Handover:
    """Name a successor; nothing changes until that person says yes.

    :raises NotOwner: if the member is not the employer's owner.
    :raises NotAMember: if the successor has gone.
    :raises OwnAccount: if it is the owner.
    :raises AlreadyThere: if a successor has been named already.
    """
    employer = lock(owner.employer_id)
    owner = _owner(owner)
    taker = _other(owner, taker_id)
    if pending := queries.open_handover_of(employer):
        raise AlreadyThere(f"已经提出移交给{pending.taker.name}，还在等对方确认。要换人请先取消。")
    handover = Handover.objects.create(
        employer=employer, giver=owner, taker=taker, afterwards=afterwards, asked_at=at
    )
    member_log.write(
        employer=employer,
        kind=Kind.HANDOVER_ASKED,
        by=member_log.member(owner),
        at=at,
        about=taker,
        note=f"原管理员今后：{handover.get_afterwards_display()}",
    )
    return handover


@transaction.atomic
def withdraw_hand_over(*, member: Membership, at: datetime) -> Handover:
    """Call a handing over off: the owner takes it back, or the successor says no.

    :raises NotOpen: if nothing waits, or it concerns neither.
    """
    employer = lock(member.employer_id)
    pending = queries.open_handover_of(employer)
    if pending is None or member.pk not in {pending.giver_id, pending.taker_id}:
        raise NotOpen("没有等待确认的移交，可能刚刚已经确认或取消。")
    member.refresh_from_db()
    if not member.active:
        raise NotAMember("您的账号已经停用。")
    _withdraw(pending, by=member, at=at)
    return pending


def _withdraw(pending: Handover, *, by: Membership, at: datetime) -> None:
    pending.withdrawn_at, pending.withdrawn_by_id = at, by.user_id
    pending.save(update_fields=["withdrawn_at", "withdrawn_by"])
    member_log.write(
        employer=pending.employer,
        kind=Kind.HANDOVER_WITHDRAWN,
        by=member_log.member(by),
        at=at,
        about=pending.taker,
        note="对方没有接受" if by.pk == pending.taker_id else "",
    )


@transaction.atomic
def confirm_hand_over(*, taker: Membership, at: datetime) -> Membership:
    """The successor says yes and is the owner from now on; return the membership.

    :raises NotOpen: if nothing waits for this person.
    """
    employer = lock(taker.employer_id)
    pending = queries.open_handover_of(employer)
    if pending is None or pending.taker_id != taker.pk:
        raise NotOpen("没有等您确认的移交，可能刚刚已经取消。")
    former = _owner(pending.giver)
    taker = _other(former, taker.pk)
    # The former first: at no moment two owners, and outside this transaction never none.
    if pending.afterwards == Handover.Afterwards.LEAVE:
        end(former, by_user_id=former.user_id, reason="移交管理员后离开", at=at)
    else:
        former.role = pending.afterwards
        former.save(update_fields=["role"])
    by = member_log.member(taker)
    taker.role = Role.OWNER
    taker.save(update_fields=["role"])
    pending.confirmed_at = at
    pending.save(update_fields=["confirmed_at"])
    member_log.write(
        employer=employer,
        kind=Kind.HANDED_OVER,
        by=by,
        at=at,
        about=taker,
        note=f"原管理员{former.name}：{pending.get_afterwards_display()}",
    )
    return taker
