"""What happens, in any order, with faults in between: at rest the money is where the bank has it.

Each schedule follows from its seed alone. `REPLAY=<seed>` runs one again; the soak runs 500.
"""

import os
import sys
import time
from collections import Counter

import pytest

from tests import soaking
from tests.refunds.crash.looking import wrongs
from tests.refunds.crash.refusing import REFUSALS, gently
from tests.refunds.crash.schedule import STEPS, Schedule

SEEDS = range(1, soaking.times(500, 8) + 1)
if replay := os.environ.get("REPLAY"):
    SEEDS = range(int(replay), int(replay) + 1)


@pytest.fixture(autouse=True)
def cheap_passwords(settings):
    """Nobody signs in here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_the_money_is_where_the_bank_has_it(seed, monkeypatch):
    begun = time.monotonic()
    schedule = Schedule(seed, monkeypatch)
    schedule.run()
    schedule.come_to_rest()
    assert wrongs(schedule) == [], f"REPLAY={seed}"
    soaking.keep(
        f"random schedules of {STEPS} steps",
        part=str(seed),
        count=1,
        seconds=time.monotonic() - begun,
        **schedule.figures(),
    )
    states = Counter(found.state for found in schedule.owed())
    sys.stdout.write(f"\nschedule {seed}: {dict(schedule.done)} {dict(states)}\n")
    sys.stdout.write(f"{schedule.figures()}, refused: {dict(schedule.refusals)}\n")


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_services_refuse_on_purpose_is_told(refusal):
    def refuse():
        raise refusal("太晚了")

    assert gently(refuse) == f"{refusal.__name__}: 太晚了"


def test_anything_else_is_no_refusal():
    def fail():
        raise LookupError("defect")

    with pytest.raises(LookupError):
        gently(fail)
