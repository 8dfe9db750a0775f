"""The published policy documents in force on a day."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from relief import policy
from relief.models import PolicyDocument, Run
from relief.policy import Document, Policy
from relief.services.documents import check_shipped


def policy_as_of(day: date) -> Policy:
    """Return the policy made of the documents published by a day; read anew only if they changed.

    :raises ShippedDocumentDiffers: if a shipped file is not what was published.
    """
    rows = PolicyDocument.objects.filter(published__lte=day).order_by("slug")
    return _policy(day, tuple(rows.values_list("slug", "sha256")))


def policy_with(day: date, drafts: Iterable[Document]) -> Policy:
    """Return the policy as it would be if documents that aren't published were; by a day."""
    published = policy_as_of(day).documents
    return policy.policy_as_of([*published, *drafts], day)


class LawIsGone(LookupError):
    """The documents that a run read can't be put together any more: a defect to report."""


def policy_of_run(run: Run) -> Policy:
    """Return the policy that a run read: what was published by its day and on record by then.

    :raises LawIsGone: if that isn't the policy whose digest the run carries.
    """
    known = PolicyDocument.objects.filter(published__lte=run.as_of)
    if "documents" in run.inputs:
        known = known.filter(pk__lte=run.inputs["documents"])
    rows = known.order_by("slug").values_list("slug", "sha256")
    found = policy.policy_as_of([_document(slug, digest) for slug, digest in rows], run.as_of)
    if found.digest != run.policy_sha256:
        raise LawIsGone(f"第 {run.pk} 次核定所用的政策文件已无法还原，请联系系统管理员。")
    return found


@lru_cache(maxsize=64)
def _policy(day: date, published: tuple[tuple[str, str], ...]) -> Policy:
    check_shipped(policy.shipped(), dict(published))
    return policy.policy_as_of([_document(slug, digest) for slug, digest in published], day)


@lru_cache(maxsize=64)
def _document(slug: str, digest: str) -> Document:
    return policy.read(slug, PolicyDocument.objects.get(slug=slug, sha256=digest).text)


def published_documents() -> tuple[Document, ...]:
    """Return every published document as rules, whatever its day, by day and name."""
    rows = PolicyDocument.objects.order_by("published", "slug").values_list("slug", "sha256")
    return tuple(_document(slug, digest) for slug, digest in rows)


def document_of(row: PolicyDocument) -> Document:
    """Return a published row as rules."""
    return _document(row.slug, row.sha256)
