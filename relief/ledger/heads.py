"""Where each chain ends, written to a second place: what is cut off at the end is missed there.

`DATA_DIR/ledger-heads/2020-08-03.json`, one file a day, the last state of the day. Keep the folder
where the database's administrators can't write.
"""

import json
import os
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from django.conf import settings
from django.db import connection


class HeadsLost(Exception):
    """What was exported before is no longer in the book; nothing was written over it."""


@dataclass(frozen=True)
class Head:
    """The last posting of a chain."""

    chain: str
    number: int
    digest: str


def heads() -> list[Head]:
    """Return where each chain ends, by name."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT ON (chain) chain, number, encode(digest, 'hex')
            FROM relief_ledgerposting ORDER BY chain, number DESC"""
        )
        return [Head(*row) for row in cursor.fetchall()]


def folder() -> Path:
    """Return where heads are exported to."""
    return Path(settings.DATA_DIR) / "ledger-heads"


def newest() -> tuple[date, list[Head]] | None:
    """Return the newest exported heads and their day, or None."""
    files = sorted(folder().glob("????-??-??.json"))
    if not files:
        return None
    found = json.loads(files[-1].read_text(encoding="utf-8"))
    known = [Head(chain, head["number"], head["sm3"]) for chain, head in found["chains"].items()]
    return date.fromisoformat(files[-1].stem), known


def missing(known: list[Head]) -> Head | None:
    """Return the first of some heads that is no longer in the book, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.chain, k.number, k.digest
            FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS k(chain, number, digest)
            WHERE NOT EXISTS (
                SELECT FROM relief_ledgerposting p WHERE p.chain = k.chain
                    AND p.number = k.number AND encode(p.digest, 'hex') = k.digest)
            ORDER BY k.chain LIMIT 1
            """,
            [
                [head.chain for head in known],
                [head.number for head in known],
                [head.digest for head in known],
            ],
        )
        found = cursor.fetchone()
    return Head(*found) if found else None


def export_heads(*, day: date, at: datetime) -> Path:
    """Write where each chain ends, for a day, in one piece; return the file.

    Again on the same day: the later state takes the earlier one's place.

    :raises HeadsLost: if what the newest file names is no longer in the book.
    """
    before = newest()
    if before and (lost := missing(before[1])):
        raise HeadsLost(
            f"{before[0]:%Y-%m-%d}导出的账链 {lost.chain} 第 {lost.number} 批在账簿中已找不到，"
            "没有覆盖原文件。请立即运行 verify_ledger 并报告审计人员。"
        )
    where = folder()
    where.mkdir(parents=True, exist_ok=True)
    said = {
        "day": day.isoformat(),
        "at": at.isoformat(),
        "chains": {head.chain: {"number": head.number, "sm3": head.digest} for head in heads()},
    }
    with tempfile.NamedTemporaryFile("w", dir=where, encoding="utf-8", delete=False) as file:
        json.dump(said, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    target = where / f"{day.isoformat()}.json"
    Path(file.name).replace(target)
    return target
