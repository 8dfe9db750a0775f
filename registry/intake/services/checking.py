"""What workers and commands do with a claimed import: check, rehearse, store."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from registry import locks, slots, work
from registry.intake import errors, preview
from registry.intake.services import giving_back, parking
from registry.intake.services.reading import Clock, Parsed, Progress, parsed
from registry.intake.services.receiving import district_of, kind_of
from registry.intake.signals import workbook_imported
from registry.intake.staging import MOST_KEPT, Merged, Staging
from registry.models import Import, WorkState
from registry.models.intake import Stage
from registry.workbook import fence
from registry.workbook.check import MOST_PROBLEMS

MOST_ATTEMPTS = 3
_TOO_OFTEN = "多次尝试仍未完成，未写入任何数据。请联系管理员查看日志后重新导入。"


@dataclass
class _Found:
    """What a look at the file has found, ready to be kept with the import."""

    fields: dict[str, Any] = field(default_factory=dict)
    rejected: int = 0
    problems: int = 0
    merged: Merged = field(default_factory=lambda: Merged(0, 0, 0))
    decided: slots.Decided = field(default_factory=slots.Decided)


def work_on(*, claimed: Import, clock: Clock) -> Import:
    """Do what is due for a claimed import: check and rehearse it, or store what was confirmed.

    Returns the import as it ended: refused, waiting for confirmation, stored; failed; or
    cancelled.

    :raises work.LeaseLost: if another worker has taken over meanwhile.
    """
    if claimed.attempts > MOST_ATTEMPTS:
        work.end(claimed, WorkState.FAILED, at=clock(), failure=_TOO_OFTEN)
    elif claimed.withdraws_id is not None:
        _withdraw(claimed, at=clock())
    else:
        try:
            with parsed(claimed, clock) as book:
                if claimed.stage == Stage.STORING:
                    _store_confirmed(claimed, book, clock)
                else:
                    _check(claimed, book, clock)
        except fence.Stopped:
            work.end(claimed, WorkState.CANCELLED, at=clock(), progress_note="")
    return Import.objects.get(pk=claimed.pk)


def check_and_commit(
    *, claimed: Import, clock: Clock, partial: bool = False, give_back: bool = False
) -> Import:
    """Check a claimed import and store it at once, without anybody's confirmation: for commands.

    All of its rows or none if one is wrong; with `partial` the good rows, and the bad ones are
    parked. `give_back`: mark the errors in the user's own workbook. Returns the import as it
    ended.

    :raises work.LeaseLost: if another worker has taken over meanwhile.
    """
    if claimed.attempts > MOST_ATTEMPTS:
        work.end(claimed, WorkState.FAILED, at=clock(), failure=_TOO_OFTEN)
        return Import.objects.get(pk=claimed.pk)
    try:
        with parsed(claimed, clock) as book:
            work.keep(claimed, at=clock(), progress_note="正在写入", steps_done=book.checked.rows)
            _store_at_once(claimed, book, at=clock(), partial=partial)
            done = Import.objects.get(pk=claimed.pk)
            if done.error_count and give_back:
                giving_back.annotate_ended(done, book)
    except fence.Stopped:
        work.end(claimed, WorkState.CANCELLED, at=clock(), progress_note="")
    return Import.objects.get(pk=claimed.pk)


def _staging(
    held: Import, book: Parsed | None, at: datetime, *, detailed: bool
) -> tuple[slots.ImportKind, Staging]:
    """Return the kind and its filled temporary tables; imports of one family wait here."""
    kind = kind_of(held.kind)
    cursor = connection.cursor()
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"intake {kind.family}"])
    columns = book.checked.columns if book else []
    staging = Staging(cursor, kind.schema, columns, held, at, district_of(held.by), detailed)
    staging.prepare()
    if book:
        _load(staging, book)
    return kind, staging


def _load(staging: Staging, book: Parsed) -> None:
    # A file that is refused as a whole has no rows, only problems.
    staging.load(book.rows if book.checked.columns else None, book.problems)


def _look(kind: slots.ImportKind, staging: Staging, book: Parsed) -> _Found:
    """Examine the staged rows; what is found stands in the table of problems and here."""
    if book.checked.rows:
        kind.examine(staging)
    rejected = staging.refused_rows()
    # The child counts on when it writes no more down.
    unwritten = max(book.checked.problem_count - MOST_KEPT, 0)
    count = staging.problem_count() + unwritten
    found = _Found(rejected=rejected, problems=count)
    found.fields = {
        "rows": book.checked.rows,
        "rejected": rejected,
        "error_count": count,
        "errors": errors.all_as_json(staging.problems()),
        "warnings": errors.all_as_json(book.checked.warnings[:MOST_PROBLEMS]),
        "steps_done": book.checked.rows,
        "steps_total": book.checked.rows,
    }
    return found


def _merge(kind: slots.ImportKind, staging: Staging, found: _Found) -> None:
    """Store the good rows, and add to what was found what became of them."""
    found.merged = kind.merge(staging)
    found.decided = slots.decided(staging.cursor)
    warnings = errors.all_as_json(found.merged.warnings[:MOST_PROBLEMS])
    found.fields["warnings"] = [*found.fields["warnings"], *warnings][:MOST_PROBLEMS]


@contextmanager
def _undone() -> Iterator[None]:
    """Do what is in the block and undo it: a rehearsal."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


def _rehearsed(kind: slots.ImportKind, staging: Staging, found: _Found) -> None:
    """Merge the good rows and undo it; keep with what was found what would have changed."""
    if found.fields["rows"] <= found.rejected:
        found.fields |= {"preview": {}, "preview_sha256": ""}
        return
    with _undone():
        staging.drop_bad()
        _merge(kind, staging, found)
    found.fields |= preview.fields(found.merged, found.decided, rejected=found.rejected)


