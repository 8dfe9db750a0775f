"""Open the demo accounts by the ways real ones are opened, and give them one password.

Officers by `create_officer`; enterprises by a code that the agency's handler hands out, their
preparers and signers by the owner's invitation.
Accounts carry an address at `demo.invalid`; an account of the same name without it belongs
to somebody else and is left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from config.demo import password
from config.demo.people import (
    ADMIN,
    COLLEAGUES,
    MAIL_DOMAIN,
    OWNERS,
    STAFF,
    USERNAMES,
    Colleague,
    Owner,
    Staff,
)
from registry import queries
from registry.models import Agency, Employer, Membership, Officer, Post
from registry.services import accounts, activation, members


@dataclass(frozen=True)
class Row:
    """One line of the printed table."""

    username: str
    role: str
    place: str
    try_this: str


def _mail(username: str) -> str:
    return f"{username}@{MAIL_DOMAIN}"


def _ours() -> QuerySet[User]:
    return User.objects.filter(username__in=USERNAMES, email__endswith=f"@{MAIL_DOMAIN}")


def ours() -> set[str]:
    """Return the user names that exist and are ours."""
    return set(_ours().values_list("username", flat=True))


def _taken() -> set[str]:
    return set(User.objects.filter(username__in=USERNAMES).values_list("username", flat=True))


def staff_opened() -> bool:
    """Say whether every account of staff exists, ours or not."""
    return _taken() >= {who.username for who in STAFF} | {ADMIN}


def owners_opened() -> bool:
    """Say whether every account of an enterprise exists, ours or not."""
    return _taken() >= {who.username for who in (*OWNERS, *COLLEAGUES)}


def open_staff(*, at: datetime) -> None:
    """Open the officers' and the administrator's accounts that are missing."""
    taken = _taken()
    for who in STAFF:
        if who.username not in taken:
            _open_officer(who, at=at)
    if ADMIN not in taken:
        _open_administrator()


@transaction.atomic
def _open_officer(who: Staff, *, at: datetime) -> None:
    agency = Agency.objects.get(kind=who.kind, district_id=who.district, zone=who.zone)
    officer = accounts.create_officer(
        username=who.username,
        name=who.name,
        agency_id=agency.pk,
        post=Post(who.post),
        password=password.drawn(),
        temporary=False,
        at=at,
    )
    User.objects.filter(pk=officer.user_id).update(email=_mail(who.username))


@transaction.atomic
def _open_administrator() -> None:
    accounts.open_user(
        username=ADMIN,
        password=password.drawn(),
        email=_mail(ADMIN),
        is_staff=True,
        is_superuser=True,
    )


def open_owners(employers: dict[str, Employer], *, at: datetime) -> None:
    """Open the enterprises' accounts that are missing; `employers` are the stories' units."""
    taken = _taken()
    for who in OWNERS:
        if who.username not in taken:
            _open_owner(who, employers[who.story], at=at)
    for colleague in COLLEAGUES:
        if colleague.username not in taken:
            _open_colleague(colleague, employers[colleague.story], at=at)


def _handler_of(employer: Employer) -> Officer:
    return Officer.objects.select_related("agency__district", "user").get(
        user__email__endswith=f"@{MAIL_DOMAIN}",
        agency__kind=Agency.Kind.SOCIAL_INSURANCE,
        agency__district_id=employer.district_id,
        post=Post.HANDLER,
    )


@transaction.atomic
def _open_owner(who: Owner, employer: Employer, *, at: datetime) -> None:
    code, _ = activation.hand_out_code(
        employer_id=employer.pk, officer=_handler_of(employer), at=at
    )
    member = activation.activate(
        uscc=employer.uscc,
        code=code,
        username=who.username,
        name=who.name,
        phone=employer.phone,
        password=password.drawn(),
        address=None,
        at=at,
    )
    User.objects.filter(pk=member.user_id).update(email=_mail(who.username))


@transaction.atomic
def _open_colleague(who: Colleague, employer: Employer, *, at: datetime) -> None:
    owner = queries.owner_of(employer)
    if owner is None:
        return  # somebody else's account has the owner's name, and the unit nobody to invite
    code, _ = members.invite(
        owner=owner, name=who.name, role=Membership.Role(who.role), phone=employer.phone, at=at
    )
    member = activation.activate(
        uscc=employer.uscc,
        code=code,
        username=who.username,
        name=who.name,
        phone=employer.phone,
        password=password.drawn(),
        address=None,
        at=at,
    )
    User.objects.filter(pk=member.user_id).update(email=_mail(who.username))


def agreed(folder: Path) -> bool:
    """Say whether all our accounts have the password that is written down and wanted."""
    return _ours().order_by().values("password").distinct().count() == 1 and password.kept(
        folder
    ) == password.wanted(folder)


def agree_on_password(folder: Path) -> None:
    """Give all our accounts the wanted password, and write it down."""
    wanted = password.wanted(folder)
    # One digest for all: it is one password, and a digest takes its time.
    _ours().update(password=make_password(wanted))
    password.keep(folder, wanted)


def _story_first_seen(who: Owner | Colleague) -> int:
    return [owner.story for owner in OWNERS].index(who.story)


def rows() -> Iterator[Row]:
    """Yield our accounts as they are, in the order in which a newcomer would try them."""
    known = ours()
    known_members = {
        member.user.username: member
        for member in Membership.objects.filter(user__username__in=known).select_related(
            "user", "employer"
        )
    }
    for who in sorted((*OWNERS, *COLLEAGUES), key=_story_first_seen):
        if member := known_members.get(who.username):
            yield Row(who.username, member.get_role_display(), member.employer.name, who.try_this)
    officers = {
        officer.user.username: officer
        for officer in Officer.objects.filter(user__username__in=known).select_related(
            "user", "agency"
        )
    }
    for staff in STAFF:
        if staff.username in officers:
            officer = officers[staff.username]
            post = str(Post(officer.post).label)
            yield Row(staff.username, post, officer.agency.name, staff.try_this)
    if ADMIN in known:
        yield Row(ADMIN, "系统管理员", "/admin/", "参考数据、账号、政策文件")
