"""Days on which work stands still: prepared, approved by somebody else, ended, asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from casework.clocks import Paused
from casework.models import FreezeWindow

_DAY = timedelta(days=1)
#: Pages say so many days ahead what is coming.
AHEAD = timedelta(days=7)


class Held(Enum):
    """What a freeze may hold back, by the field that says so."""

    SUBMISSIONS = "holds_submissions"
    DECISIONS = "holds_decisions"

    @property
    def label(self) -> str:
        """What can't be done meanwhile."""
        return {"holds_submissions": "提交申请", "holds_decisions": "审批和签订协议"}[self.value]


class Frozen(Exception):
    """Today this is held back; the sentence says until when and why."""


class BadFreeze(Exception):
    """The freeze can't be approved or ended as it stands."""


@dataclass(frozen=True)
class Window:
    """A freeze that holds or will: its days, both included, what it stops and why."""

    first: date
    last: date
    reason: str
    document: str
    stops_clocks: bool
    held: tuple[Held, ...]

    @property
    def stopped(self) -> str:
        """What stands still, in words."""
        words = [each.label for each in self.held]
        return "、".join([*words, "办理时限的计算"] if self.stops_clocks else words)


@transaction.atomic
def approve(*, window_id: int, by: AbstractBaseUser, at: datetime) -> FreezeWindow:
    """Put a freeze into force, by another administrator than who prepared it. Safe to repeat.

    :raises BadFreeze: if it is the same person, or the first day is over.
    """
    window = FreezeWindow.objects.select_for_update().get(pk=window_id)
    if window.approved_by_id is not None:
        return window
    if window.prepared_by_id == by.pk:
        raise BadFreeze("拟定人和核准人必须是两个人。")
    if window.from_day < timezone.localdate(at):
        raise BadFreeze("开始日已经过去，不能补办。请重新拟定从今天或以后开始的时段。")
    window.approved_by_id, window.approved_at = by.pk, at
    window.save(update_fields=["approved_by", "approved_at"])
    return window


@transaction.atomic
def end(*, window_id: int, by: AbstractBaseUser, at: datetime) -> FreezeWindow:
    """End a freeze today: yesterday was its last day. One that hasn't begun never begins.

    :raises BadFreeze: if it isn't in force, or is over.
    """
    window = FreezeWindow.objects.select_for_update().get(pk=window_id)
    today = timezone.localdate(at)
    if window.approved_by_id is None:
        raise BadFreeze("这个时段还没有核准，本来就不起作用。")
    if window.ended_on is not None or window.to_day < today:
        raise BadFreeze("这个时段已经结束。")
    window.ended_on = max(today, window.from_day) - _DAY
    window.ended_by_id, window.ended_at = by.pk, at
    window.save(update_fields=["ended_on", "ended_by", "ended_at"])
    return window


def _approved() -> QuerySet[FreezeWindow]:
    found = FreezeWindow.objects.filter(approved_by__isnull=False)
    return found.annotate(last=Coalesce("ended_on", "to_day")).filter(last__gte=F("from_day"))


def pauses(first: date, last: date) -> list[Paused]:
    """Return the days between two days on which every clock stands still, as pauses."""
    rows = _approved().filter(stops_clocks=True, from_day__lte=last, last__gte=first)
    return [
        Paused(row.from_day - _DAY, row.last, f"{row.reason}（{row.document}）")
        for row in rows.order_by("from_day", "pk")
    ]


def windows(day: date) -> list[Window]:
    """Return the freezes that hold on a day or begin soon, the first one first."""
    rows = _approved().filter(from_day__lte=day + AHEAD, last__gte=day)
    return [_window(row) for row in rows.order_by("from_day", "pk")]


def _window(row: FreezeWindow) -> Window:
    return Window(
        first=row.from_day,
        last=row.ended_on or row.to_day,
        reason=row.reason,
        document=row.document,
        stops_clocks=row.stops_clocks,
        held=tuple(each for each in Held if getattr(row, each.value)),
    )


def check(what: Held, *, at: datetime) -> None:
    """Return if something may be done today.

    :raises Frozen: if a freeze holds it back.
    """
    today = timezone.localdate(at)
    holding: Mapping[str, bool] = {what.value: True}
    rows = _approved().filter(Q(**holding), from_day__lte=today, last__gte=today)
    found = rows.order_by("-last").first()
    if found is None:
        return
    window = _window(found)
    again = window.last + _DAY
    raise Frozen(
        f"{window.reason}期间暂停{what.label}（{window.document}）。"
        f"{again.year}年{again.month}月{again.day}日起恢复，已填写的内容都保留着。"
    )
