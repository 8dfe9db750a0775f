"""Who takes a step: tried with every post at every place, and with who had part in it before.

A step says in `may` who takes it, by hand, like a rule: (place, post), and nobody else. Places: 本县
the agency that handles the unit, 外县 another county's, 市 the city's own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, connection, transaction

from refunds.services import (
    account_cases,
    approve,
    batches,
    choose,
    day_close,
    differences,
    ending,
    inquiry,
    sampling,
    tiers,
    words,
)
from refunds.services.telling import for_unit
from refunds.workflow import IllegalMove
from registry.models import Officer, Post
from relief.ledger.services import corrections
from tests import factories

HOME, ELSEWHERE, CITY = "510402", "510403", "510400"
PLACES = {"本县": HOME, "外县": ELSEWHERE, "市": CITY}
Who = tuple[str, str]
#: How services say no to a person; anything else fails the test.
REFUSED = (
    account_cases.NotYours,
    account_cases.SamePerson,
    approve.NotYours,
    approve.SamePerson,
    approve.WrongPost,
    batches.SamePerson,
    batches.WrongPost,
    choose.NotASigner,
    choose.NothingToChoose,
    corrections.NotYours,
    corrections.SamePerson,
    day_close.DraftedIt,
    differences.NotYours,
    differences.SamePerson,
    ending.NotYours,
    for_unit.NotYours,
    for_unit.SamePerson,
    inquiry.WrongPost,
    sampling.NothingToCheck,
    sampling.SamePerson,
    sampling.WrongPost,
    tiers.NotYourTask,
    tiers.SamePerson,
    words.SamePerson,
    IllegalMove,
)
Way = Callable[[Any, Officer], object]


@dataclass(frozen=True)
class Step:
    """One step with money: what stands before it, who takes it, and in which ways it is tried.

    `before` returns what the ways get; `part` who had part in it and may take no step more.
    """

    before: Callable[[], Any]
    may: frozenset[Who]
    service: Way
    sql: Way | None = None
    part: Callable[[Any], Sequence[Officer]] | None = None

    @property
    def ways(self) -> list[Way]:
        return [self.service] if self.sql is None else [self.service, self.sql]


def run(statement: str, *values: object) -> None:
    """Write as the role of pages does; exactly one row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount == 1


def accepts(way: Way, scene: Any, officer: Officer) -> bool:
    """Whether the step is taken; whatever came of it is taken back."""
    try:
        with transaction.atomic():
            way(scene, officer)
            transaction.set_rollback(True)
    except (*REFUSED, DatabaseError):
        return False
    return True


def takers(way: Way, scene: Any) -> set[Who]:
    """Return who takes the step, of every post at every place, none with part in it."""
    return {
        (place, post.value)
        for place, district in PLACES.items()
        for post in Post
        if accepts(way, scene, factories.make_officer(post, district=district))
    }


def taken_by(step: Step, scene: Any, officer: Officer, way: Way) -> list[Who]:
    """Return at which of the right posts and places an officer takes the step, moved to each."""
    found = []
    for place, post in sorted(step.may):
        agency = factories.make_officer(post, district=PLACES[place]).agency
        Officer.objects.filter(pk=officer.pk).update(post=post, agency=agency)
        if accepts(way, scene, Officer.objects.get(pk=officer.pk)):
            found.append((place, post))
    return found


def locked_out(officer: Officer) -> Officer:
    """Return an officer whose account was locked."""
    officer.user.is_active = False
    officer.user.save(update_fields=["is_active"])
    return officer
