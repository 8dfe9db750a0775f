"""A new owner where the former has left: a handler asks, a reviewer of the same agency agrees.

The handler's code is worth nothing until the reviewer has agreed. It then ends the former
owner's account and opens the new one's, in one step (`activation`). Until it is used nothing
changes; if the employer's owner changes in another way meanwhile, the code is dead.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from registry import queries, scope, secrets, signals
from registry.models import ActivationCode, Employer, Membership, Officer, Post
from registry.services import member_log, members
from registry.services.member_log import Kind

VALID_FOR = timedelta(days=30)
GROUPS = 4  # of 20 bits each
Decision = ActivationCode.Decision


class ReplacementRefused(Exception):
    """The owner can't be replaced so; the text says why."""


class NotYours(ReplacementRefused):
    """The officer does not do this for this employer."""


class NobodyToReplace(ReplacementRefused):
    """The employer has no owner."""


class NotOpen(ReplacementRefused):
    """It was decided, used, or has expired."""


class SamePerson(ReplacementRefused):
    """Who has asked can't agree."""


def expire_codes(employer: Employer, *, at: datetime) -> None:
    """End the codes handed out before and not used. The caller holds the employer's lock."""
    former = employer.activation_codes.filter(
        used_at__isnull=True, expires_at__gt=at, issued_at__lt=at
    )
    former.update(expires_at=at)


@transaction.atomic
def ask(
    *, employer_id: int, officer: Officer, reason: str, at: datetime
) -> tuple[str, ActivationCode]:
    """Draw a code for a new owner; return it in clear, this once, and its record. It becomes
    valid when a reviewer agrees. Codes handed out before and not used end with it.

    :raises NotYours: if the officer's agency or post does not work on this employer.
    :raises NobodyToReplace: if the employer has no owner: an ordinary code will do.
    """
    employer = members.lock(employer_id)
    if officer.post != Post.HANDLER or not scope.may_act(officer, employer):
        raise NotYours("更换管理员由单位参保地社保经办机构的经办岗登记。")
    former = queries.owner_of(employer)
    if former is None:
        raise NobodyToReplace("单位现在没有管理员，直接发放激活码即可。")
    expire_codes(employer, at=at)
    code = secrets.draw(GROUPS)
    record = ActivationCode.objects.create(
        employer=employer,
        digest=secrets.digest(code, salt=employer.uscc),
        purpose=ActivationCode.Purpose.REPLACE,
        replaces=former,
        reason=reason.strip(),
        issued_by=officer,
        issued_at=at,
        expires_at=at + VALID_FOR,
    )
    member_log.write(
        employer=employer,
        kind=Kind.REPLACEMENT_ASKED,
        by=member_log.officer(officer),
        at=at,
        about=former,
        note=record.reason,
    )
    signals.owner_replacement_asked.send(sender=ActivationCode, code=record, at=at)
    return code, record


@transaction.atomic
def decide(
    *, employer_id: int, code_id: int, officer: Officer, approved: bool, at: datetime
) -> ActivationCode:
    """Let the code become valid, or never.

    :raises NotYours: if the officer isn't a reviewer of the agency that has asked.
    :raises SamePerson: if the officer has asked for it.
    :raises NotOpen: if it was decided, replaced or has expired.
    """
    employer = members.lock(employer_id)
    record = waiting_codes(employer, at=at).filter(pk=code_id).first()
    if record is None:
        raise NotOpen("这次更换已经复核过，或者已经失效，请刷新页面后再看。")
    # The post may have changed since the handler's; the person has not.
    if record.issued_by_id == officer.pk:
        raise SamePerson("更换管理员要由另一位工作人员复核。")
    if officer.post != Post.REVIEWER or officer.agency_id != record.issued_by.agency_id:
        raise NotYours("更换管理员由登记机构的复核岗复核。")
    record.decision = Decision.APPROVED if approved else Decision.REFUSED
    record.decided_by, record.decided_at = officer, at
    record.save(update_fields=["decision", "decided_by", "decided_at"])
    member_log.write(
        employer=employer,
        kind=Kind.REPLACEMENT_APPROVED if approved else Kind.REPLACEMENT_REFUSED,
        by=member_log.officer(officer),
        at=at,
        about=record.replaces,
        note=record.reason,
    )
    return record


def waiting_codes(employer: Employer, *, at: datetime) -> QuerySet[ActivationCode]:
    """Return the replacements of an employer's owner that wait for the reviewer."""
    codes = employer.activation_codes.filter(
        purpose=ActivationCode.Purpose.REPLACE, decision="", expires_at__gt=at
    )
    return codes.select_related("issued_by__agency", "replaces").order_by("pk")


def end_former(record: ActivationCode, former: Membership, *, at: datetime) -> None:
    """End the former owner's account, and all they have left open: invitations whose codes they
    know, and handing over. The caller holds the employer's lock."""
    employer = record.employer
    employer.invitations.open().update(withdrawn_at=at)
    pending = queries.open_handover_of(employer)
    if pending is not None:
        pending.withdrawn_at, pending.withdrawn_by_id = at, record.issued_by.user_id
        pending.save(update_fields=["withdrawn_at", "withdrawn_by"])
    members.end(former, by_user_id=record.issued_by.user_id, reason=record.reason, at=at)


def announce(
    record: ActivationCode, former: Membership, owner: Membership, *, at: datetime
) -> None:
    """Write into the log who has taken whose place, on whose word, and tell the apps above."""
    officers = f"{record.issued_by.name}登记，{record.decided_by.name}复核"
    member_log.write(
        employer=owner.employer,
        kind=Kind.OWNER_REPLACED,
        by=member_log.member(owner),
        at=at,
        about=owner,
        note=f"原管理员{former.name}的账号停用；{officers}；原因：{record.reason}",
    )
    signals.owner_replaced.send(
        sender=ActivationCode, code=record, former=former, owner=owner, at=at
    )
