"""Drafts and how their cases stand, the documents' cases, and parameters to be confirmed."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from registry.models import WorkState
from relief import policy
from relief.calc.case_book import Case, case_from_json, shipped_cases
from relief.calc.cases import Outcome, digest, run_case, run_cases
from relief.models import (
    PolicyCaseBook,
    PolicyDocument,
    PolicyDraft,
    PolicyDraftVersion,
    PolicyProposal,
    Run,
)
from relief.policy import Document
from relief.queries.policies import published_documents


@dataclass(frozen=True)
class Broken:
    """A case of an earlier document that no longer holds with a draft; `of` names whose it is."""

    key: str
    of: str
    outcome: Outcome


@dataclass(frozen=True)
class DraftState:
    """A draft's latest version and cases, run now; `proposal` is of just these, if any."""

    draft: PolicyDraft
    version: PolicyDraftVersion
    document: Document
    book: PolicyCaseBook | None
    outcomes: tuple[Outcome, ...]
    broken: tuple[Broken, ...]
    proposal: PolicyProposal | None

    @property
    def all_pass(self) -> bool:
        """Whether there are cases of its own, and all of them pass."""
        return bool(self.outcomes) and all(outcome.passed for outcome in self.outcomes)

    @property
    def passed(self) -> int:
        """How many of its own cases pass."""
        return sum(outcome.passed for outcome in self.outcomes)


def open_drafts() -> QuerySet[PolicyDraft]:
    """Return the drafts that aren't published, the latest first."""
    return PolicyDraft.objects.exclude(slug__in=PolicyDocument.objects.values("slug")).order_by(
        "-pk"
    )


def latest_versions(drafts: list[PolicyDraft]) -> list[PolicyDraftVersion]:
    """Return the latest version of each draft, in their order."""
    rows = PolicyDraftVersion.objects.filter(draft__in=drafts).order_by("draft_id", "-number")
    found = {row.draft_id: row for row in rows.select_related("draft").distinct("draft_id")}
    return [found[draft.pk] for draft in drafts if draft.pk in found]


def proposed_versions(versions: list[PolicyDraftVersion]) -> set[int]:
    """Return the numbers of the versions that somebody has prepared."""
    prepared = PolicyProposal.objects.filter(version__in=versions)
    return set(prepared.values_list("version_id", flat=True))


def state_of(draft: PolicyDraft) -> DraftState:
    """Return how a draft stands: its own cases and the earlier ones, run with what is published."""
    version = draft.versions.latest("number")
    document = policy.read(draft.slug, version.text)
    book = draft.books.order_by("-number").first()
    published = published_documents()
    law = (*published, document)
    outcomes = tuple(run_cases(cases_of(book), law)) if book else ()
    proposal = None
    if book:
        prepared = PolicyProposal.objects.filter(version=version, book=book)
        proposal = prepared.select_related("prepared_by__agency").order_by("-pk").first()
    broken = tuple(_broken(published, law))
    return DraftState(draft, version, document, book, outcomes, broken, proposal)


def cases_of(book: PolicyCaseBook) -> list[Case]:
    """Return the cases of a workbook."""
    return [case_from_json(case) for case in book.cases]


def _broken(published: tuple[Document, ...], law: tuple[Document, ...]) -> Iterator[Broken]:
    """Yield the earlier cases that hold as published and no longer do; each is named once."""
    seen: set[str] = set()
    for of, case in earlier_cases():
        key = digest([case])
        if key in seen:
            continue
        seen.add(key)
        if not run_case(case, published).passed:
            continue  # superseded by a published document, with its reason
        outcome = run_case(case, law)
        if not outcome.passed:
            yield Broken(key, of, outcome)


def earlier_cases() -> list[tuple[str, Case]]:
    """Return the shipped cases and those attached to published documents, with whose they are."""
    found = [("随程序发布的算例", case) for case in shipped_cases()]
    for book in _books_of_published():
        of = str(book.document) if book.document else str(book.draft)
        found += [(of, case) for case in cases_of(book)]
    return found


def _books_of_published() -> list[PolicyCaseBook]:
    """Return the latest workbook of each published document, and that it was published with."""
    rows = PolicyCaseBook.objects.filter(
        Q(document__isnull=False)
        | Q(pk__in=PolicyProposal.objects.filter(document__isnull=False).values("book"))
    )
    latest: dict[tuple[int | None, int | None], PolicyCaseBook] = {}
    for row in rows.defer("content").select_related("document", "draft").order_by("number"):
        latest[row.document_id, row.draft_id] = row
    return list(latest.values())


def not_yet_run() -> QuerySet[PolicyDocument]:
    """Return the documents published by officers since which no whole run was started."""
    latest = (
        Run.objects.filter(employer_ids=[], state__in=[WorkState.DONE, WorkState.RUNNING])
        .order_by("-created_at")
        .values_list("created_at", flat=True)
        .first()
    )
    documents = PolicyDocument.objects.filter(by_release=False).order_by("-recorded_at")
    return documents.filter(recorded_at__gt=latest) if latest else documents


def published() -> QuerySet[PolicyDocument]:
    """Return the published documents, the latest first."""
    people = ("prepared_by__agency", "published_by__agency")
    return PolicyDocument.objects.select_related(*people).order_by("-published", "slug")


def books_of(row: PolicyDocument) -> list[PolicyCaseBook]:
    """Return the workbooks that count for a document: its latest, and that it came with."""
    own = Q(document=row)
    if row.proposal_id:
        own |= Q(pk__in=PolicyProposal.objects.filter(document=row).values("book"))
    books = PolicyCaseBook.objects.filter(own).defer("content").order_by("document_id", "-number")
    return list(books.distinct("document_id"))


def outcomes_of(book: PolicyCaseBook, law: tuple[Document, ...]) -> list[Outcome]:
    """Return how a workbook's cases go with some documents."""
    return run_cases(cases_of(book), law)


def waiting_to_be_published() -> int:
    """Return how many drafts have a latest version that somebody prepared."""
    versions = latest_versions(list(open_drafts()))
    return len(proposed_versions(versions))
