"""Making workbooks and bringing them in, for the tests of every kind."""

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import xlsxwriter

from registry import scope, slots, work
from registry.intake import services
from registry.models import Import, Officer
from registry.numbers import resident_id
from registry.scope import Viewer
from tests.factories import AT


def headers(kind: str, *, without: Sequence[str] = ()) -> list[str]:
    """Return the header of a kind, without its optional columns unless nothing is left out."""
    schema = slots.import_kinds()[kind].schema
    return [c.header for c in schema.columns if not c.optional and c.name not in without]


def workbook(header: Sequence[str], *rows: Sequence[object]) -> BytesIO:
    """Return a workbook in memory."""
    target = BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([header, *rows]):
            for place, cell in enumerate(row):
                if cell != "":
                    sheet.write(number, place, cell)
    target.seek(0)
    return target


def bring_in(kind: str, file: BytesIO, *, by: Officer | None = None, at: datetime = AT) -> Import:
    """Import a file as a command does, or as an officer's upload does once a worker takes it."""
    if by is None:
        claimed = services.receive_and_claim(
            kind=kind, file=file, file_name="book.xlsx", at=at, os_user="tester"
        )
    else:
        queued = services.receive(kind=kind, file=file, file_name="book.xlsx", at=at, by=by)
        return confirmed(worked_on(queued, at=at), at=at)
    return services.check_and_commit(claimed=claimed, clock=lambda: at)


def worked_on(waiting: Import, *, at: datetime = AT) -> Import:
    """Do what a worker would: check an import, or store what was confirmed."""
    claimed = work.claim(Import, waiting.pk, at=at)
    assert claimed
    return services.work_on(claimed=claimed, clock=lambda: at)


def confirmed(
    checked: Import, *, by: Viewer | None = None, partial: bool = False, at: datetime = AT
) -> Import:
    """Say yes to an import's preview, if it has no errors, and have it stored."""
    if checked.stage != Import.Stage.PREVIEW and not partial:
        return checked
    confirmer = by or scope.viewer_of((checked.by or checked.member).user)
    agreed = services.confirm(
        import_id=checked.pk, by=confirmer, seen=checked.preview_sha256, at=at, partial=partial
    )
    return worked_on(agreed, at=at) if agreed.stage == Import.Stage.STORING else agreed


def told(done: Import) -> list[tuple[int | None, str | None, str]]:
    """Return where the errors are and their codes."""
    return [(error["row"], error["column"], error["code"]) for error in done.errors]


def counts(done: Import) -> tuple[int, int, int, int]:
    """Return rows, accepted, unchanged, rejected."""
    return done.rows, done.accepted, done.unchanged, done.rejected


def make_person(number: int) -> str:
    """Return a resident ID number with a right check digit."""
    body = f"51040219900101{number:03d}"
    return body + resident_id.compute_check_digit(body)


def saved(file: BytesIO, path: Path) -> Path:
    """Write a workbook down for a command."""
    path.write_bytes(file.getvalue())
    return path