def _check(claimed: Import, book: Parsed, clock: Clock) -> None:
    """Find every error and what would change, then mark the user's own workbook."""
    with transaction.atomic():
        held = work.hold(claimed)
        kind, staging = _staging(held, book, clock(), detailed=True)
        found = _look(kind, staging, book)
        _keep_problems(held, staging, found)
        _rehearsed(kind, staging, found)
    if found.problems:
        note = "正在标注错误"
        work.keep(claimed, at=clock(), progress_note=note)
        found.fields["annotated"] = giving_back.annotate(
            claimed, book, Progress(claimed, clock, doing=note)
        )
    stage = Stage.REFUSED if found.problems else Stage.PREVIEW
    work.end(claimed, WorkState.DONE, at=clock(), stage=stage, progress_note="", **found.fields)


def _keep_problems(held: Import, staging: Staging, found: _Found) -> None:
    """Store the wrong cells of one more check. A check that is repeated keeps its own."""
    number = held.checks + 1
    if found.problems:
        staging.keep_problems(check_number=number)
    Import.objects.filter(pk=held.pk).update(checks=number)


@transaction.atomic
def _store_confirmed(claimed: Import, book: Parsed, clock: Clock) -> None:
    """Store just what was confirmed. If it would be anything else, show that and ask again."""
    at = clock()
    work.keep(claimed, at=at, progress_note="正在写入", steps_done=book.checked.rows)
    held = work.hold(claimed)
    kind, staging = _staging(held, book, at, detailed=True)
    found = _look(kind, staging, book)
    point = transaction.savepoint()
    _store(kind, staging, found, held, at)
    agreed = preview.fields(found.merged, found.decided, rejected=found.rejected)
    if agreed["preview_sha256"] == held.preview_sha256 and (held.partial or not found.rejected):
        stage = Stage.PARTLY if parking.has_open(held) else Stage.STORED
        work.end(held, WorkState.DONE, at=at, stage=stage, progress_note="", **found.fields)
        workbook_imported.send(Import, import_=held, at=at)
        return
    transaction.savepoint_rollback(point)
    staging.prepare()
    _load(staging, book)
    found = _look(kind, staging, book)
    _keep_problems(held, staging, found)
    _rehearsed(kind, staging, found)
    work.end(
        held,
        WorkState.DONE,
        at=at,
        stage=Stage.REFUSED if found.problems else Stage.PREVIEW,
        progress_note=preview.OUTDATED,
        confirmed_by=None,
        confirmed_at=None,
        seconded_by=None,
        seconded_at=None,
        **found.fields,
    )


def _store(
    kind: slots.ImportKind, staging: Staging, found: _Found, held: Import, at: datetime
) -> None:
    """Merge the good rows, park the bad ones, and end the parked rows that these bring right."""
    if found.rejected:
        parking.park(staging, held)
        staging.drop_bad()
    if found.fields["rows"] > found.rejected:
        locks.store_inputs()
        _merge(kind, staging, found)
        parking.resolve(staging, held, at=at)
    found.fields |= {"accepted": found.merged.accepted, "unchanged": found.merged.unchanged}


@transaction.atomic
def _store_at_once(claimed: Import, book: Parsed, *, at: datetime, partial: bool) -> None:
    """Store a command's import as a whole, or its good rows, or nothing."""
    held = work.hold(claimed)
    kind, staging = _staging(held, book, at, detailed=False)
    found = _look(kind, staging, book)
    _keep_problems(held, staging, found)
    readable = bool(book.checked.rows)
    if found.problems and not (partial and readable):
        work.end(held, WorkState.DONE, at=at, stage=Stage.REFUSED, progress_note="", **found.fields)
        return
    _store(kind, staging, found, held, at)
    stage = Stage.PARTLY if parking.has_open(held) else Stage.STORED
    work.end(
        held,
        WorkState.DONE,
        at=at,
        stage=stage,
        partial=partial,
        confirmed_at=at,
        progress_note="",
        **found.fields,
    )
    workbook_imported.send(Import, import_=held, at=at)


@transaction.atomic
def _withdraw(claimed: Import, *, at: datetime) -> None:
    """Rehearse or carry out the taking back of an import."""
    held = work.hold(claimed)
    kind, staging = _staging(held, None, at, detailed=True)
    if objections := slots.objections(held.withdraws):
        # Nobody objected when it was asked for; meanwhile something else was decided.
        note = "；".join(objections)
        work.end(held, WorkState.DONE, at=at, stage=Stage.DISCARDED, progress_note=note[:200])
        return
    point = transaction.savepoint()
    locks.store_inputs()
    merged = kind.withdraw(staging)
    agreed = preview.fields(merged, slots.decided(staging.cursor), rejected=0)
    if held.stage == Stage.STORING and agreed["preview_sha256"] == held.preview_sha256:
        parking.end_with_withdrawal(held, at=at)
        work.end(
            held,
            WorkState.DONE,
            at=at,
            stage=Stage.STORED,
            progress_note="",
            accepted=merged.accepted,
            unchanged=merged.unchanged,
        )
        workbook_imported.send(Import, import_=held, at=at)
        return
    transaction.savepoint_rollback(point)
    note = preview.OUTDATED if held.stage == Stage.STORING else ""
    work.end(
        held,
        WorkState.DONE,
        at=at,
        stage=Stage.SECOND,
        progress_note=note,
        seconded_by=None,
        seconded_at=None,
        **agreed,
    )
