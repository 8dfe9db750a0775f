"""Files handed in for papers, and what an officer says of them."""

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import groupby
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from casework.models import PaperFile, PaperSubmission, RequiredPaper
from casework.models.matters import Move
from casework.papers import files, uses
from casework.papers.workflow import Action, IllegalMove, State, next_state
from casework.services import holidays
from casework.services.matters import Actor, Message, as_move, member, officer, send_notices
from registry import scope
from registry.models import Membership, Officer, Post

#: The kind under which a paper's steps stand in the timelines.
PAPER = "paper"
#: How many papers one file may serve, and one decision cover.
MOST_AT_ONCE = 200


class NotYours(Exception):
    """A paper isn't the employer's, or not in the officer's hands."""


class NoPapers(Exception):
    """No paper was named, or too many."""


class NoReason(Exception):
    """A paper is sent back without a reason."""


def _locked(paper_ids: Collection[int]) -> list[RequiredPaper]:
    """Return papers under their locks.

    :raises NoPapers: if none is named, or too many.
    :raises NotYours: if one isn't there.
    """
    wanted = set(paper_ids)
    if not wanted:
        raise NoPapers("请先选择材料。")
    if len(wanted) > MOST_AT_ONCE:
        raise NoPapers(f"一次最多选择 {MOST_AT_ONCE} 份材料。")
    papers = RequiredPaper.objects.filter(pk__in=wanted).order_by("pk")
    found = list(papers.select_for_update(of=["self"]).select_related("employer"))
    if len(found) < len(wanted):
        raise NotYours("有的材料已经不在了，请刷新后再试。")
    if any(paper.closed_at is not None for paper in found):
        raise IllegalMove("有的材料已经不再需要，请刷新后再试。")
    return found


@transaction.atomic
def hand_in(
    *, paper_ids: Collection[int], file: BinaryIO, name: str, by: Membership, at: datetime
) -> PaperFile:
    """Hand in one file for one or several papers of the member's employer.

    The same file again for papers that already wait with it changes nothing. Should the
    transaction fail, the file is left behind in the storage, and nothing names it.

    :raises BadFile: if the file isn't taken in.
    :raises NoPapers: if no paper is named, or too many.
    :raises NotYours: if a paper isn't the employer's, or the member no longer acts for it.
    :raises IllegalMove: if a paper was accepted, or is no longer needed.
    """
    # One byte more than is allowed tells that there is more; no larger file is read.
    data = file.read(files.MOST_BYTES + 1)
    extension = files.check(data, name=name)
    papers = _locked(paper_ids)
    if not scope.may_prepare(by) or any(paper.employer_id != by.employer_id for paper in papers):
        raise NotYours("这些材料不属于贵单位。")
    befores = {paper.pk: State(paper.state) for paper in papers}
    targets = {paper.pk: next_state(befores[paper.pk], Action.SUBMIT) for paper in papers}
    digest = hashlib.sha256(data).hexdigest()
    if again := _waits_already(papers, digest):
        return again
    stored = PaperFile(
        employer_id=by.employer_id,
        given_name=name[-200:],
        extension=extension,
        size=len(data),
        sha256=digest,
        member=by,
        uploaded_at=at,
    )
    stored.file.save(name, ContentFile(data), save=False)
    stored.save(force_insert=True)
    PaperSubmission.objects.bulk_create(
        PaperSubmission(paper=paper, file=stored, at=at) for paper in papers
    )
    for paper in papers:
        paper.state, paper.submitted_at, paper.reason = targets[paper.pk], at, ""
    # Not the file's name: people write identity numbers into names, and timelines aren't masked.
    note = extension.upper() + (f"，用于 {len(papers)} 份材料" if len(papers) > 1 else "")
    _store(papers, befores, Action.SUBMIT, by=member(by), note=note, at=at)
    return stored


