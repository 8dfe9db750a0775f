"""Published policy documents: those that come with the release."""

from datetime import datetime

from django.db import transaction

from relief import policy
from relief.models import PolicyDocument
from relief.policy import Document


class ShippedDocumentDiffers(Exception):
    """A shipped file is not what was published under its name; a published text never changes."""


@transaction.atomic
def publish_shipped(*, at: datetime, using: str = "default") -> int:
    """Record the documents of this release that aren't recorded yet; return how many.

    :raises ShippedDocumentDiffers: if a file differs from its published row.
    """
    documents = policy.shipped()
    rows = PolicyDocument.objects.using(using)
    known = dict(rows.values_list("slug", "sha256"))
    check_shipped(documents, known)
    new = [document for document in documents if document.slug not in known]
    rows.bulk_create(
        PolicyDocument(
            slug=document.slug,
            title=document.title,
            number=document.number,
            published=document.published,
            text=document.text,
            sha256=document.digest,
            by_release=True,
            recorded_at=at,
        )
        for document in new
    )
    return len(new)


def check_shipped(documents: tuple[Document, ...], published: dict[str, str]) -> None:
    """Check shipped files against the published digests by slug.

    :raises ShippedDocumentDiffers: naming the first file that differs.
    """
    for document in documents:
        if published.get(document.slug, document.digest) != document.digest:
            raise ShippedDocumentDiffers(
                f"政策文件 relief/policy/{document.slug}.toml 与已公布的文本不一致。"
                "已公布的文件不得修改：请还原该文件，变更应另立新文件。"
            )
