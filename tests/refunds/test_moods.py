"""A bank that misbehaves in fourteen ways: our money ends as its books have it, to the fen, and
every oddity waits for people with its reason."""

import os
import re

import pytest
from django.conf import settings

from refunds.bank import ADAPTERS
from refunds.fakebank.moods import FOURTEEN, Mood
from refunds.models import Attempt, Batch
from tests.refunds import moods

pytestmark = pytest.mark.django_db

SEEDS = range(1, 21) if os.environ.get("SOAK") else [1]
#: Nothing is wrong with what comes, it comes late, twice or otherwise written.
HARMLESS = {
    Mood.ACCEPTS_TIMES_OUT,
    Mood.REFUSES_TIMES_OUT,
    Mood.LOSES_RESULT,
    Mood.RETURNS_LATER,
    Mood.DUPLICATE,
    Mood.ENCODINGS,
    Mood.RENAMED,
    Mood.RESULT_FIRST,
}
CHINESE = re.compile(r"[\u4e00-\u9fff].*。$", re.DOTALL)


@pytest.mark.soak("moods of the bank in all three forms, by seeds", 1)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("channel", ADAPTERS)
@pytest.mark.parametrize("mood", FOURTEEN)
def test_our_money_ends_as_the_bank_has_it(mood, channel, seed):
    cast = moods.Town(channel=channel)
    theirs = moods.open_bank(mood=mood, seed=seed)
    batch = moods.order(cast)
    moods.exchange(theirs, days={Mood.RETURNS_LATER: 32, Mood.RENAMED: 6}.get(mood, 1))
    said = moods.oddities()
    assert bool(said) == (mood not in HARMLESS), said
    assert all(CHINESE.search(reason) for reason in said), said
    # Before it is put right nobody is shown as paid who isn't.
    truth = theirs.books.truth()
    for attempt in Attempt.objects.filter(state="PAID"):
        assert truth[attempt.line_no].stayed == attempt.amount

    theirs.calm_down()
    moods.exchange(theirs, days=1)
    assert moods.differs(theirs) == []
    batch.refresh_from_db()
    assert batch.state in {"ANSWERED", "CLOSED"}

    # The bank says it all once more: nothing moves.
    theirs.calm_down()
    moods.exchange(theirs, days=1)
    assert moods.differs(theirs) == []
    assert theirs.books.truth() == truth
    theirs.close()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("channel", ADAPTERS)
def test_three_batches_in_mixed_moods_end_as_the_bank_has_them(channel, seed):
    cast = moods.Town(channel=channel)
    theirs = moods.open_bank(mood="mixed", seed=seed)
    for _ in range(3):
        moods.order(cast)
        moods.exchange(theirs)
    moods.exchange(theirs, days=31)
    theirs.calm_down()
    moods.exchange(theirs, days=1)
    assert moods.differs(theirs) == []
    assert Batch.objects.count() == 3
    theirs.close()


def test_a_line_that_was_paid_is_never_sent_again(cast):
    """Lost results, an impatient office, and a bank that is asked: one payment a refund."""
    theirs = moods.open_bank(mood="loses_result", seed=1)
    moods.order(cast)
    moods.exchange(theirs, days=3)
    with pytest.raises(Exception, match="没有待出盘的退费"):
        cast.draft()
    for path in list((settings.BANK_DIR / "out").iterdir()):
        (path.parent / f"copy-of-{path.name}").write_bytes(path.read_bytes())
    moods.exchange(theirs)
    theirs.calm_down()
    moods.exchange(theirs, days=1)
    assert moods.differs(theirs) == []
    paid = [line for line in theirs.books.truth().values() if line.paid]
    assert len(paid) == len(moods.ACCOUNTS) - 1
    theirs.close()