def _waits_already(papers: list[RequiredPaper], digest: str) -> PaperFile | None:
    """Return the file if it is the very one with which all the papers wait."""
    if any(paper.state != State.SUBMITTED for paper in papers):
        return None
    latest = (
        PaperSubmission.objects.filter(paper__in=papers)
        .values("paper")
        .annotate(last=Max("pk"))
        .values("last")
    )
    found = {
        row.file for row in PaperSubmission.objects.filter(pk__in=latest).select_related("file")
    }
    same = found.pop() if len(found) == 1 else None
    return same if same is not None and same.sha256 == digest else None


@transaction.atomic
def review(
    *, paper_ids: Collection[int], accept: bool, reason: str, by: Officer, at: datetime
) -> list[RequiredPaper]:
    """Accept papers, or send them back with a reason. All or none.

    Who gets a paper back has some working days for it, even where the due day is near or past.

    :raises NotYours: if the officer isn't a handler of the employers' own agency.
    :raises NoReason: if papers are sent back without one.
    :raises NoPapers: if no paper is named, or too many.
    :raises IllegalMove: if a paper doesn't wait for review.
    """
    reason = reason.strip()
    if not accept and not reason:
        raise NoReason("请填写退回原因，单位会看到。")
    papers = _locked(paper_ids)
    if by.post != Post.HANDLER or not all(scope.may_act(by, paper.employer) for paper in papers):
        raise NotYours("只有参保地经办机构的经办岗可以审核这些材料。")
    action = Action.ACCEPT if accept else Action.SEND_BACK
    befores = {paper.pk: State(paper.state) for paper in papers}
    for paper in papers:
        paper.state = next_state(befores[paper.pk], action)
        paper.reason = "" if accept else reason
    if not accept:
        _prolong(papers, at=at)
    for paper in papers[:1]:
        paper.full_clean()
    _store(papers, befores, action, by=officer(by), note="" if accept else reason, at=at)
    if not accept:
        send_notices(_told_back(papers, reason, at=at), at=at)
    return papers


def _told_back(papers: list[RequiredPaper], reason: str, *, at: datetime) -> Iterable[Message]:
    """Return a notice for each employer and kind of matter that has got papers back."""
    of = sorted(papers, key=lambda paper: (paper.employer_id, paper.matter_kind, paper.due_on))
    for (employer, kind), found in groupby(of, key=lambda p: (p.employer_id, p.matter_kind)):
        back = list(found)
        due = back[0].due_on
        about = "、".join(str(paper) for paper in back[:3])
        yield Message(
            employer_id=employer,
            # The moment too: a paper may come back again.
            key=f"papers-back:{min(paper.pk for paper in back)}:{at.isoformat()}",
            title=f"{uses.of(kind).title}退回补正：{len(back)} 份",
            body=(
                f"{about}{'等' if len(back) > 3 else ''}。退回原因：{reason}\n\n"
                f"请在{due.year}年{due.month}月{due.day}日前重新上传。"
            ),
            path=reverse(uses.of(kind).page),
        )


def _prolong(papers: list[RequiredPaper], *, at: datetime) -> None:
    """Move due days that leave too little time; one deadline for all papers of a kind."""
    today = timezone.localdate(at)
    for kind in sorted({paper.matter_kind for paper in papers}):
        days, clause = uses.of(kind).extension(today)
        due = holidays.term(today, days).due
        late = [paper for paper in papers if paper.matter_kind == kind and paper.due_on < due]
        if not late:
            continue
        deadline = holidays.open_deadline(start=today, working_days=days, clause=clause, at=at)
        for paper in late:
            paper.deadline, paper.due_on = deadline, deadline.due_on


def _store(
    papers: list[RequiredPaper],
    befores: dict[int, State],
    action: Action,
    *,
    by: Actor,
    note: str,
    at: datetime,
) -> None:
    fields = ["state", "reason", "submitted_at", "deadline", "due_on"]
    RequiredPaper.objects.bulk_update(papers, fields)
    Move.objects.bulk_create(
        as_move(
            kind=PAPER,
            matter_id=paper.pk,
            action=str(action.label),
            before=befores[paper.pk],
            after=paper.state,
            by=by,
            at=at,
            note=note,
        )
        for paper in papers
    )
