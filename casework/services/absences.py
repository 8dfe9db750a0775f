"""Officers who are away: set with a deputy, ended, and how the deputy acts for them."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from casework.models import Absence
from registry.models import Agency, Officer, Post

_DAY = timedelta(days=1)


class BadAbsence(Exception):
    """The absence can't be set or ended so; the sentence says why."""


def _held(rows: QuerySet[Absence]) -> QuerySet[Absence]:
    """Return absences with their `last` day; those that never began are left out."""
    return rows.annotate(last=Coalesce("ended_on", "to_day")).filter(last__gte=F("from_day"))


def _between(rows: QuerySet[Absence], first: date, last: date) -> QuerySet[Absence]:
    return _held(rows).filter(from_day__lte=last, last__gte=first)


def of_agency(agency_id: int) -> QuerySet[Absence]:
    """Return an agency's absences, the latest first."""
    rows = Absence.objects.filter(officer__agency=agency_id)
    return rows.select_related("officer", "deputy", "set_by").order_by("-from_day", "-pk")


def deputies_for(officer: Officer) -> QuerySet[Officer]:
    """Return who may act for an officer: same agency, same post, able to sign in."""
    same = Officer.objects.filter(agency=officer.agency_id, post=officer.post)
    return same.filter(user__is_active=True).exclude(pk=officer.pk).order_by("name", "pk")


def may_set(officer: Officer, by: Officer) -> bool:
    """Return whether somebody sets and ends an officer's absences: they, or their head."""
    head = by.post == Post.HEAD and by.agency_id == officer.agency_id
    return by.pk == officer.pk or head


@transaction.atomic
def set_absence(
    *,
    officer: Officer,
    deputy: Officer,
    from_day: date,
    to_day: date,
    reason: str,
    by: Officer,
    at: datetime,
) -> Absence:
    """Set when an officer is away, and who acts for them meanwhile.

    :raises BadAbsence: if it isn't theirs to set, lies in the past, the deputy can't, or days
        overlap: nobody is absent twice, no deputy is away, and no deputy's deputy acts.
    """
    # One after the other: two absences of an agency see each other.
    Agency.objects.select_for_update().get(pk=officer.agency_id)
    if not may_set(officer, by):
        raise BadAbsence("外出由本人或者本机构负责人登记。")
    if from_day < timezone.localdate(at):
        raise BadAbsence("不能登记已经过去的日子。")
    if to_day < from_day:
        raise BadAbsence("结束日不能早于开始日。")
    if not deputies_for(officer).filter(pk=deputy.pk).exists():
        raise BadAbsence("代办人须是同一机构、同一岗位的另一位同事，账号要能登录。")
    if _between(officer.absences.all(), from_day, to_day).exists():
        raise BadAbsence(f"{officer.name}在这些天已经登记外出。")
    if _between(deputy.absences.all(), from_day, to_day).exists():
        raise BadAbsence(f"{deputy.name}在这些天也外出，请另选代办人。")
    if busy := _between(officer.deputyships.all(), from_day, to_day).first():
        raise BadAbsence(f"{officer.name}在这些天代{busy.officer.name}办理，请先另行安排。")
    return Absence.objects.create(
        officer=officer,
        deputy=deputy,
        from_day=from_day,
        to_day=to_day,
        reason=reason.strip(),
        set_by=by,
        set_at=at,
    )


@transaction.atomic
def end(*, absence_id: int, by: Officer, at: datetime) -> Absence:
    """End an absence: yesterday was its last day. One that hasn't begun never begins.

    :raises BadAbsence: if it isn't theirs to end, or is over.
    """
    absence = (
        Absence.objects.select_for_update(of=("self",)).select_related("officer").get(pk=absence_id)
    )
    if not may_set(absence.officer, by):
        raise BadAbsence("外出由本人或者本机构负责人结束。")
    today = timezone.localdate(at)
    if absence.ended_on is not None or absence.to_day < today:
        raise BadAbsence("这次外出已经结束。")
    absence.ended_on = max(today, absence.from_day) - _DAY
    absence.ended_by, absence.ended_at = by, at
    absence.save(update_fields=["ended_on", "ended_by", "ended_at"])
    return absence


def stood_in_for(deputy: Officer, *, today: date) -> list[Absence]:
    """Return the absences in which an officer acts for a colleague today.

    Who has changed agency or post since acts for nobody.
    """
    rows = _between(Absence.objects.filter(deputy=deputy), today, today).filter(
        Q(officer__agency=deputy.agency_id, officer__post=deputy.post)
    )
    return list(rows.select_related("officer__agency__district").order_by("from_day", "pk"))


def standing_in(deputy: Officer, absence: Absence) -> Officer:
    """Return the deputy as they act for an absent colleague: what services write down says so.

    It is for one call of a service. `absence` is one of `stood_in_for`.
    """
    acting = Officer.objects.select_related("agency__district", "user").get(pk=deputy.pk)
    acting._stands_in = absence  # type: ignore[attr-defined]  # for this call only
    return acting


def absence_of(by: Officer) -> Absence | None:
    """Return the absence for which an officer acts just now; None: in their own name."""
    found: Absence | None = getattr(by, "_stands_in", None)
    return found


def absent_of(by: Officer) -> Officer | None:
    """Return the colleague for whom an officer acts just now."""
    absence = absence_of(by)
    return absence.officer if absence else None


def people(by: Officer) -> set[int]:
    """Return the numbers of those whose separation of duties an act of an officer has to keep:
    their own, and that of the colleague for whom they act."""
    absent = absent_of(by)
    return {by.pk} if absent is None else {by.pk, absent.pk}
