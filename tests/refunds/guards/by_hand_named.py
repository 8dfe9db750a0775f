"""What triggers forbid of who is named for a step, and of states that people must agree to first
(`refunds.guards_hands`).

Nothing else looks while it is tried (`alone`), so rows need only what the trigger reads.
"""

from collections.abc import Callable, Iterator

from registry.models import Post
from tests.factories import make_agency, make_officer
from tests.refunds.guards.alone import Violation
from tests.refunds.guards.rows import change, fetch, row
from tests.refunds.guards.violations import VIOLATIONS, forbidden_by

_NOON = "2020-07-20 12:00:00+08"
CITY, HERE, ELSEWHERE = "510400", "510402", "510403"
FINANCE, HEAD, AUDIT = "FUND_FINANCE", "HEAD", "AUDIT"
HANDLER, REVIEWER = "HANDLER", "REVIEWER"
#: Who may be named where, written by hand: of the city's own agency, or of the unit's.
OF_THE_CITY = {
    ("refunds_answerhandled", "by_id"): {FINANCE, HEAD},
    ("refunds_approvalrules", "prepared_by_id"): {FINANCE, AUDIT, HEAD},
    ("refunds_approvalrules", "published_by_id"): {HEAD},
}
OF_THE_UNIT = {
    ("refunds_staffchoice", "recorded_by_id"): {HANDLER},
    ("refunds_staffchoice", "decided_by_id"): {HANDLER, REVIEWER},
}


def officer(post: str, district: str, *, active: bool = True, kind: str = "") -> int:
    """Return an officer of an agency of a district."""
    agency = make_agency(kind, district=district) if kind else None
    made = make_officer(post, district=district, agency=agency, is_active=active)
    return made.pk


def _strangers(posts: set[str], *, place: str) -> list[Callable[[], int]]:
    """Return who may not be named: other posts; the right one elsewhere, locked, of a bureau."""
    right = min(posts)
    others = [post.value for post in Post if post.value not in posts]
    away = HERE if place == CITY else CITY
    return [
        *(lambda post=post: officer(post, place) for post in others),  # type: ignore[misc]
        lambda: officer(right, away),
        lambda: officer(right, ELSEWHERE),
        lambda: officer(right, place, active=False),
        lambda: officer(right, place, kind="TAX"),
    ]


def _written(table: str, column: str, who: Callable[[], int]) -> Iterator[None]:
    hand = who()
    yield
    row(table, **{column: hand})


def _changed(
    table: str, column: str, who: Callable[[], int], employer: int | None
) -> Iterator[None]:
    hand = who()
    more = {}
    if employer is not None:
        more["employer_id"] = row("registry_employer", district_id=HERE)
    number = row(table, **more)
    yield
    change(table, number, **{column: hand})


def _refused(table: str, column: str, posts: set[str], *, place: str) -> list[Violation]:
    strangers = _strangers(posts, place=place)
    employer = None if place == CITY else 1
    return [
        lambda: _written(table, column, strangers[0]),
        *(
            lambda who=who: _changed(table, column, who, employer)  # type: ignore[misc]
            for who in strangers
        ),
    ]


for (_table, _column), _posts in OF_THE_CITY.items():
    VIOLATIONS.setdefault(f"{_table}.posts", []).extend(
        _refused(_table, _column, _posts, place=CITY)
    )
for (_table, _column), _posts in OF_THE_UNIT.items():
    VIOLATIONS.setdefault(f"{_table}.posts", []).extend(
        _refused(_table, _column, _posts, place=HERE)
    )


# What two people decide


def _decided_at_once(table: str) -> Iterator[None]:
    yield
    row(table, state="CONFIRMED", decided_by_id=1, decided_at=_NOON)


for _table in ("refunds_bankword", "refunds_correction", "refunds_staffchoice"):
    VIOLATIONS[f"{_table}.begins_as_a_proposal"] = [
        lambda table=_table: _decided_at_once(table)  # type: ignore[misc]
    ]


def _settled(correction: str) -> Iterator[None]:
    found = row("refunds_difference", state="PROPOSED", kind="AMOUNT")
    if correction:
        row("refunds_correction", difference_id=found, state=correction)
    yield
    change("refunds_difference", found, state="SETTLED", ended_at=_NOON)


VIOLATIONS["refunds_difference.settled_by_two"] = [
    lambda: _settled(""),
    lambda: _settled("PROPOSED"),
    lambda: _settled("REFUSED"),
]


@forbidden_by("refunds_difference.settled_by_two")
def found_as_settled() -> Iterator[None]:
    yield
    row("refunds_difference", state="SETTLED", kind="AMOUNT", ended_at=_NOON)


@forbidden_by("refunds_difference.settled_by_two")
def of_a_pair_settled_later() -> Iterator[None]:
    found = row("refunds_difference", state="OPEN", kind="OTHER_DAY")
    yield
    change("refunds_difference", found, state="SETTLED", ended_at=_NOON)


@forbidden_by("refunds_approvalrules.released_with_the_program")
def signed_by_nobody() -> Iterator[None]:
    row("refunds_approvalrules", by_release=True)
    yield
    fetch("SET LOCAL ROLE relief_app")
    row("refunds_approvalrules", by_release=True)


# What is owed


def _chosen(before: str, kind: str, *, agreed: bool) -> Iterator[None]:
    owed = row("refunds_obligation", state=before)
    if kind:
        handed_in = row("refunds_submission", obligation_id=owed, kind=kind)
        if agreed:
            row("refunds_approval", submission_id=handed_in, level="FIRST", granted=True)
    yield
    change("refunds_obligation", owed, state="CHOSEN")


VIOLATIONS["refunds_obligation.chosen_anew"] = [
    lambda: _chosen("OFFERED", "", agreed=False),
    lambda: _chosen("OFFERED", "CHOICE", agreed=True),
    lambda: _chosen("RETURNED", "CHOICE", agreed=True),
    lambda: _chosen("OFFERED", "CORRECTION", agreed=False),
]


def _corrected(*, case: bool, level: str) -> Iterator[None]:
    owed = row("refunds_obligation", state="CORRECTED", amount=1)
    row("refunds_submission", obligation_id=owed, kind="CHOICE", at=_NOON)
    given = row("refunds_submission", obligation_id=owed, kind="CORRECTION", at=_NOON)
    if case:
        row("refunds_accountchange", submission_id=given)
    if level:
        ((digest,),) = fetch("SELECT refunds_content_sha256(%s)", given)
        row(
            "refunds_approval",
            submission_id=given,
            level=level,
            granted=True,
            content_sha256=digest,
        )
    yield
    change("refunds_obligation", owed, state="APPROVED")


VIOLATIONS["refunds_obligation.corrected_by_two"] = [
    lambda: _corrected(case=False, level=""),
    lambda: _corrected(case=True, level=""),
    lambda: _corrected(case=True, level="ACCOUNT"),
    lambda: _corrected(case=True, level="ACCOUNT2"),
]
