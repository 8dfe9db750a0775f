"""Giving away what waits in the outbox: taken under a lease, given away, noted.

The adapter is called outside of any transaction. Whoever dies after calling it leaves a message
whose lease runs out; it is asked about, or given away again under the same id, and where the
adapter keeps no book of ids it waits for an officer. Redis has no part in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from casework.models import Channel, OutboxMessage
from casework.tell import adapters
from casework.tell.interface import Adapter, Outgoing, Said, Verdict
from casework.tell.rules import RULES
from registry import scope
from registry.models import Officer, Post

State = OutboxMessage.State
Finder = Callable[[str], Adapter]
UNSURE_BY_HAND = "不知道发出没有：请先向邮件服务器核实，再决定是否重发。"

_USE_ALLOWANCE = """
INSERT INTO casework_numberday (number, day, used) VALUES (%s, %s, 1)
ON CONFLICT (number, day) DO UPDATE SET used = casework_numberday.used + 1
WHERE casework_numberday.used < %s
RETURNING used
"""


@dataclass
class Relayed:
    """What became of the messages that were due."""

    sent: int = 0
    later: int = 0
    in_vain: int = 0

    def add(self, verdict: Verdict) -> None:
        if verdict in {Verdict.TAKEN, Verdict.DELIVERED}:
            self.sent += 1
        elif verdict == Verdict.REFUSED:
            self.in_vain += 1
        else:
            self.later += 1


@dataclass(frozen=True)
class Taken:
    """A message under our lease; `doubtful`: somebody may have given it away already."""

    message: OutboxMessage
    doubtful: bool


def relay(
    *,
    clock: Callable[[], datetime],
    adapter_of: Finder = adapters.of_channel,
    at_most: timedelta | None = None,
) -> Relayed:
    """Give away what is due, until nothing is or `at_most` has gone by.

    Safe to run twice, by several at once, late or never.
    """
    done = Relayed()
    found = {channel.value: adapter_of(channel.value) for channel in Channel}
    until = clock() + at_most if at_most else None
    while batch := take(at=clock()):
        for taken in batch:
            # Too near the end of the lease: whoever takes it next asks first.
            lease = taken.message.lease_until
            if lease is None or clock() > lease - timedelta(seconds=3 * RULES.timeout):
                continue
            adapter = found[taken.message.channel]
            said = _give(adapter, taken)
            if note(taken.message, said, at=clock(), by_hand=not adapter.repeats_safely):
                done.add(said.verdict)
        if until and clock() >= until:
            break
    return done


@transaction.atomic
def take(*, at: datetime) -> list[Taken]:
    """Take some messages that are due and that nobody else holds.

    A text message uses a place of its number's day first; where none is left it waits for
    tomorrow. Numbers are counted in their order, so that two relays can't block each other.
    """
    local = timezone.localtime(at)
    free = Q(state__in=[State.QUEUED, State.FAILED, State.UNSURE], due_at__lte=at)
    free |= Q(state=State.SENDING, lease_until__lt=at)
    rows = OutboxMessage.objects.filter(free, state__in=OutboxMessage.OPEN)
    if not RULES.is_open(local):
        rows = rows.exclude(channel=Channel.SMS)
    locked = rows.order_by("due_at", "pk").select_for_update(skip_locked=True)
    found = sorted(locked[: RULES.at_once], key=lambda row: (row.to, row.pk))
    batch = []
    token = uuid4()
    for message in found:
        doubtful = message.state in {State.SENDING, State.UNSURE}
        if message.channel == Channel.SMS and not _has_place(message, local):
            message.due_at = RULES.next_day(local)
            message.state = State.UNSURE if doubtful else State.QUEUED
            message.lease_token = message.lease_until = None
            message.error = f"这个号码今天已经发满 {RULES.per_day} 条，明天再发。"
        else:
            message.state = State.SENDING
            message.lease_token, message.lease_until = token, at + RULES.lease
            message.attempts += 1
            batch.append(Taken(message, doubtful))
        message.save(
            update_fields=[
                "state",
                "lease_token",
                "lease_until",
                "attempts",
                "counted_on",
                "due_at",
                "error",
            ]
        )
    # None had a place: they wait now, so another look finds others.
    return batch or (take(at=at) if found else [])


def _has_place(message: OutboxMessage, local: datetime) -> bool:
    """Use one of the places of a number's day, once for each message and day."""
    today = local.date()
    if message.counted_on == today:
        return True
    with connection.cursor() as cursor:
        cursor.execute(_USE_ALLOWANCE, [message.to, today, RULES.per_day])
        if cursor.fetchone() is None:
            return False
    message.counted_on = today
    return True


def _outgoing(message: OutboxMessage) -> Outgoing:
    return Outgoing(str(message.public_id), message.to, message.subject, message.text)


def _give(adapter: Adapter, taken: Taken) -> Said:
    """Give a message away; one that may have gone already is asked about first."""
    outgoing = _outgoing(taken.message)
    if not taken.doubtful:
        return adapter.send(outgoing)
    if not adapter.repeats_safely:
        return Said(Verdict.UNSURE, reason=UNSURE_BY_HAND)
    return adapter.ask(outgoing) or adapter.send(outgoing)


