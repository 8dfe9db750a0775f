"""What is typed into the table: saved row by row, so that two people never undo each other.

Every row is sent with a fingerprint of how it looked. A row that wasn't touched is left alone,
whatever another has made of it meanwhile; one that both touched is refused and shown.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db import connection, transaction
from django.db.models import Max

from registry.models import Membership
from relief.intake import typed
from relief.intake.typed import BASES, CELLS
from relief.models import MonthlyDraft, MonthlyDraftRow
from relief.services.monthly.drafts import locked, refuse_on_its_way

Origin = MonthlyDraftRow.Origin
_READS = ("read_id", "read_pension", "read_unemployment", "read_injury", "faults")


class Act(StrEnum):
    """What else is done with the table when it is saved."""

    SAVE = "save"
    ADD = "add"
    REMOVE = "remove"
    RESTORE = "restore"
    COPY_BASE = "copy_base"
    AS_LAST_MONTH = "as_last_month"


@dataclass(frozen=True)
class Typed:
    """A row as it came back: `was` is the fingerprint of how it had been shown."""

    row_id: int
    was: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Conflict:
    """A row that somebody else has changed to `theirs` while it was changed to `mine`."""

    row_id: int
    mine: Mapping[str, str]
    theirs: MonthlyDraftRow


@dataclass(frozen=True)
class Edited:
    """What came of it. With conflicts those rows weren't saved; all others were."""

    draft: MonthlyDraft
    conflicts: Sequence[Conflict] = ()
    added: MonthlyDraftRow | None = None
    changed: Sequence[int] = field(default=())


def _shown(row: MonthlyDraftRow) -> dict[str, str]:
    return {name: str(getattr(row, name)) for name in CELLS}


def _digest(cells: Mapping[str, str]) -> str:
    told = "\x1f".join(cells[name] for name in CELLS)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def fingerprint(row: MonthlyDraftRow) -> str:
    """Return what tells whether the cells of a row are still as they were shown."""
    return _digest(_shown(row))


def fill(row: MonthlyDraftRow, cells: Mapping[str, str]) -> None:
    """Put typed cells into a row, and beside them what the workbook's readers make of them."""
    for name in CELLS:
        setattr(row, name, typed.clean(cells[name]))
    found = typed.read(_shown(row))
    row.read_id = found.person_id
    row.read_pension, row.read_unemployment, row.read_injury = found.bases
    row.faults = len(found.problems)


@transaction.atomic
def edit(
    *,
    draft_id: int,
    member: Membership,
    rows: Sequence[Typed],
    at: datetime,
    act: Act = Act.SAVE,
    row_id: int | None = None,
) -> Edited:
    """Save what was typed, then do what the button says: to `row_id`, or to all.

    Nothing else is done while a row is in conflict.

    :raises NotOpen: if the draft was sent or dropped meanwhile.
    :raises AlreadyOnItsWay: if what was sent of it is signed and not yet stored.
    """
    draft = locked(draft_id, member)
    refuse_on_its_way(draft.employer_id, draft.month)
    changed, conflicts = _save(draft, rows)
    added = None
    if not conflicts:
        if act is Act.ADD:
            added = _add(draft)
        elif act is Act.AS_LAST_MONTH:
            changed += _as_last_month(draft)
        elif row_id is not None:
            changed += _one(draft, act, row_id)
    if changed or added:
        draft.version += 1
        draft.updated_by, draft.updated_at = member, at
        draft.save(update_fields=["version", "updated_by", "updated_at"])
    return Edited(draft, conflicts, added, changed)


def _save(draft: MonthlyDraft, rows: Sequence[Typed]) -> tuple[list[int], list[Conflict]]:
    """Store the rows that were touched; return which, and those that another touched too."""
    stored = {row.pk: row for row in draft.rows.filter(pk__in=[row.row_id for row in rows])}
    changed, conflicts = [], []
    for sent in rows:
        row = stored.get(sent.row_id)
        if row is None:
            continue  # it was dropped as an empty one meanwhile
        mine = {name: typed.clean(sent.cells.get(name, getattr(row, name))) for name in CELLS}
        if row.origin != Origin.ADDED:
            mine["person_id"] = row.person_id  # a known person stays who they are
        wanted, now = _digest(mine), fingerprint(row)
        if wanted in (sent.was, now):
            continue
        if now != sent.was:
            conflicts.append(Conflict(row.pk, mine, row))
            continue
        fill(row, mine)
        changed.append(row)
    MonthlyDraftRow.objects.bulk_update(changed, [*CELLS, *_READS])
    return [row.pk for row in changed], conflicts


def _add(draft: MonthlyDraft) -> MonthlyDraftRow:
    """Return an empty row at the end; the one that is still empty where there is one."""
    empty = draft.rows.filter(origin=Origin.ADDED, removed=False, **dict.fromkeys(CELLS, ""))
    found = empty.first()
    if found is not None:
        return found
    last = draft.rows.aggregate(last=Max("position"))["last"] or 0
    return MonthlyDraftRow.objects.create(draft=draft, position=last + 1, origin=Origin.ADDED)


def _one(draft: MonthlyDraft, act: Act, row_id: int) -> list[int]:
    row = draft.rows.filter(pk=row_id).first()
    if row is None:
        return []
    if act is Act.REMOVE and row.origin == Origin.ADDED:
        row.delete()  # it was never declared: nothing to be said of it
    elif act in (Act.REMOVE, Act.RESTORE):
        row.removed = act is Act.REMOVE
        row.save(update_fields=["removed"])
    elif act is Act.COPY_BASE:
        fill(row, _shown(row) | dict.fromkeys(BASES, row.pension_base))
        row.save(update_fields=[*BASES, *_READS])
    return [row_id]


_AS_BEFORE = """
UPDATE relief_monthlydraftrow r SET
    pension_base = d.pension_base::text, unemployment_base = d.unemployment_base::text,
    injury_base = d.injury_base::text, read_pension = d.pension_base,
    read_unemployment = d.unemployment_base, read_injury = d.injury_base
FROM relief_declarationline d
WHERE r.draft_id = %(draft)s AND NOT r.removed AND r.read_id <> '' AND d.person_id = r.read_id
    AND d.employer_id = %(employer)s AND d.month = %(last)s AND d.replaced_by IS NULL
    AND (d.pension_base > 0 OR d.unemployment_base > 0 OR d.injury_base > 0)
    AND (r.pension_base, r.unemployment_base, r.injury_base)
        IS DISTINCT FROM (d.pension_base::text, d.unemployment_base::text, d.injury_base::text)
RETURNING r.id
"""


def _as_last_month(draft: MonthlyDraft) -> list[int]:
    """Give everybody who was declared in the month before the bases of that month."""
    with connection.cursor() as cursor:
        cursor.execute(
            _AS_BEFORE,
            {
                "draft": draft.pk,
                "employer": draft.employer_id,
                "last": draft.last_month,
            },
        )
        changed = [pk for (pk,) in cursor.fetchall()]
    rows = list(MonthlyDraftRow.objects.filter(pk__in=changed))
    for row in rows:
        fill(row, _shown(row))
    MonthlyDraftRow.objects.bulk_update(rows, [*_READS], batch_size=2000)
    return changed
