"""Papers asked for, closed, and asked for again: for thousands of matters in one statement each.

None of it goes into a timeline: a paper's own row says since when it is asked for, and the matter
says why it is no longer needed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from casework.models import Deadline, RequiredPaper
from casework.papers.workflow import OPEN_STATES


@dataclass(frozen=True)
class Asked:
    """A matter that needs papers: its number, its employer, and whom or what it is about."""

    matter_id: int
    employer_id: int
    subject: str


@dataclass(frozen=True)
class PaperKind:
    """A kind of paper: its code, and what it is called."""

    code: str
    title: str


_ASK = """
INSERT INTO casework_requiredpaper (matter_kind, matter_id, employer_id, subject, kind, title,
    state, deadline_id, due_on, asked_at, reason)
SELECT %(matter_kind)s, m.matter_id, m.employer_id, m.subject, k.code, k.title,
    'MISSING', %(deadline)s, %(due_on)s, %(at)s, ''
FROM unnest(%(ids)s::bigint[], %(employers)s::bigint[], %(subjects)s::text[])
    WITH ORDINALITY m(matter_id, employer_id, subject, place)
CROSS JOIN unnest(%(codes)s::text[], %(titles)s::text[]) WITH ORDINALITY k(code, title, place)
ORDER BY m.place, k.place
ON CONFLICT (matter_kind, matter_id, kind) DO NOTHING
"""


def ask_for(
    *,
    matter_kind: str,
    matters: Sequence[Asked],
    kinds: Sequence[PaperKind],
    deadline: Deadline,
    at: datetime,
) -> int:
    """Ask for each kind of paper for each matter; return how many are new. Safe to repeat."""
    if not matters or not kinds:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _ASK,
            {
                "matter_kind": matter_kind,
                "deadline": deadline.pk,
                "due_on": deadline.due_on,
                "at": at,
                "ids": [asked.matter_id for asked in matters],
                "employers": [asked.employer_id for asked in matters],
                "subjects": [asked.subject for asked in matters],
                "codes": [kind.code for kind in kinds],
                "titles": [kind.title for kind in kinds],
            },
        )
        return int(cursor.rowcount)


def close(*, matter_kind: str, matter_ids: Collection[int], at: datetime) -> int:
    """Close what is asked for matters that are no more; return how many. Safe to repeat.

    What was handed in and decided stays as it is.
    """
    papers = RequiredPaper.objects.filter(
        matter_kind=matter_kind, matter_id__in=matter_ids, closed_at__isnull=True
    )
    return papers.update(closed_at=at)


@transaction.atomic
def reopen(*, matter_kind: str, matter_ids: Collection[int], deadline: Deadline) -> int:
    """Ask again for what was closed; return how many. Safe to repeat.

    What was handed in still counts; for what is missing the time runs anew.
    """
    closed = RequiredPaper.objects.filter(
        matter_kind=matter_kind, matter_id__in=matter_ids, closed_at__isnull=False
    )
    closed.filter(state__in=OPEN_STATES, due_on__lt=deadline.due_on).update(
        deadline=deadline, due_on=deadline.due_on
    )
    return closed.update(closed_at=None)
