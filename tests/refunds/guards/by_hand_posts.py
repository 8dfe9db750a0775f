"""What triggers forbid of who does something with a batch, a difference or a day, and of what has
no word of the bank.

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


@forbidden_by("refunds_batch.signed_by_its_post")
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
VIOLATIONS["refunds_batch.signed_by_its_post"] += [
    lambda: _drafted_by(Post.HEAD, "510400"),
    lambda: _drafted_by(Post.FUND_FINANCE, "510402"),
    *(
        lambda case=case, district=district: _moved_by(*case, district)  # type: ignore[misc]
        for case in _HANDS
        for district in ("510400", "510402")
    ),
]


def _prepared_by(table: str, post: str, district: str) -> Iterator[None]:
    hand = _of(post, district)
    yield
    row(table, state="PROPOSED", prepared_by_id=hand)


def _decided_by(table: str, post: str, district: str) -> Iterator[None]:
    proposed = row(table, state="PROPOSED")
    hand = _of(post, district)
    yield
    change(table, proposed, decided_by_id=hand)


for table in ("refunds_correction", "refunds_bankword", "relief_ledgercorrection"):
    VIOLATIONS[f"{table}.posts"] = [
        lambda table=table: _prepared_by(table, Post.HEAD, "510400"),  # type: ignore[misc]
        lambda table=table: _prepared_by(table, Post.FUND_FINANCE, "510402"),  # type: ignore[misc]
        lambda table=table: _decided_by(table, Post.AUDIT, "510400"),  # type: ignore[misc]
        lambda table=table: _decided_by(table, Post.HEAD, "510402"),  # type: ignore[misc]
    ]


def _closed_by(post: str, district: str) -> Iterator[None]:
    hand = _of(post, district)
    yield
    row("refunds_dayclose", closed_by_id=hand)


def _ended_without_a_word(state: str, finding: str = "") -> Iterator[None]:
    line = row("refunds_attempt", state="SENT")
    if finding:
        row("refunds_bankanswerline", attempt_id=line, finding=finding)
    yield
    change("refunds_attempt", line, state=state)


VIOLATIONS["refunds_attempt.ends_by_the_banks_word"] = [
    lambda: _ended_without_a_word("PAID"),
    lambda: _ended_without_a_word("BOUNCED"),
    lambda: _ended_without_a_word("PAID", "bounced"),
    lambda: _ended_without_a_word("BOUNCED", "paid"),
    lambda: _ended_without_a_word("BOUNCED", "wrong_amount"),
]


def _stands_without_a_line(state: str, line: str = "") -> Iterator[None]:
    refund = row("refunds_obligation", state="APPROVED")
    if line:
        row("refunds_attempt", obligation_id=refund, state=line)
    yield
    change("refunds_obligation", refund, state=state)


VIOLATIONS["refunds_obligation.stands_as_its_line"] = [
    *(
        lambda state=state: _stands_without_a_line(state)  # type: ignore[misc]
        for state in ("IN_BATCH", "AT_BANK", "PAID", "BOUNCED")
    ),
    lambda: _stands_without_a_line("IN_BATCH", "RECALLED"),
    lambda: _stands_without_a_line("AT_BANK", "BOUNCED"),
    lambda: _stands_without_a_line("PAID", "SENT"),
    lambda: _stands_without_a_line("BOUNCED", "PAID"),
]
VIOLATIONS["refunds_dayclose.posts"] = [
    lambda: _closed_by(Post.HEAD, "510400"),
    lambda: _closed_by(Post.AUDIT, "510402"),
]
