"""Reminders of papers, some working days before they are due and once they are late.

Each is a row that can be there only once, written together with the notice: run twice or late,
nobody is told twice. After a gap only the step that holds now is sent, none of those before it.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from casework.models import Deadline, PaperReminder, RequiredPaper
from casework.papers import uses
from casework.papers.workflow import OPEN_STATES
from casework.services import holidays
from casework.services.matters import Message, send_notices

#: More wait for the next minute: a transaction stays short (5,000 take half a second).
MOST_AT_ONCE = 50_000

_REMIND = """
INSERT INTO casework_paperreminder (paper_id, due_on, step, sent_at)
SELECT p.id, p.due_on, %(step)s, %(at)s
FROM casework_requiredpaper p
WHERE p.matter_kind = %(kind)s AND p.closed_at IS NULL AND p.state = ANY(%(open)s)
    AND p.due_on BETWEEN %(first)s AND %(last)s
    AND NOT EXISTS (SELECT FROM casework_paperreminder r
        WHERE r.paper_id = p.id AND r.due_on = p.due_on AND r.step = %(step)s)
ORDER BY p.employer_id, p.due_on, p.id LIMIT %(most)s
ON CONFLICT (paper_id, due_on, step) DO NOTHING
RETURNING id, paper_id
"""


def remind(*, at: datetime) -> int:
    """Remind employers of the papers that are due soon or late; return of how many papers."""
    today = timezone.localdate(at)
    return sum(
        _step(use, step, first, last, at=at)
        for use in uses.all_uses()
        for step, first, last in _steps(use, today)
    )


def _steps(use: uses.Use, today: date) -> Iterable[tuple[int, date, date]]:
    """Return the steps with the due days, first and last, for which each holds today."""
    yield PaperReminder.OVERDUE, date.min, today - timedelta(days=1)
    first = today
    for step in sorted(set(use.steps(today))):
        last = holidays.term(today, step).due if step else today
        yield step, first, last
        first = last + timedelta(days=1)


@transaction.atomic
def _step(use: uses.Use, step: int, first: date, last: date, *, at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _REMIND,
            {
                "step": step,
                "at": at,
                "kind": use.kind,
                "open": [str(state) for state in OPEN_STATES],
                "first": first,
                "last": last,
                "most": MOST_AT_ONCE,
            },
        )
        new = {paper: reminder for reminder, paper in cursor.fetchall()}
    papers = RequiredPaper.objects.filter(pk__in=new).order_by("employer_id", "due_on", "pk")
    messages = []
    for _, of in groupby(papers, key=lambda paper: (paper.employer_id, paper.due_on)):
        together = list(of)
        cause = min(new[paper.pk] for paper in together)
        messages.append(_message(use, step, together, key=f"papers:{cause}"))
    send_notices(messages, at=at)
    return len(new)


def _message(use: uses.Use, step: int, papers: list[RequiredPaper], *, key: str) -> Message:
    due = papers[0].due_on
    day = f"{due.year}年{due.month}月{due.day}日"
    about = list(dict.fromkeys(paper.subject for paper in papers))
    whom = "、".join(about[:3]) + (f"等 {len(about)} 人" if len(about) > 3 else "")
    if step == PaperReminder.OVERDUE:
        title = f"{use.title}已逾期：{len(papers)} 份应在{day}前补交"
        advice = "请尽快补交。补交以前，已办理的事项照常有效。"
    else:
        title = f"{use.title}将到期：{len(papers)} 份请在{day}前补交"
        advice = "可以一人一份上传，也可以一个文件用于几个人。已经提交的不用重复提交。"
    return Message(
        employer_id=papers[0].employer_id,
        key=key,
        title=title,
        body=f"涉及{whom}。{advice}",
        path=reverse(use.page),
    )


@transaction.atomic
def recount(*, at: datetime) -> int:
    """Count terms anew whose holidays have become known since; return of how many papers.

    The later due day holds: nobody loses a day that was promised. Safe to repeat.
    """
    waiting = RequiredPaper.objects.filter(closed_at__isnull=True, state__in=OPEN_STATES)
    unsure = Deadline.objects.exclude(missing_years=[]).filter(pk__in=waiting.values("deadline"))
    moved = 0
    for deadline in unsure.order_by("pk"):
        counted = holidays.term(deadline.started_on, deadline.working_days)
        if counted.missing_years or counted.due < deadline.due_on:
            continue
        fresh = holidays.open_deadline(
            start=deadline.started_on,
            working_days=deadline.working_days,
            clause=deadline.clause,
            at=at,
        )
        moved += waiting.filter(deadline=deadline).update(deadline=fresh, due_on=fresh.due_on)
    return moved
