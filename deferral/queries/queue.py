"""The desk's list of applications, and what waits for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from casework import queries_matter as matter
from casework.models import Absence
from casework.queries_absence import worked_on
from casework.queries_matter import Running
from casework.services import absences
from casework.todo import Todo
from deferral.models import Agreement, Application, EarlyEnd, PlanChange
from deferral.queries import applications, people
from deferral.routes import routes
from deferral.workflow import CLOSED, IN_REVIEW, ChangeState, PersonState, State
from registry.models import Officer
from registry.scope import Viewer


def listed(
    viewer: Viewer,
    *,
    q: str = "",
    district: str = "",
    show: str = "",
    away: Sequence[Absence] = (),
) -> QuerySet[Application]:
    """Return applications for the desk's list.

    :param away: whom the officer stands in for.
    :param show: `mine`, `deputy` (of what waits, that on which those away have worked), `messages`, `open`, `running`, `over`; empty is all.
    """
    if show in ("mine", "deputy") and viewer.officer is not None:
        rows = applications.waiting_for(viewer.officer, viewer)
        if show == "deputy":
            rows = rows.filter(pk__in=list(worked_on(applications.KIND, away)))
    else:
        rows = applications.for_desk(viewer).order_by("-moved_at", "-pk")
    if show == "messages":
        rows = rows.filter(pk__in=applications.unread(viewer).values("pk"))
    if show == "open":
        rows = rows.filter(state__in=sorted(IN_REVIEW | {State.SUPPLEMENT, State.GRANTED}))
    elif show == "running":
        rows = rows.filter(state=State.AGREED)
    elif show == "over":
        rows = rows.filter(state__in=sorted(CLOSED))
    if q := q.strip():
        named = Q(employer__uscc__startswith=q.upper()) | Q(employer__name__contains=q)
        rows = rows.filter(named | Q(receipt=q.upper()))
    return rows.filter(employer__district=district) if district else rows


@dataclass(frozen=True)
class Row:
    """One application with the clock that is most urgent, and the absent colleague who has worked
    on it."""

    application: Application
    clock: Running | None
    absent: Officer | None = None


def with_clocks(
    rows: Sequence[Application], *, today: date, away: Sequence[Absence] = ()
) -> list[Row]:
    """Return applications with their running clocks, those under way on which somebody `away` has
    worked with their name; five queries, however many."""
    theirs = worked_on(applications.KIND, away, [row.pk for row in rows if row.state in IN_REVIEW])
    clocks = matter.clocks_of(applications.KIND, [row.pk for row in rows], today=today)
    found = []
    for row in rows:
        running = [each for each in clocks[row.pk] if each.clock.stopped_at is None]
        urgent = min(running, key=lambda each: each.counted.left, default=None)
        absence = theirs.get(row.pk)
        found.append(Row(row, urgent, absence.officer if absence else None))
    return found


def counts(viewer: Viewer, *, away: Sequence[Absence] = ()) -> dict[str, int]:
    """Return how many wait for the officer, of these as deputy, and how many are open."""
    return {
        "deputy": listed(viewer, show="deputy", away=away).count() if away else 0,
        "mine": listed(viewer, show="mine").count(),
        "open": listed(viewer, show="open").count(),
        "running": listed(viewer, show="running").count(),
    }


def todos(viewer: Viewer) -> list[Todo]:
    """Return what waits for this viewer: a unit's draft, signature, answer; an office's turn."""
    if viewer.membership is not None:
        return _of_unit(viewer)
    if viewer.officer is None:
        return []
    waiting = applications.waiting_for(viewer.officer, viewer).count()
    today = timezone.localdate()  # the clock: a to-do list is part of a page
    away = absences.stood_in_for(viewer.officer, today=today)
    deputy = listed(viewer, show="deputy", away=away).count() if away else 0
    names = "、".join(absence.officer.name for absence in away)
    return [
        Todo(
            "缓缴申请有新留言",
            applications.unread(viewer).count(),
            f"{reverse('desk_deferrals:list')}?show=messages",
            "单位在等您回复",
        ),
        Todo(
            "缓缴申请代同事办理",
            deputy,
            f"{reverse('desk_deferrals:list')}?show=deputy",
            f"{names}外出，由您代办",
        ),
        Todo("缓缴申请等您办理", waiting, reverse("desk_deferrals:list"), "受理、会审或审批"),
        *_of_agreements(viewer, viewer.officer),
    ]


def _of_agreements(viewer: Viewer, officer: Officer) -> list[Todo]:
    """Return what waits of agreements: plans, ends and persons, where the office has a say."""
    follows = any(applications.fits(officer, route.following) for route in routes())
    decides = any(applications.fits(officer, route.decision) for route in routes())
    found = []
    if follows:
        plans = PlanChange.objects.filter(
            state=ChangeState.ASKED, agreement__application__in=applications.for_desk(viewer)
        ).select_related("agreement__application")
        found += [
            Todo("补缴计划变更等决定", 1, _agreement_path(change.agreement), change.reason[:40])
            for change in plans.order_by("pk")[:20]
        ]
        ready = people.for_desk(viewer).filter(state=PersonState.PAID).count()
        found.append(
            Todo("一人一事等办结", ready, reverse("desk_deferrals:people"), "款项已到账，职工在等")
        )
    if decides:
        ends = EarlyEnd.objects.filter(
            state=ChangeState.ASKED, agreement__application__in=applications.for_desk(viewer)
        ).exclude(proposed_by=officer)
        found += [
            Todo("提前终止缓缴等审批", 1, _agreement_path(end.agreement), end.reason[:40])
            for end in ends.select_related("agreement__application").order_by("pk")[:20]
        ]
    return found


def _agreement_path(agreement: Agreement) -> str:
    return reverse("desk_deferrals:agreement", args=[agreement.application.receipt])


_UNIT_SAYS = {
    State.DRAFT: ("缓缴申请没有提交", "已保存，接着填完再提交"),
    State.TO_SIGN: ("缓缴申请等签署", "签署后才算提交"),
    State.SUPPLEMENT: ("缓缴申请要补正", "只需改告知书里列出的内容"),
    State.GRANTED: ("缓缴协议等签订", "签订后缓缴才生效"),
}


def _of_unit(viewer: Viewer) -> list[Todo]:
    rows = applications.of_unit(viewer).filter(state__in=list(_UNIT_SAYS))
    waiting = people.of_unit(viewer).filter(state=PersonState.TO_PAY)
    written = [
        Todo(
            "缓缴申请有新留言",
            1,
            f"{reverse('portal_deferrals:detail', args=[row.receipt])}#messages",
            "经办机构给您留言",
        )
        for row in applications.unread(viewer)
    ]
    return (
        written
        + [
            Todo(
                f"为{matter.person_name}先缴其本人的缓缴金额",
                1,
                reverse("portal_deferrals:person", args=[matter.receipt]),
                f"请在 {matter.pay_by:%Y-%m-%d} 前缴清，职工在等",
            )
            for matter in waiting
        ]
        + [
            Todo(
                _UNIT_SAYS[State(row.state)][0],
                1,
                reverse("portal_deferrals:detail", args=[row.receipt]),
                _UNIT_SAYS[State(row.state)][1],
            )
            for row in rows
        ]
    )
