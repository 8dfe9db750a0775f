"""Messages out of the house, written in the transaction of the notice they tell of."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from casework.models import Channel, Notice, OutboxMessage, SwitchedOff
from casework.tell import kinds, rules
from casework.tell.kinds import Kind
from registry.models import Employer, Membership

_SIGNING = (Membership.Role.OWNER, Membership.Role.SIGNER)


@dataclass(frozen=True)
class Reachable:
    """Where one unit can be told: the people who may act first, by role."""

    mobiles: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()

    def by(self, channel: str) -> tuple[str, ...]:
        """Return the addresses of a channel."""
        return self.mobiles if channel == Channel.SMS else self.emails


def reachable(employer_ids: Collection[int]) -> dict[int, Reachable]:
    """Return where units can be told: two queries, however many units.

    Text messages go to the owner and the signers, and where none of them has a mobile number
    to the unit's own; e-mail to the owner and the signers.
    """
    mobiles: dict[int, list[str]] = defaultdict(list)
    emails: dict[int, list[str]] = defaultdict(list)
    members = Membership.objects.active().filter(employer__in=employer_ids, role__in=_SIGNING)
    for employer, phone, email in members.order_by("role", "pk").values_list(
        "employer_id", "phone", "user__email"
    ):
        if number := rules.mobile(phone):
            mobiles[employer].append(number)
        if address := rules.address(email):
            emails[employer].append(address)
    units = Employer.objects.filter(pk__in=employer_ids).values_list("pk", "phone")
    for employer, phone in units:
        if employer not in mobiles and (number := rules.mobile(phone)):
            mobiles[employer].append(number)
    most = rules.RULES.per_unit
    return {
        employer: Reachable(
            tuple(dict.fromkeys(mobiles[employer]))[:most],
            tuple(dict.fromkeys(emails[employer]))[:most],
        )
        for employer in employer_ids
    }


def switched_off(employer_ids: Collection[int]) -> set[tuple[int, str, str]]:
    """Return which reminders units don't want: employer, kind, channel."""
    rows = SwitchedOff.objects.filter(employer__in=employer_ids)
    return set(rows.values_list("employer_id", "kind", "channel"))


def short_text(kind: Kind, title: str) -> str:
    """Return the text message about a notice."""
    return rules.RULES.short(title, kind.tail)


def write(notices: Sequence[Notice], *, at: datetime) -> None:
    """Write the messages about notices that were just stored; each cause and address once."""
    told = [(notice, kind) for notice in notices if (kind := kinds.of(notice.key))]
    if not told:
        return
    employers = {notice.employer_id for notice, _ in told}
    where, off = reachable(employers), switched_off(employers)
    messages = [
        message
        for notice, kind in told
        for channel in Channel
        if kind.legal or (notice.employer_id, kind.code, channel.value) not in off
        for message in _about(notice, kind, channel, where[notice.employer_id], at=at)
    ]
    OutboxMessage.objects.bulk_create(messages, ignore_conflicts=True, batch_size=1000)


def _about(
    notice: Notice, kind: Kind, channel: Channel, where: Reachable, *, at: datetime
) -> Iterable[OutboxMessage]:
    sms = channel == Channel.SMS
    due = rules.RULES.when_open(timezone.localtime(at)) if sms else at
    for to in where.by(channel):
        mark = hashlib.sha256(to.encode()).hexdigest()[:16]
        yield OutboxMessage(
            key=f"{notice.key}|{channel}|{mark}",
            employer_id=notice.employer_id,
            notice=notice,
            kind=kind.code,
            channel=channel,
            to=to,
            subject=" ".join(notice.title.split()),
            text=short_text(kind, notice.title) if sms else _letter(notice, kind),
            due_at=due,
            created_at=at,
        )


def _letter(notice: Notice, kind: Kind) -> str:
    parts = [notice.title + "。"]
    if kind.whole:
        parts.append(notice.body)
    parts.append(kind.tail)
    if notice.path:
        parts.append(f"办理入口：{settings.PUBLIC_URL}{notice.path}")
    parts.append(f"（本邮件由系统发出，请勿回复。）\n{rules.RULES.sign}")
    return "\n\n".join(parts)
