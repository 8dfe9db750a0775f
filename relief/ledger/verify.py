"""The proof: every row is as it was written, every entry balances, every chain is whole, and the
book says what the facts say.

Reads only, set-based; the first bad row is named. docs/algorithms/ledger.md says what each step
finds and what none can.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from registry.money import ZERO
from registry.work import OPEN
from relief.ledger import facts, heads, slots
from relief.ledger.accounts import Account
from relief.ledger.chains import BLOCK
from relief.ledger.digest import NOTHING, Header, entry_sha256, leg_sha256, sm3
from relief.models import LedgerWork

#: Both cores of the smallest machine; sorts and hashes of millions of rows.
_SETTINGS = {"max_parallel_workers_per_gather": "2", "work_mem": "'128MB'"}
_EVERYBODY = {"first": 0, "last": 2**62, "employer_ids": None}


@dataclass(frozen=True)
class Problem:
    """The first thing that is wrong: what kind, which row, and a sentence."""

    kind: str
    row: str
    message: str


@dataclass
class Report:
    """What was looked at, and the first problem, if any."""

    postings: int = 0
    entries: int = 0
    legs: int = 0
    debit: Decimal = ZERO
    #: The day of the exported heads that the chains were compared with.
    heads_of: date | None = None
    #: Blocks whose last run is still being posted: not compared with the facts.
    waiting: int = 0
    problem: Problem | None = None
    chains: list[heads.Head] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None


class _Wrong(Exception):
    def __init__(self, kind: str, row: str, message: str) -> None:
        self.problem = Problem(kind, row, message)
        super().__init__(message)


def verify(*, at: datetime) -> Report:
    """Prove the whole book, as it stands at one moment."""
    report = Report()
    with _one_moment(), connection.cursor() as cursor:
        for setting, value in _SETTINGS.items():
            cursor.execute(f"SET LOCAL {setting} = {value}")
        try:
            _rows_are_as_written(cursor)
            _entries_balance(cursor)
            _offsets_come_to_nothing(cursor)
            _chains_are_whole(cursor, report)
            _nothing_is_cut_off(report)
            _facts_agree(cursor, report, at)
        except _Wrong as wrong:
            report.problem = wrong.problem
        finally:
            for setting in _SETTINGS:
                cursor.execute(f"SET LOCAL {setting} TO DEFAULT")
    return report


@contextmanager
def _one_moment() -> Iterator[None]:
    """See one state of the database throughout, unless the caller's transaction is under way."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _first(cursor: CursorWrapper, sql: str, parameters: Any = None) -> Any:
    cursor.execute(sql, parameters)
    return cursor.fetchone()


def _rows_are_as_written(cursor: CursorWrapper) -> None:
    for table, name, sha256 in (
        ("relief_ledgerleg", "分录", leg_sha256("r")),
        ("relief_ledgerentry", "凭证", entry_sha256("r")),
    ):
        (row,) = _first(
            cursor, f"SELECT min(id) FROM {table} r WHERE sha256 IS DISTINCT FROM {sha256}"
        )
        if row is not None:
            raise _Wrong("row", f"{name}{row}", f"{name} {row} 与写入时不一致，已被改动。")


def _entries_balance(cursor: CursorWrapper) -> None:
    """Also that each leg is of its entry's posting, employer, fund and day."""
    found = _first(
        cursor,
        """
        SELECT entry_id, balance, strays FROM (
            SELECT l.entry_id, sum(l.amount) AS balance,
                bool_or(e.id IS NULL OR e.posting_id <> l.posting_id
                    OR e.employer_id <> l.employer_id OR e.insurance <> l.insurance
                    OR e.value_on <> l.value_on) AS strays
            FROM relief_ledgerleg l LEFT JOIN relief_ledgerentry e ON e.id = l.entry_id
            GROUP BY l.entry_id
        ) by_entry
        WHERE balance <> 0 OR strays ORDER BY entry_id LIMIT 1
        """,
    )
    if found is not None:
        entry, balance, strays = found
        wrong = "与它的分录不属于同一单位、险种、日期或批次" if strays else f"借贷相差 {balance} 元"
        raise _Wrong("balance", f"凭证{entry}", f"凭证 {entry} {wrong}。")


def _offsets_come_to_nothing(cursor: CursorWrapper) -> None:
    """What some months of an employer and fund give, others take."""
    found = _first(
        cursor,
        """
        SELECT e.uscc, l.insurance, sum(l.amount)
        FROM relief_ledgerleg l LEFT JOIN registry_employer e ON e.id = l.employer_id
        WHERE l.account = 'offset'
        GROUP BY l.employer_id, e.uscc, l.insurance HAVING sum(l.amount) <> 0
        ORDER BY l.employer_id, l.insurance LIMIT 1
        """,
    )
    if found is not None:
        uscc, insurance, amount = found
        raise _Wrong(
            "offset", f"{uscc} {insurance}", f"{uscc} {insurance} 的冲抵两边相差 {amount} 元。"
        )