def note(message: OutboxMessage, said: Said, *, at: datetime, by_hand: bool = False) -> bool:
    """Write down what became of a message; return False if the lease was lost meanwhile.

    `by_hand`: in doubt it isn't tried again by itself.
    """
    held = OutboxMessage.objects.filter(
        pk=message.pk, state=State.SENDING, lease_token=message.lease_token
    )
    changes: dict[str, object] = {
        "lease_token": None,
        "lease_until": None,
        "error": said.reason[:200],
    }
    if said.provider_id:
        changes["provider_id"] = said.provider_id[:80]
    if said.verdict in {Verdict.TAKEN, Verdict.DELIVERED}:
        changes |= {"state": State.SENT, "sent_at": at}
        if said.verdict == Verdict.DELIVERED:
            changes |= {"state": State.DELIVERED, "delivered_at": at}
    elif said.verdict == Verdict.REFUSED:
        changes["state"] = State.GIVEN_UP
        if said.provider_id:  # taken, and not delivered: sent again it needs an id of its own
            changes["sent_at"] = at
    else:
        changes |= _later(message, said, at=at, by_hand=by_hand)
    return bool(held.update(**changes))


def _later(message: OutboxMessage, said: Said, *, at: datetime, by_hand: bool) -> dict[str, object]:
    unsure = said.verdict == Verdict.UNSURE
    wait = RULES.wait_after(message.attempts)
    if unsure and by_hand:
        return {"state": State.GIVEN_UP, "error": UNSURE_BY_HAND}
    if wait is None:
        # What is in doubt may have been sent all the same; an officer decides.
        return {
            "state": State.GIVEN_UP,
            "error": f"多次没有成功，不再自动重试。{said.reason}"[:200],
        }
    due = at + wait
    if message.channel == Channel.SMS:
        due = RULES.when_open(timezone.localtime(due))
    return {"state": State.UNSURE if unsure else State.FAILED, "due_at": due}


@transaction.atomic
def receive_receipt(*, public_id: str, delivered: bool, reason: str, at: datetime) -> bool:
    """Note what the gateway tells later of a message; return False if we know of none such.

    Safe to repeat, and in any order: once delivered stays delivered.
    """
    message = OutboxMessage.objects.select_for_update().filter(public_id=public_id).first()
    if message is None or message.channel != Channel.SMS:
        return False
    if message.state == State.DELIVERED:
        return True
    message.lease_token = message.lease_until = None
    message.sent_at = message.sent_at or at
    if delivered:
        message.state, message.delivered_at, message.error = State.DELIVERED, at, ""
    else:
        message.state = State.GIVEN_UP
        message.error = f"短信没有送达：{reason}"[:200] if reason else "短信没有送达。"
    message.save(
        update_fields=["state", "lease_token", "lease_until", "sent_at", "delivered_at", "error"]
    )
    return True


class NotYours(Exception):
    """The officer has no part in this unit's messages."""


class NothingToResend(Exception):
    """The message has arrived, or is on its way."""


@transaction.atomic
def resend(*, message_id: int, officer: Officer, at: datetime) -> OutboxMessage:
    """Have a message that did not arrive sent again.

    One that was never surely taken keeps its id, so that it can't arrive twice by way of
    whoever keeps a book of ids; one that was taken and not delivered goes out anew.

    :raises NotYours: if the officer is no handler of the unit's agency.
    :raises NothingToResend: if it is on its way, or has arrived.
    """
    rows = OutboxMessage.objects.select_for_update(of=["self"]).select_related("employer")
    message = rows.get(pk=message_id)
    if officer.post != Post.HANDLER or not scope.may_act(officer, message.employer):
        raise NotYours("只有参保地经办机构的经办岗可以重发。")
    if message.state not in {State.GIVEN_UP, State.FAILED, State.UNSURE}:
        raise NothingToResend("这条消息已经发出或者正在发送，不用重发。请刷新页面查看最新状态。")
    due = at
    if message.channel == Channel.SMS:
        due = RULES.when_open(timezone.localtime(at))
    if message.sent_at is not None:
        return _anew(message, due=due, at=at)
    # By a book of ids it is asked about first; an e-mail goes out because the officer says so.
    message.state = State.UNSURE if message.channel == Channel.SMS else State.QUEUED
    message.attempts, message.due_at, message.error = 0, due, ""
    message.save(update_fields=["state", "attempts", "due_at", "error"])
    return message


def _anew(message: OutboxMessage, *, due: datetime, at: datetime) -> OutboxMessage:
    base = message.key.split("|again", 1)[0]
    again = OutboxMessage.objects.filter(key__startswith=f"{base}|again").count() + 1
    latest = f"{base}|again{again - 1}" if again > 1 else base
    if message.key != latest:
        raise NothingToResend("这条消息已经重发过，请看最新的一条。")
    return OutboxMessage.objects.create(
        key=f"{base}|again{again}",
        employer_id=message.employer_id,
        notice_id=message.notice_id,
        kind=message.kind,
        channel=message.channel,
        to=message.to,
        subject=message.subject,
        text=message.text,
        due_at=due,
        created_at=at,
    )
