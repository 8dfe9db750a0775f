"""The log of an employer's accounts: one row for each thing done, written with it."""

from dataclasses import dataclass
from datetime import datetime

from registry.models import Employer, Membership, MembershipEvent, Officer

Kind = MembershipEvent.Kind


@dataclass(frozen=True)
class Doer:
    """Who did it, named as they are on the day."""

    user_id: int
    name: str


def member(member: Membership) -> Doer:
    """Return a member of the employer as doer."""
    return Doer(member.user_id, f"{member.name}（{member.get_role_display()}）")


def officer(officer: Officer) -> Doer:
    """Return an officer as doer."""
    return Doer(
        officer.user_id, f"{officer.name}（{officer.agency.name}　{officer.get_post_display()}）"
    )


def write(
    *,
    employer: Employer,
    kind: MembershipEvent.Kind,
    by: Doer,
    at: datetime,
    about: Membership | None = None,
    subject: str = "",
    note: str = "",
) -> None:
    """Add a row. `about` is the member concerned; where nobody is one yet, `subject` a name."""
    MembershipEvent.objects.create(
        employer=employer,
        kind=kind,
        member=about,
        subject=subject or (about.name if about else ""),
        by_user_id=by.user_id,
        by_name=by.name[:100],
        note=note,
        at=at,
    )
