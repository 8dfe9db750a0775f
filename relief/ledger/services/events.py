"""Posting business events: what somebody decided or a bank said, together with its cause."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection, transaction

from registry.money import ZERO
from relief.ledger import chains
from relief.ledger.digest import entry_sha256, leg_sha256
from relief.ledger.entries import Entry, check

_IDS = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
_ENTRIES = f"""
INSERT INTO relief_ledgerentry
    (id, posting_id, employer_id, insurance, value_on, reason, document, reference, sha256)
SELECT e.*, {entry_sha256("e")}
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::date[], %s::text[],
    %s::text[], %s::text[])
    AS e(id, posting_id, employer_id, insurance, value_on, reason, document, reference)
ORDER BY e.id
"""
_LEGS = f"""
INSERT INTO relief_ledgerleg
    (id, posting_id, entry_id, employer_id, insurance, value_on, month, account, amount,
        project_id, sha256)
SELECT l.*, {leg_sha256("l")}
FROM (
    SELECT id, posting_id, entry_id, employer_id, insurance, value_on, month, account,
        amount::numeric(16, 2) AS amount, project_id
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::date[],
        %s::date[], %s::text[], %s::numeric[], %s::bigint[])
        AS l(id, posting_id, entry_id, employer_id, insurance, value_on, month, account, amount,
            project_id)
) l
ORDER BY l.id
"""


def post(*, entries: Iterable[Entry], at: datetime, cause: str = "") -> None:
    """Post entries in the caller's transaction, together with what caused them.

    Takes the locks of the funds' chains and keeps them until the transaction ends: call it as
    late as you can, after all locks on rows (`registry.locks`). `cause` says in lists what the
    posting was; by default the first entry's reason.

    :raises Unbalanced: if the legs of an entry don't come to 0.00, or there are none.
    :raises django.db.IntegrityError: if a reference was posted before.
    """
    by_fund: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        check(entry)
        by_fund[entry.insurance].append(entry)
    if not by_fund:
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("post() wants the caller's transaction")
    first = next(iter(by_fund.values()))[0].reason
    ids = _draw("relief_ledgerposting", len(by_fund))
    opened = [
        _write(posting_id, insurance, found, cause=cause or first)
        for posting_id, (insurance, found) in zip(ids, sorted(by_fund.items()), strict=True)
    ]
    chains.close(opened, at=at)


def _write(posting_id: int, insurance: str, entries: Sequence[Entry], *, cause: str) -> chains.Open:
    """Write one fund's entries and legs; their posting comes last."""
    ids = _draw("relief_ledgerentry", len(entries))
    rows = [
        (
            entry_id,
            posting_id,
            entry.employer_id,
            entry.insurance,
            entry.value_on,
            entry.reason[:120],
            entry.document[:80],
            entry.reference,
        )
        for entry_id, entry in zip(ids, entries, strict=True)
    ]
    legs = [
        (
            posting_id,
            entry_id,
            entry.employer_id,
            entry.insurance,
            entry.value_on,
            leg.month,
            leg.account.value,
            leg.amount,
            leg.project_id,
        )
        for entry_id, entry in zip(ids, entries, strict=True)
        for leg in entry.legs
    ]
    leg_ids = _draw("relief_ledgerleg", len(legs))
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES, [list(column) for column in zip(*rows, strict=True)])
        cursor.execute(_LEGS, [leg_ids, *(list(column) for column in zip(*legs, strict=True))])
    amounts = [leg.amount for entry in entries for leg in entry.legs]
    debit = sum((amount for amount in amounts if amount > 0), ZERO)
    return chains.Open(
        id=posting_id,
        insurance=insurance,
        lane=chains.EVENTS,
        entries=len(rows),
        legs=len(legs),
        debit=debit,
        cause=cause,
    )


def _draw(table: str, count: int) -> list[int]:
    """Return fresh numbers of a table, ascending."""
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [table, count])
        return sorted(number for (number,) in cursor.fetchall())