# One pass each over legs and entries; small columns only, in the order of their numbers.
_HASHES = """
SELECT posting_id, count(*), coalesce(sum(amount) FILTER (WHERE amount > 0), 0),
    string_agg(sha256, ''::bytea ORDER BY id)
FROM relief_ledgerleg GROUP BY posting_id
"""
_ENTRY_HASHES = """
SELECT posting_id, count(*), string_agg(sha256, ''::bytea ORDER BY id)
FROM relief_ledgerentry GROUP BY posting_id
"""
_POSTINGS = """
SELECT coalesce(p.id, l.posting_id, e.posting_id), p.chain, p.number, p.previous, p.digest,
    p.entries, p.legs, p.debit, p.cause, p.at, e.n, e.hashes, l.n, l.debit, l.hashes
FROM relief_ledgerposting p
FULL JOIN ({entries}) AS e(posting_id, n, hashes) ON e.posting_id = p.id
FULL JOIN ({legs}) AS l(posting_id, n, debit, hashes) ON l.posting_id = coalesce(p.id, e.posting_id)
ORDER BY p.chain, p.number
"""
_AT_A_TIME = 20


def _chains_are_whole(cursor: CursorWrapper, report: Report) -> None:
    statement = _POSTINGS.format(entries=_ENTRY_HASHES, legs=_HASHES)
    with _streamed(statement) as rows:
        for chain, postings in groupby(rows, key=lambda row: row[1]):
            number, previous = 0, NOTHING
            for row in postings:
                if chain is None:
                    raise _Wrong(
                        "posting",
                        f"批次{row[0]}",
                        f"有凭证或分录属于批次 {row[0]}，而这个批次已不存在。",
                    )
                number, previous = _follow(row, number, previous, report)
            report.chains.append(heads.Head(chain, number, previous.hex()))


@contextmanager
def _streamed(statement: str) -> Iterator[Iterator[Any]]:
    """Read rows of any number through a cursor of the server's."""

    def rows() -> Iterator[Any]:
        with connection.cursor() as cursor:
            while True:
                cursor.execute(f"FETCH {_AT_A_TIME} FROM ledger_proof")
                found = cursor.fetchall()
                if not found:
                    return
                yield from found

    with connection.cursor() as cursor:
        cursor.execute(f"DECLARE ledger_proof NO SCROLL CURSOR FOR {statement}")
    try:
        yield rows()
    finally:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("CLOSE ledger_proof")


def _follow(row: Any, number: int, previous: bytes, report: Report) -> tuple[int, bytes]:
    """Check that a posting follows the one before and holds what it says; return its place."""
    (pk, chain, here, prior, digest, entries, legs, debit, cause, at) = row[:10]
    n_entries, entry_hashes, n_legs, sum_debit, leg_hashes = row[10:]
    name = f"{chain}/{here}"
    if here != number + 1:
        raise _Wrong("chain", name, f"账链 {chain} 第 {number + 1} 批缺失。")
    if bytes(prior) != previous:
        raise _Wrong("chain", name, f"账链 {chain} 第 {here} 批与前一批的摘要接不上。")
    if (n_entries, n_legs, sum_debit) != (entries, legs, debit):
        raise _Wrong(
            "posting",
            name,
            f"账链 {chain} 第 {here} 批应有凭证 {entries} 张、分录 {legs} 条、借方 {debit} 元，"
            f"现有 {n_entries or 0} 张、{n_legs or 0} 条、{sum_debit or 0} 元。",
        )
    header = Header(pk, chain, here, entries, legs, debit, cause, at)
    if sm3(previous, header, bytes(entry_hashes), bytes(leg_hashes)) != bytes(digest):
        raise _Wrong(
            "digest", name, f"账链 {chain} 第 {here} 批的摘要不符，批次或其中的行已被改动。"
        )
    report.postings += 1
    report.entries += entries
    report.legs += legs
    report.debit += debit
    return here, bytes(digest)


def _nothing_is_cut_off(report: Report) -> None:
    known = heads.newest()
    if known is None:
        return
    report.heads_of, exported = known
    if lost := heads.missing(exported):
        raise _Wrong(
            "head",
            f"{lost.chain}/{lost.number}",
            f"{report.heads_of:%Y-%m-%d}导出的账链 {lost.chain} 第 {lost.number} 批在账簿中已找不到，"
            "末尾的记账被删除或替换。",
        )


def _facts_agree(cursor: CursorWrapper, report: Report, at: datetime) -> None:
    """Compare with every source; blocks whose last run is still being posted are left out."""
    waiting = LedgerWork.objects.filter(state__in=OPEN).values_list("block", flat=True)
    blocks = sorted(set(waiting))
    report.waiting = len(blocks)
    day = timezone.localtime(at).date()
    for source in slots.sources():
        parameters = {
            **_EVERYBODY,
            "accounts": [account.value for account in source.accounts],
            "day": day,
            "document": "",
            "blocks": blocks,
        }
        found = _first(
            cursor,
            f"""WITH {facts.difference(source)}
            SELECT d.*, e.uscc FROM difference d LEFT JOIN registry_employer e ON e.id = d.employer_id
            WHERE d.employer_id / {BLOCK} <> ALL(%(blocks)s::bigint[])
            ORDER BY d.employer_id, d.insurance, d.month, d.account, d.value_on LIMIT 1""",
            parameters,
        )
        if found is not None:
            raise _Wrong("facts", *_difference(found))


def _difference(found: Any) -> tuple[str, str]:
    employer_id, insurance, month, account, value_on, amount, _, _, uscc = found
    row = f"{uscc or employer_id} {month:%Y-%m} {insurance} {account} {value_on:%Y-%m-%d}"
    label = Account(account).label
    return row, (
        f"{uscc or employer_id} {month:%Y-%m} {insurance} 的“{label}”"
        f"截至 {value_on:%Y-%m-%d} 与业务数据相差 {amount} 元（业务数据减账簿）。"
    )
