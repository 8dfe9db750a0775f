"""The user's own workbook back, its wrong cells marked, and a sheet of only the bad rows."""

import json
from collections.abc import Callable
from pathlib import Path

from django.core.files import File

from registry import slots
from registry.intake import errors
from registry.intake.services.reading import Parsed
from registry.models import Import, ImportProblem
from registry.workbook import fence
from registry.workbook.check import Problem

_STRIDE = 5_000


def _write_problems(import_: Import, target: Path) -> None:
    """Write the kept problems of the last check down, a JSON line each, sentences included."""
    number = Import.objects.values_list("checks", flat=True).get(pk=import_.pk)
    kept = ImportProblem.objects.filter(import_of=import_, check_number=number).order_by("pk")
    told = kept.values_list("row", "header", "code", "found", "hint")
    with target.open("w", encoding="utf-8") as file:
        for row, header, code, found, hint in told.iterator(chunk_size=_STRIDE):
            problem = errors.as_json(Problem(row, header, code, found, hint))
            file.write(json.dumps(problem, ensure_ascii=False) + "\n")


def annotate(claimed: Import, book: Parsed, progress: Callable[[int, int | None], None]) -> str:
    """Mark the workbook in the fenced child and keep it; return its name in the storage.

    Empty where the child can't open it for writing: a file that isn't a workbook at all.
    """
    marked, told = book.book.with_name("marked.xlsx"), book.book.with_name("problems.jsonl")
    _write_problems(claimed, told)
    schema = slots.import_kinds()[claimed.kind].schema
    written = fence.annotate(
        book.book,
        schema=schema,
        problems=told,
        import_id=claimed.pk,
        target=marked,
        progress=progress,
    )
    if not written:
        return ""
    name = f"{claimed.file_sha256[:16]}.marked.xlsx"
    with marked.open("rb") as file:
        claimed.annotated.save(name, File(file), save=False)
    return str(claimed.annotated.name)


def annotate_ended(done: Import, book: Parsed) -> None:
    """Do the same for a command, after its import has ended."""
    name = annotate(done, book, lambda row, height: None)
    Import.objects.filter(pk=done.pk).update(annotated=name)
