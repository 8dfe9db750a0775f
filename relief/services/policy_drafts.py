"""Policy documents from draft to publication: prepared by one officer, published by another.

Written down in docs/algorithms/policy-workshop.md.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.contrib.auth.models import User
from django.db import connection, transaction

from registry import scope
from registry.models import Officer
from relief import policy
from relief.calc import cases as arithmetic
from relief.models import (
    PolicyCaseBook,
    PolicyDocument,
    PolicyDraft,
    PolicyDraftVersion,
    PolicyProposal,
)
from relief.models.policy_drafts import PREPARES, PUBLISHES
from relief.policy import Document
from relief.queries import workshop
from relief.services.case_books import read_cases


class AlreadyPublished(Exception):
    """The draft has been published, or its name is a published document's; neither changes."""


class NotYours(Exception):
    """The officer's post neither prepares nor publishes, or they prepared it themselves."""


class CasesFail(Exception):
    """A worked case fails, none is attached, or an earlier document's breaks without a reason."""


class NotAsPrepared(Exception):
    """The draft or its cases changed since it was prepared."""


@transaction.atomic
def start_draft(*, slug: str, text: str, by: User, at: datetime) -> PolicyDraft:
    """Return a new draft with its first version.

    :raises BadDocument: if the text can't be read, with the line.
    :raises AlreadyPublished: if a published document has the name.
    """
    _lock()
    document = policy.read(slug, text)
    if PolicyDocument.objects.filter(slug=slug).exists():
        raise AlreadyPublished(f"已有名为 {slug} 的政策文件，请换一个标识。")
    draft = PolicyDraft(slug=slug, made_by=by, made_at=at)
    draft.full_clean()
    draft.save()
    _add_version(draft, document, number=1, by=by, at=at)
    return draft


@transaction.atomic
def save_version(*, draft_id: int, text: str, by: User, at: datetime) -> PolicyDraftVersion:
    """Return the version that a text is: a new one, or the latest where nothing changed.

    :raises BadDocument: if the text can't be read, with the line.
    :raises AlreadyPublished: if the draft is published.
    """
    draft = _open_draft(draft_id)
    document = policy.read(draft.slug, text)
    latest = draft.versions.latest("number")
    if latest.sha256 == document.digest:
        return latest
    return _add_version(draft, document, number=latest.number + 1, by=by, at=at)


def _add_version(
    draft: PolicyDraft, document: Document, *, number: int, by: User, at: datetime
) -> PolicyDraftVersion:
    version = PolicyDraftVersion(
        draft=draft,
        number=number,
        title=document.title,
        text=document.text,
        sha256=document.digest,
        made_by=by,
        made_at=at,
    )
    version.full_clean()
    version.save()
    return version


def attach_cases(
    *, to: PolicyDraft | PolicyDocument, path: Path, file_name: str, by: User, at: datetime
) -> PolicyCaseBook:
    """Keep a workbook of worked cases, as a new version; the same file once more adds nothing.

    :raises BadCaseBook: if the workbook can't be read, with the cells.
    :raises AlreadyPublished: if the draft is published.
    """
    cases = read_cases(path)  # a child opens the file; that takes a while, so before any lock
    content = path.read_bytes()
    with transaction.atomic():
        if isinstance(to, PolicyDraft):
            _open_draft(to.pk)
        else:
            _lock()
        latest = to.books.order_by("-number").first()
        digest = hashlib.sha256(content).hexdigest()
        if latest is not None and latest.sha256 == digest:
            return latest
        return PolicyCaseBook.objects.create(
            draft=to if isinstance(to, PolicyDraft) else None,
            document=to if isinstance(to, PolicyDocument) else None,
            number=latest.number + 1 if latest else 1,
            file_name=file_name[:200],
            content=content,
            sha256=digest,
            cases=[case.as_json() for case in cases],
            cases_digest=arithmetic.digest(cases),
            made_by=by,
            made_at=at,
        )


def may_prepare(officer: Officer) -> bool:
    """Whether the officer may say that a draft is ready."""
    return officer.post in PREPARES and scope.of_the_city(officer)


def may_publish(officer: Officer) -> bool:
    """Whether the officer may publish what somebody else prepared."""
    return officer.post in PUBLISHES and scope.of_the_city(officer)


