"""What triggers forbid of who does something with a batch, a difference or a day.

Nothing else looks while it is tried (`alone`), so rows need only what the trigger reads.
"""

from collections.abc import Iterator

from registry.models import Officer, Post
from tests.factories import make_officer
from tests.refunds.guards.rows import change, row
from tests.refunds.guards.violations import VIOLATIONS, forbidden_by


def _of(post: str, district: str = "510400") -> int:
    return make_officer(post, district=district).pk


def _locked_out() -> int:
    officer = Officer.objects.select_related("user").get(pk=_of(Post.FUND_FINANCE))
    officer.user.is_active = False
    officer.user.save()
    return officer.pk


def _drafted_by(post: str, district: str) -> Iterator[None]:
    hand = _of(post, district)
    yield
    row("refunds_batch", state="DRAFT", drafted_by_id=hand)


def _moved_by(before: str, after: str, column: str, post: str, district: str) -> Iterator[None]:
    batch = row("refunds_batch", state=before, count=2)
    hand = _of(post, district)
    yield
    change("refunds_batch", batch, state=after, **{column: hand})


@forbidden_by("refunds_batch.hands_of_their_posts")
def drafted_by_who_was_locked_out() -> Iterator[None]:
    hand = _locked_out()
    yield
    row("refunds_batch", state="DRAFT", drafted_by_id=hand)


_HANDS = (
    ("DRAFT", "CHECKED", "checked_by_id", Post.HEAD),
    ("CHECKED", "APPROVED", "approved_by_id", Post.FUND_FINANCE),
    ("APPROVED", "DISSOLVED", "dissolved_by_id", Post.HANDLER),
    # Audit takes lines out; a batch that still has some is not its to take apart.
    ("DRAFT", "DISSOLVED", "dissolved_by_id", Post.AUDIT),
)
VIOLATIONS["refunds_batch.hands_of_their_posts"] += [
    lambda: _drafted_by(Post.HEAD, "510400"),
    lambda: _drafted_by(Post.FUND_FINANCE, "510402"),
    *(
        lambda case=case, district=district: _moved_by(*case, district)  # type: ignore[misc]
        for case in _HANDS
        for district in ("510400", "510402")
    ),
]


def _proposed_by(post: str, district: str) -> Iterator[None]:
    hand = _of(post, district)
    yield
    row("refunds_correction", state="PROPOSED", prepared_by_id=hand)


def _decided_by(post: str, district: str) -> Iterator[None]:
    correction = row("refunds_correction", state="PROPOSED")
    hand = _of(post, district)
    yield
    change("refunds_correction", correction, state="CONFIRMED", decided_by_id=hand)


VIOLATIONS["refunds_correction.posts"] = [
    lambda: _proposed_by(Post.HEAD, "510400"),
    lambda: _proposed_by(Post.FUND_FINANCE, "510402"),
    lambda: _decided_by(Post.AUDIT, "510400"),
    lambda: _decided_by(Post.HEAD, "510402"),
]


def _closed_by(post: str, district: str) -> Iterator[None]:
    hand = _of(post, district)
    yield
    row("refunds_dayclose", closed_by_id=hand)


VIOLATIONS["refunds_dayclose.posts"] = [
    lambda: _closed_by(Post.HEAD, "510400"),
    lambda: _closed_by(Post.AUDIT, "510402"),
]
