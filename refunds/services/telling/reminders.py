"""Reminders of open choices: unasked before the day, and to many when an officer sends them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import groupby

from django.db import connection, transaction
from django.utils import timezone

from casework import services as casework
from casework.models import Channel, Notice
from casework.services import holidays, outgoing
from casework.tell import kinds
from refunds import letters_telling, queries_telling
from refunds.models import Obligation
from refunds.telling import RULES, latest_start
from registry import scope
from registry.models import Employer, Officer, Post

#: In one transaction, so that each stays short.
MOST_AT_ONCE = 2000
_DAY = timedelta(days=1)

_REMIND = """
INSERT INTO refunds_choicereminder (obligation_id, due_on, sent_at)
SELECT o.id, %(due)s, %(at)s FROM refunds_obligation o
WHERE o.state = 'OFFERED' AND o.opened_at >= %(first)s AND o.opened_at < %(last)s
    AND NOT EXISTS (SELECT FROM refunds_choicereminder r WHERE r.obligation_id = o.id)
ORDER BY o.employer_id, o.id LIMIT %(most)s
ON CONFLICT (obligation_id) DO NOTHING
RETURNING id, obligation_id
"""


def remind(*, at: datetime) -> int:
    """Remind units whose day comes near; return of how many refunds.

    Each is reminded of once, run twice, late or by several at once. After the day is over it
    is too late for a reminder: then somebody telephones.
    """
    today = timezone.localdate(at)
    calendar = holidays.calendar(today.replace(year=today.year - 1), today)
    # So many working days have gone by for those whose day is `remind_before` days away.
    newest = latest_start(today, RULES.choice_days - RULES.remind_before, calendar)
    oldest = latest_start(today, RULES.choice_days, calendar)
    done, day = 0, newest
    while day >= oldest:
        while told := _of_day(day, at=at):
            done += told
        day -= _DAY
    return done


@transaction.atomic
def _of_day(opened_on: date, *, at: datetime) -> int:
    due_on = queries_telling.choice_due(opened_on)
    first = timezone.make_aware(datetime.combine(opened_on, time.min))
    with connection.cursor() as cursor:
        cursor.execute(
            _REMIND,
            {
                "due": due_on,
                "at": at,
                "first": first,
                "last": first + _DAY,
                "most": MOST_AT_ONCE,
            },
        )
        new = {obligation: reminder for reminder, obligation in cursor.fetchall()}
    rows = Obligation.objects.filter(pk__in=new).order_by("employer_id", "pk")
    messages = []
    for _, of in groupby(rows, key=lambda obligation: obligation.employer_id):
        together = list(of)
        cause = min(new[obligation.pk] for obligation in together)
        messages.append(letters_telling.reminder(together, due_on=due_on, reminder_id=cause))
    casework.send_notices(messages, at=at)
    return len(new)


class NotYours(Exception):
    """The officer sends no reminders."""


class ListChanged(Exception):
    """Who would be reminded is no longer what the officer has seen."""


@dataclass(frozen=True)
class Preview:
    """Who would be reminded, by what, and what they would read; `digest` freezes all of it."""

    units: tuple[tuple[int, Decimal], ...]
    sms: int
    emails: int
    portal_only: int
    told_today: int
    sample: str
    sample_sms: str
    digest: str

    @property
    def count(self) -> int:
        """How many units would be reminded."""
        return len(self.units)


def preview(*, employers: Sequence[Employer], officer: Officer, at: datetime) -> Preview:
    """Return who would be reminded of those picked: the officer's own, asked for a choice.

    `employers` come from `queries_telling`. Who was reminded by an officer today already is
    left out and counted.

    :raises NotYours: if the officer is no handler.
    """
    if officer.post != Post.HANDLER:
        raise NotYours("只有经办岗可以发送提醒。")
    day = timezone.localdate(at)
    own = [unit for unit in employers if scope.may_act(officer, unit)][: RULES.most_reminded]
    keys = {f"refund.nudge.{unit.pk}.{day:%Y%m%d}": unit.pk for unit in own}
    told = set(Notice.objects.filter(key__in=keys).values_list("key", flat=True))
    told_ids = {keys[key] for key in told}
    units = tuple(
        sorted((unit.pk, unit.due) for unit in own if unit.pk not in told_ids)  # type: ignore[attr-defined]
    )
    sample = letters_telling.nudge(
        employer_id=0,
        amount=_yuan(units[0][1]) if units else "0.00",
        office=_office(officer),
        day=day,
    )
    kind = kinds.of(sample.key)
    where, off = (
        outgoing.reachable([pk for pk, _ in units]),
        outgoing.switched_off([pk for pk, _ in units]),
    )

    def by(channel: Channel) -> set[int]:
        return {
            pk
            for pk, _ in units
            if kind and where[pk].by(channel) and (pk, kind.code, channel.value) not in off
        }

    sms, emails = by(Channel.SMS), by(Channel.EMAIL)
    frozen = f"{day}|{sample.title}|{sample.body}|" + ";".join(
        f"{pk}:{due}:{pk in sms}:{pk in emails}" for pk, due in units
    )
    return Preview(
        units=units,
        sms=len(sms),
        emails=len(emails),
        portal_only=len(units) - len(sms | emails),
        told_today=len(told_ids),
        sample=sample.body,
        sample_sms=outgoing.short_text(kind, sample.title) if kind else "",
        digest=sha256(frozen.encode()).hexdigest(),
    )


@transaction.atomic
def send(*, employers: Sequence[Employer], digest: str, officer: Officer, at: datetime) -> int:
    """Remind exactly those whom the officer has seen; return how many.

    Sent twice, nobody is told twice: one reminder a day for a unit.

    :raises NotYours: if the officer is no handler.
    :raises ListChanged: if it is no longer what was seen; nothing is sent then.
    """
    seen = preview(employers=employers, officer=officer, at=at)
    if seen.digest != digest:
        raise ListChanged("名单、金额或文字在您查看以后有变动，没有发送。请按新的名单再确认一次。")
    day = timezone.localdate(at)
    casework.send_notices(
        (
            letters_telling.nudge(
                employer_id=pk, amount=_yuan(due), office=_office(officer), day=day
            )
            for pk, due in seen.units
        ),
        at=at,
    )
    return seen.count


def _yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _office(officer: Officer) -> str:
    return str(officer.agency.name)
