"""Reading a whole city by the run's statements and writing nothing, on all cores."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from registry import money
from relief.run import shard
from relief.run.shard import Reading

#: Connections that read at once: the database works each on a core of its own.
READERS = 2
#: Seconds between two words about how far it is.
TELL_EVERY = 0.5
Part = dict[str, Any]
Range = tuple[int, int]
#: Three columns say which cell it is, then the lines changed, then amounts.
_AMOUNTS_FROM = 4


def read(
    what: Reading,
    ranges: Sequence[Range],
    *,
    run: int,
    readers: int = READERS,
    tell: Callable[[int], object] = lambda done: None,
    how: Callable[..., Part] = shard.simulate_whole,
) -> list[Part]:
    """Return what `how` finds for each range of employers, in their order.

    Each range is one read-only transaction. What is read is frozen by marks, so ranges read one
    after the other still fit together.

    :param tell: called about twice a second with how many ranges are done; what it raises
        ends the reading.
    :param readers: connections of their own; 0 reads in the caller's.
    """
    if not readers:
        found = []
        for first, last in ranges:
            found.append(how(what, first=first, last=last, run=run))
            tell(len(found))
        return found
    return _Readers(what, ranges, run, how).read(readers, tell)


class _Readers:
    """Threads that take ranges from one list; Python waits while the database works."""

    def __init__(
        self, what: Reading, ranges: Sequence[Range], run: int, how: Callable[..., Part]
    ) -> None:
        self.what, self.run, self.how = what, run, how
        self.left: queue.SimpleQueue[tuple[int, Range]] = queue.SimpleQueue()
        for place in enumerate(ranges):
            self.left.put(place)
        self.found: list[Part | None] = [None] * len(ranges)
        self.done = 0
        self.failure: BaseException | None = None
        self.stopped = threading.Event()

    def read(self, readers: int, tell: Callable[[int], object]) -> list[Part]:
        threads = [threading.Thread(target=self._work) for _ in range(readers)]
        for thread in threads:
            thread.start()
        try:
            told = time.monotonic()
            for thread in threads:
                while thread.is_alive():
                    thread.join(timeout=0.02)
                    if time.monotonic() - told >= TELL_EVERY:
                        told = time.monotonic()
                        tell(self.done)
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join()
        if self.failure is not None:
            raise self.failure
        return [part for part in self.found if part is not None]

    def _work(self) -> None:
        try:
            while not self.stopped.is_set():
                try:
                    place, (first, last) = self.left.get_nowait()
                except queue.Empty:
                    return
                with transaction.atomic():
                    with connection.cursor() as cursor:
                        cursor.execute("SET TRANSACTION READ ONLY")
                    self.found[place] = self.how(self.what, first=first, last=last, run=self.run)
                self.done += 1
        except BaseException as failure:  # noqa: BLE001  # raised again by who waits
            self.failure = failure
            self.stopped.set()
        finally:
            connection.close()


def add_cubes(cubes: Iterable[Sequence[Sequence[Any]]]) -> list[list[Any]]:
    """Return the sums of shards' cubes, cell by cell: `by_month` or `by_district`; yuan as text."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for cube in cubes:
        for cell in cube:
            key = tuple(cell[: _AMOUNTS_FROM - 1])
            changed, amounts = cell[_AMOUNTS_FROM - 1], map(Decimal, cell[_AMOUNTS_FROM:])
            sums = found.setdefault(key, [0, *([Decimal(0)] * (len(cell) - _AMOUNTS_FROM))])
            sums[0] += changed
            sums[1:] = [before + amount for before, amount in zip(sums[1:], amounts, strict=True)]
    return [[*key, sums[0], *map(money.text, sums[1:])] for key, sums in sorted(found.items())]
