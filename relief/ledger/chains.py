"""Closing postings: each is sealed with the digest of its rows and joins its chain.

One chain per fund and lane. Lane 0 takes single business events, the others what follows from the
facts of a block of employers, so that two workers seldom wait for each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from relief.ledger import guards
from relief.ledger.digest import NOTHING, Header, sm3
from relief.ledger.models import LedgerPosting
from relief.models.declared import Insurance

LANES = 8
EVENTS = 0
#: Neighbours in a block share a lane; facts are caught up with block by block.
BLOCK = 1024
#: SQL for the lane of an employer.
LANE_SQL = f"(1 + ({{employer}} / {BLOCK}) %% {LANES})"


@dataclass(frozen=True)
class Open:
    """A posting whose entries and legs are written and which isn't itself yet."""

    id: int
    insurance: str
    lane: int
    entries: int
    legs: int
    debit: Decimal
    cause: str

    @property
    def chain(self) -> str:
        """The name of the chain it will join."""
        return f"{self.insurance}-{self.lane}"


def numbers() -> dict[str, int]:
    """Return how far each chain is. A chain grows at commits only, in the order of its numbers."""
    names = [f"{fund}-{lane}" for fund in Insurance.values for lane in range(LANES + 1)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT name, number FROM unnest(%s::text[]) name CROSS JOIN LATERAL (
                SELECT number FROM relief_ledgerposting WHERE chain = name
                ORDER BY number DESC LIMIT 1) last
            """,
            [names],
        )
        return dict(cursor.fetchall())


def without_events(reached: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return how far the chains are that follow from runs and payments alone, by name."""
    return sorted(item for item in reached.items() if not item[0].endswith(f"-{EVENTS}"))


def close(postings: Iterable[Open], *, at: datetime) -> None:
    """Seal postings and write them, in the order of their chains.

    Their chains stay locked until the transaction ends: call it once, as its last write. Who
    closes twice in one transaction may wait in a ring with somebody else.
    """
    for posting in sorted(postings, key=lambda each: (each.chain, each.id)):
        entries, legs = _hashes(posting.id)  # read before others have to wait for us
        number, previous = _lock_head(posting.chain)
        header = Header(
            id=posting.id,
            chain=posting.chain,
            number=number + 1,
            entries=posting.entries,
            legs=posting.legs,
            debit=posting.debit,
            cause=posting.cause[:80],
            at=at,
        )
        LedgerPosting.objects.create(
            id=header.id,
            chain=header.chain,
            number=header.number,
            previous=previous,
            digest=sm3(previous, header, entries, legs),
            entries=header.entries,
            legs=header.legs,
            debit=header.debit,
            cause=header.cause,
            at=at,
        )


def _hashes(posting_id: int) -> tuple[bytes, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT string_agg(sha256, ''::bytea ORDER BY id)
                    FROM relief_ledgerentry WHERE posting_id = %(posting)s),
                (SELECT string_agg(sha256, ''::bytea ORDER BY id)
                    FROM relief_ledgerleg WHERE posting_id = %(posting)s)
            """,
            {"posting": posting_id},
        )
        entries, legs = cursor.fetchone()
    return bytes(entries), bytes(legs)


def _lock_head(chain: str) -> tuple[int, bytes]:
    """Return the number and digest of a chain's last posting; nobody else may add to it now."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({guards.chain_lock('%s')})", [chain])
        cursor.execute(
            """SELECT number, digest FROM relief_ledgerposting
            WHERE chain = %s ORDER BY number DESC LIMIT 1""",
            [chain],
        )
        found = cursor.fetchone()
    return (found[0], bytes(found[1])) if found else (0, NOTHING)
