"""The published policy documents in force on a day."""

from datetime import date
from functools import lru_cache

from relief import policy
from relief.models import PolicyDocument
from relief.policy import Document, Policy
from relief.services.documents import check_shipped


def policy_as_of(day: date) -> Policy:
    """Return the policy made of the documents published by a day; read anew only if they changed.

    :raises ShippedDocumentDiffers: if a shipped file is not what was published.
    """
    rows = PolicyDocument.objects.filter(published__lte=day).order_by("slug")
    return _policy(day, tuple(rows.values_list("slug", "sha256")))


@lru_cache(maxsize=64)
def _policy(day: date, published: tuple[tuple[str, str], ...]) -> Policy:
    check_shipped(policy.shipped(), dict(published))
    return policy.policy_as_of([_document(slug, digest) for slug, digest in published], day)


@lru_cache(maxsize=64)
def _document(slug: str, digest: str) -> Document:
    return policy.read(slug, PolicyDocument.objects.get(slug=slug, sha256=digest).text)
