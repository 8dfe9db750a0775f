"""Hand in a draft, or a workbook, to be checked: from here on it is an import like any other."""

from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from typing import BinaryIO

import xlsxwriter
from django.db import connection, transaction

from registry import months, work
from registry.intake import services as intake
from registry.models import Import, Membership, WorkState
from registry.models.intake import Stage
from registry.scope import Viewer
from registry.workbook.safe import SAFE
from relief.intake.declarations import SCHEMA
from relief.intake.typed import BASES, CELLS
from relief.models import MonthlyDraft, MonthlyDraftRow, MonthlyFiling
from relief.queries import monthly
from relief.services.monthly.drafts import locked, refuse_on_its_way

_WAITING = (Stage.RECEIVED, Stage.REFUSED, Stage.PREVIEW)


class NothingToSend(Exception):
    """The draft names nobody."""


# Who was taken off the list is said to be out only where the month has them; 0 in all three
# takes a person out of a month, and says nothing of months in which they weren't declared.
_NUMBER = """
WITH sent AS (
    SELECT r.id, row_number() OVER (ORDER BY r.position, r.id) + 1 AS file_row
    FROM relief_monthlydraftrow r
    WHERE r.draft_id = %(draft)s AND (NOT r.removed OR EXISTS (
        SELECT FROM relief_declarationline d
        WHERE d.employer_id = %(employer)s AND d.month = %(month)s AND d.replaced_by IS NULL
            AND d.person_id = r.read_id
            AND (d.pension_base > 0 OR d.unemployment_base > 0 OR d.injury_base > 0)))
)
UPDATE relief_monthlydraftrow r SET file_row = s.file_row
FROM relief_monthlydraftrow o LEFT JOIN sent s USING (id)
WHERE o.id = r.id AND r.draft_id = %(draft)s
"""


@transaction.atomic
def send_draft(*, draft_id: int, member: Membership, viewer: Viewer, at: datetime) -> MonthlyFiling:
    """Write the draft down as a workbook and have it checked. Sent twice it is checked once.

    What was checked of it before and not signed is given up.

    :raises NotOpen: if the draft was sent or dropped meanwhile.
    :raises AlreadyOnItsWay: if an earlier version is signed and not yet stored.
    :raises NothingToSend: if it names nobody.
    """
    draft = locked(draft_id, member)
    refuse_on_its_way(draft.employer_id, draft.month)
    known = monthly.filings(draft.employer_id, draft.month).filter(
        draft=draft, draft_version=draft.version, import_of__stage__in=_WAITING
    )
    same = known.exclude(import_of__state__in=[WorkState.FAILED, WorkState.CANCELLED]).first()
    if same is not None:
        return same
    empty = draft.rows.filter(origin=MonthlyDraftRow.Origin.ADDED, **dict.fromkeys(CELLS, ""))
    empty.delete()
    with connection.cursor() as cursor:
        cursor.execute(
            _NUMBER, {"draft": draft.pk, "employer": draft.employer_id, "month": draft.month}
        )
    if not draft.rows.filter(file_row__isnull=False).exists():
        raise NothingToSend("表中没有人员。请先增加人员，再核对。")
    _give_up_unsigned(draft.employer_id, draft.month, viewer=viewer, at=at)
    received = intake.receive(
        kind=SCHEMA.kind,
        file=as_workbook(draft),
        file_name=f"网上申报-{months.label(draft.month)}.xlsx",
        at=at,
        member=member,
    )
    return MonthlyFiling.objects.create(
        import_of=received,
        employer_id=draft.employer_id,
        month=draft.month,
        draft=draft,
        draft_version=draft.version,
        created_at=at,
    )


def _cells(draft: MonthlyDraft) -> Iterator[list[str]]:
    uscc, month = draft.employer.uscc, months.label(draft.month)
    rows = draft.rows.filter(file_row__isnull=False).order_by("file_row")
    for row in rows.iterator(chunk_size=2000):
        bases = ["0"] * len(BASES) if row.removed else [getattr(row, base) for base in BASES]
        yield [uscc, month, row.person_id, row.person_name, *bases]


def as_workbook(draft: MonthlyDraft) -> BytesIO:
    """Return the draft as the workbook that anybody might have filled in; text cells only."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {**SAFE, "constant_memory": True, "in_memory": True}) as book:
        # The same draft is the same file: nothing in it may come from the clock.
        book.set_properties({"created": draft.updated_at.replace(tzinfo=None)})
        sheet = book.add_worksheet(SCHEMA.title)
        header = [column.header for column in SCHEMA.columns if not column.optional]
        for number, cells in enumerate([header, *_cells(draft)]):
            for place, cell in enumerate(cells):
                sheet.write_string(number, place, cell)
    target.seek(0)
    return target


@transaction.atomic
def send_workbook(
    *,
    member: Membership,
    viewer: Viewer,
    month: date,
    file: BinaryIO,
    file_name: str,
    once: str,
    at: datetime,
) -> MonthlyFiling:
    """Have a workbook checked. `once` is drawn with the page: sent twice it is checked once.

    :raises AlreadyOnItsWay: if a declaration of the month is signed and not yet stored.
    :raises intake.FileTooLarge: if it can't be a workbook of ours.
    :raises intake.KeyReused: if the page had been used for another file before.
    """
    waiting = Import.objects.filter(
        employer_id=member.employer_id, kind=SCHEMA.kind, stage=Stage.PARTLY
    )
    received = intake.receive(
        kind=SCHEMA.kind,
        file=file,
        file_name=file_name,
        at=at,
        member=member,
        corrects=waiting.order_by("-id").first(),
        idempotency_key=f"monthly {once}" if once else "",
    )
    known = MonthlyFiling.objects.filter(import_of=received).first()
    if known is not None:
        return known
    refuse_on_its_way(member.employer_id, month)
    _give_up_unsigned(member.employer_id, month, viewer=viewer, at=at)
    return MonthlyFiling.objects.create(
        import_of=received, employer_id=member.employer_id, month=month, created_at=at
    )


def _give_up_unsigned(employer_id: int, month: date, *, viewer: Viewer, at: datetime) -> None:
    """Drop what was checked for the month before and nobody has signed."""
    older = monthly.filings(employer_id, month).filter(import_of__stage__in=_WAITING)
    for filing in older:
        give_up_import(filing.import_of, viewer=viewer, at=at)


def give_up_import(import_: Import, *, viewer: Viewer, at: datetime) -> None:
    """Drop an import that nobody has signed; one that a worker is at ends as soon as it sees."""
    if import_.state in work.OPEN:
        import_ = intake.request_cancel(import_id=import_.pk, at=at)
    if import_.state not in work.OPEN:
        intake.discard(import_id=import_.pk, by=viewer, at=at)
