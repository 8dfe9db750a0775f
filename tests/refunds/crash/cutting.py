"""Cutting a story short at its points, one after the other, and looking at what became of it."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests import soaking
from tests.refunds.crash.killing import in_child
from tests.refunds.crash.world import World

#: Every point in `make soak`; in `make test` the first and every so manieth.
SOAK = soaking.is_soak()
STRIDE = 1 if SOAK else 37
#: Parts of a story that may run beside each other.
PARTS = 6 if SOAK else 1


@dataclass(frozen=True)
class Story:
    """What stands before, what is cut short, who goes on afterwards, and what must be so then.

    `finish` goes on with whatever it finds and returns what `wrong` looks at; `wrong` says in
    sentences what is not as it must be.
    """

    prepare: Callable[[World], Any]
    act: Callable[[World, Any], object]
    finish: Callable[[World, Any], Any]
    wrong: Callable[[World, Any], list[str]]


def cut(name: str, story: Story, *, part: int) -> None:
    """Kill a story at each of its points that fall to this part, and bring each to its end."""
    begun = time.monotonic()
    world = World()
    subject = story.prepare(world)
    whole = in_child(lambda: story.act(world, subject))
    world.hour += 1
    ended = [story.finish(world, subject)]
    assert story.wrong(world, ended[0]) == []

    killed: Counter[bool] = Counter()
    for point in range(1 + part * STRIDE, whole.points + 1, STRIDE * PARTS):
        subject = story.prepare(world)
        cut_short = in_child(lambda subject=subject: story.act(world, subject), at=point)
        killed[cut_short.killed] += 1
        world.hour += 1
        world.catch_up()
        ended.append(story.finish(world, subject))
        found = story.wrong(world, ended[-1])
        assert found == [], f"{name}, point {point} of {whole.points}: {found}"
    for each in ended:
        assert story.wrong(world, each) == []
    # Told again, a story may take a statement less than the first time; nearly all were killed.
    assert killed[True] * 10 >= 8 * killed.total()
    soaking.keep(
        f"killed at a point: {name}",
        part=str(part),
        count=killed[True],
        seconds=time.monotonic() - begun,
        beyond_the_end=killed[False],
    )
    sys.stdout.write(
        f"\ncrash: {name}: {killed[True]} of {whole.points} points {dict(whole.kinds)}\n"
    )