@transaction.atomic
def prepare(
    *, version_id: int, book_id: int, reasons: Mapping[str, str], by: Officer, at: datetime
) -> PolicyProposal:
    """Record that the latest version is ready; asked twice for the same it is recorded once.

    :param version_id: the version, and `book_id` the workbook, that the officer saw.
    :param reasons: why a case of an earlier document no longer holds, by the case's digest.
    :raises NotYours: if the officer's post doesn't prepare.
    :raises CasesFail: if a case fails, or an earlier one breaks without a reason.
    :raises NotAsPrepared: if the draft or its cases are newer than what was seen.
    """
    if not may_prepare(by):
        raise NotYours("政策文件由市级经办岗或复核岗送审。")
    version = PolicyDraftVersion.objects.select_related("draft").get(pk=version_id)
    _open_draft(version.draft_id)
    state = workshop.state_of(version.draft)
    if state.book is None:
        raise CasesFail("还没有上传案例工作簿，不能送审。")
    if (state.version.pk, state.book.pk) != (version_id, book_id):
        raise NotAsPrepared("草案或案例已经更新，请重新查看后再送审。")
    _refuse_failing(state, {case: text.strip() for case, text in reasons.items() if text.strip()})
    same = PolicyProposal.objects.filter(version=version, book=state.book).order_by("-pk").first()
    superseded = [
        {"case": each.key, "name": each.outcome.case.name, "reason": reasons[each.key].strip()}
        for each in state.broken
    ]
    if same is not None and same.superseded == superseded and same.prepared_by_id == by.pk:
        return same
    return PolicyProposal.objects.create(
        version=version,
        book=state.book,
        cases_digest=state.book.cases_digest,
        cases_total=len(state.outcomes),
        cases_passed=sum(outcome.passed for outcome in state.outcomes),
        superseded=superseded,
        prepared_by=by,
        prepared_at=at,
    )


@transaction.atomic
def publish(*, proposal_id: int, by: Officer, at: datetime) -> PolicyDocument:
    """Publish what another officer prepared; the cases run once more, with the law of now.

    :raises NotYours: if the officer's post doesn't publish, or they prepared it.
    :raises NotAsPrepared: if the draft or its cases changed since, or were prepared anew.
    :raises CasesFail: if a case fails now, or an earlier one breaks without a reason.
    :raises AlreadyPublished: if it is published.
    """
    if not may_publish(by):
        raise NotYours("政策文件由市级负责人岗发布。")
    proposal = PolicyProposal.objects.select_related("version__draft").get(pk=proposal_id)
    if proposal.prepared_by_id == by.pk:
        raise NotYours("起草人和发布人必须是两个人。")
    draft = _open_draft(proposal.version.draft_id)
    state = workshop.state_of(draft)
    if state.proposal is None or state.proposal.pk != proposal.pk:
        raise NotAsPrepared("草案或案例在送审后有改动，请重新送审。")
    _refuse_failing(state, {each["case"]: each["reason"] for each in proposal.superseded})
    document = state.document
    row = PolicyDocument(
        slug=draft.slug,
        title=document.title,
        number=document.number,
        published=document.published,
        text=document.text,
        sha256=document.digest,
        prepared_by=proposal.prepared_by,
        published_by=by,
        proposal=proposal,
        recorded_at=at,
    )
    row.full_clean()
    row.save()
    return row


def _refuse_failing(state: workshop.DraftState, reasons: Mapping[str, str]) -> None:
    failing = [outcome.case.name for outcome in state.outcomes if not outcome.passed]
    if not state.outcomes:
        raise CasesFail("没有案例，不能发布。")
    if failing:
        raise CasesFail(f"有 {len(failing)} 个案例没有通过：{'；'.join(failing[:3])}")
    bare = [each.outcome.case.name for each in state.broken if not reasons.get(each.key)]
    if bare:
        raise CasesFail(
            f"较早文件的 {len(bare)} 个案例不再成立，请逐个写明为什么：{'；'.join(bare[:3])}"
        )


def _open_draft(draft_id: int) -> PolicyDraft:
    """Return a draft that isn't published; the caller holds the workshop's lock from here on."""
    _lock()
    draft = PolicyDraft.objects.get(pk=draft_id)
    if PolicyDocument.objects.filter(slug=draft.slug).exists():
        raise AlreadyPublished("这份文件已经发布，不能再改；变更请另立新文件。")
    return draft


def _lock() -> None:
    # One lock for all drafts: what is published next may break another draft's cases.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('relief.policy_drafts'))")
