"""Bringing the book up to the facts, set-based: what is missing is posted, and nothing else.

The other side of every difference is the receivable. Doing it again posts nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from registry.models import Employer
from relief.ledger import chains, facts, slots
from relief.ledger.accounts import Account
from relief.ledger.chains import BLOCK
from relief.ledger.services.writing import write
from relief.ledger.slots import Source
from relief.models.projects import ProjectVersion

_LANE = chains.LANE_SQL.format(employer="employer_id")

# Numbers are drawn in the order in which an account is read later: by employer, fund and month.
_STEPS = f"""
, moved AS MATERIALIZED (
    SELECT employer_id, insurance, month, account, value_on, amount, document, project_id
    FROM difference
    UNION ALL
    SELECT employer_id, insurance, month, 'receivable', value_on, -sum(amount), document,
        project_id
    FROM difference
    GROUP BY employer_id, insurance, month, value_on, document, project_id
    HAVING sum(amount) <> 0
),
cause AS MATERIALIZED (
    SELECT DISTINCT employer_id, insurance, value_on, document, {_LANE} AS lane FROM moved
),
posting AS MATERIALIZED (
    SELECT nextval('relief_ledgerposting_id_seq') AS id, insurance, lane
    FROM (SELECT DISTINCT insurance, lane FROM cause ORDER BY 1, 2) chain
),
entry AS MATERIALIZED (
    SELECT nextval('relief_ledgerentry_id_seq') AS id, p.id AS posting_id, c.employer_id,
        c.insurance, c.value_on, %(reason)s::text AS reason, c.document, NULL::text AS reference
    FROM (SELECT * FROM cause ORDER BY employer_id, insurance, value_on, document) c
    JOIN posting p ON p.insurance = c.insurance AND p.lane = c.lane
),
leg AS MATERIALIZED (
    SELECT nextval('relief_ledgerleg_id_seq') AS id, e.posting_id, e.id AS entry_id,
        m.employer_id, m.insurance, m.value_on, m.month, m.account,
        m.amount::numeric(16, 2) AS amount, m.project_id
    FROM (SELECT * FROM moved ORDER BY employer_id, insurance, month) m
    JOIN entry e ON e.employer_id = m.employer_id AND e.insurance = m.insurance
        AND e.value_on = m.value_on AND e.document = m.document
)
"""
_DIFFERS = """
SELECT account, count(*), sum(greatest(amount, 0)), sum(-least(amount, 0))
FROM difference GROUP BY account ORDER BY account
"""
_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('relief.ledger.facts', block))
FROM unnest(%s::bigint[]) block
"""


@dataclass(frozen=True)
class Missing:
    """What an account lacks by a source: how many lines, and how much on each side, in yuan."""

    source: str
    account: Account
    lines: int
    debit: Decimal
    credit: Decimal


@transaction.atomic
def bring_up_to_date(
    *,
    at: datetime,
    employer_ids: Sequence[int] | None = None,
    block: int | None = None,
    only: Sequence[Source] | None = None,
) -> int:
    """Post what the book lacks by the facts of some employers, or of a block of them.

    Returns how many legs were written. By default every source is compared. Locks the blocks and
    the chains until the transaction ends.
    """
    first, last, ids = _selected(employer_ids, block)
    _lock_blocks(sorted({pk // BLOCK for pk in ids} if ids is not None else {first // BLOCK}))
    opened = []
    for source in slots.sources() if only is None else only:
        opened += _posted(
            facts.difference(source),
            {**_parameters(source, at), "first": first, "last": last, "employer_ids": ids},
            reason=source.reason,
        )
    return _close(opened, at)


@transaction.atomic
def post_run(*, run_id: int, block: int, at: datetime) -> int:
    """Post what a finished run has changed for a block of employers; return the legs written."""
    _lock_blocks([block])
    source = facts.ASSESSED
    parameters = {
        **_parameters(source, at),
        "first": block * BLOCK,
        "last": block * BLOCK + BLOCK - 1,
        "employer_ids": None,
        "run": run_id,
        "document": f"核定{run_id}",
    }
    difference = facts.difference(source, of_run=True)
    opened = _posted(difference, parameters, reason=source.reason)
    of_projects = facts.PROJECTS_ASSESSED
    opened += _posted(
        facts.difference(of_projects),
        {**parameters, **_parameters(of_projects, at)},
        reason=of_projects.reason,
    )
    return _close(opened, at)


def post_imported_payments(*, import_id: int, at: datetime) -> int:
    """Post the payments that an import has just stored, in its own transaction.

    Each voucher is an entry. Nobody else knows the rows yet, so nobody else posts them.
    """
    opened = _posted(facts.IMPORTED, {"source": import_id}, reason=facts.PAID.reason)
    return _close(opened, at)


def post_imported_projects(*, import_id: int, at: datetime) -> int:
    """Post what the book lacks of the projects that an import has brought, changed or taken back;
    in its own transaction."""
    versions = ProjectVersion.objects
    projects = versions.filter(source=import_id).values("project")
    ids = set(versions.filter(project__in=projects).values_list("employer", flat=True))
    if not ids:
        return 0
    return bring_up_to_date(at=at, employer_ids=sorted(ids), only=[facts.PROJECTS_PAID])


def missing(*, at: datetime, block: int) -> list[Missing]:
    """Return what `bring_up_to_date` would post for a block of employers, writing nothing."""
    found = []
    first, last, ids = _selected(None, block)
    for source in slots.sources():
        parameters = {**_parameters(source, at), "first": first, "last": last, "employer_ids": ids}
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {facts.difference(source)} {_DIFFERS}", parameters)
            found += [
                Missing(source.name, Account(account), lines, debit, credit)
                for account, lines, debit, credit in cursor.fetchall()
            ]
    return found


def blocks() -> range:
    """Return every block that holds an employer."""
    last = Employer.objects.aggregate(last=Max("pk"))["last"]
    return range(0 if last is None else last // BLOCK + 1)


def _selected(
    employer_ids: Sequence[int] | None, block: int | None
) -> tuple[int, int, list[int] | None]:
    if (employer_ids is None) == (block is None):
        raise ValueError("name either employers or a block")
    if block is not None:
        return block * BLOCK, block * BLOCK + BLOCK - 1, None
    ids = sorted(employer_ids or ())
    return (ids[0], ids[-1], ids) if ids else (0, -1, [])


def _lock_blocks(found: Sequence[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [list(found)])


def _parameters(source: Source, at: datetime) -> dict[str, Any]:
    return {
        "accounts": [account.value for account in source.accounts],
        "day": timezone.localtime(at).date(),
        "document": "",
    }


def _posted(difference: str, parameters: Mapping[str, Any], *, reason: str) -> list[chains.Open]:
    return write(f"{difference} {_STEPS}", {**parameters, "reason": reason}, cause=reason)


def _close(opened: Sequence[chains.Open], at: datetime) -> int:
    chains.close(opened, at=at)
    return sum(posting.legs for posting in opened)
