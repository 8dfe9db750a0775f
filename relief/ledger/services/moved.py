"""Posting thousands of business events alike by one statement: what a query says was moved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from relief.ledger import chains
from relief.ledger.services.writing import write

# Each row of `moved` is a month's part of an entry, which its reference names.
_STEPS = f"""
posting AS MATERIALIZED (
    SELECT nextval('relief_ledgerposting_id_seq') AS id, insurance, {chains.EVENTS} AS lane
    FROM (SELECT DISTINCT insurance FROM moved ORDER BY 1) fund
),
entry AS MATERIALIZED (
    SELECT nextval('relief_ledgerentry_id_seq') AS id, p.id AS posting_id, c.*
    FROM (
        SELECT DISTINCT employer_id, insurance, value_on, reason, document, reference
        FROM moved ORDER BY employer_id, insurance, reference
    ) c
    JOIN posting p ON p.insurance = c.insurance
),
leg AS MATERIALIZED (
    SELECT nextval('relief_ledgerleg_id_seq') AS id, e.posting_id, e.id AS entry_id,
        e.employer_id, e.insurance, e.value_on, m.month, m.account,
        m.amount::numeric(16, 2) AS amount, m.project_id
    FROM (
        SELECT reference, month, side.account, side.amount, project_id
        FROM moved CROSS JOIN LATERAL (VALUES (debit, amount), (credit, -amount))
            AS side(account, amount)
        ORDER BY employer_id, insurance, reference, month
    ) m
    JOIN entry e ON e.reference = m.reference
)
"""


def post_moved(moved: str, parameters: Mapping[str, Any], *, at: datetime, cause: str) -> None:
    """Post what a query says was moved, in the caller's transaction: an entry for each reference.

    As `events.post` it takes the locks of the funds' chains: the last write of a transaction.

    :param moved: SQL of employer_id, insurance, value_on, reason, document, reference, month,
        debit, credit (accounts), amount (yuan, more than nothing) and project_id (null: of
        declared months); a row for each month.
    :param cause: says in lists what the posting was.
    :raises django.db.IntegrityError: if a reference was posted before.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("post_moved() wants the caller's transaction")
    opened = write(f"moved AS MATERIALIZED ({moved}), {_STEPS}", parameters, cause=cause)
    chains.close(opened, at=at)
