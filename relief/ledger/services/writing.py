"""Writing entries and legs that a query makes, each with its hash; their postings come last."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from relief.ledger import chains
from relief.ledger.digest import entry_sha256, leg_sha256

#: The planner can't know how many rows the steps have, and nested loops over steps without an
#: index take minutes; memory for the sorts and hashes of a block.
_PLAN = {"enable_nestloop": "off", "enable_mergejoin": "off", "work_mem": "'64MB'"}
_ENTRY_COLUMNS = "id, posting_id, employer_id, insurance, value_on, reason, document, reference"
_LEG_COLUMNS = (
    "id, posting_id, entry_id, employer_id, insurance, value_on, month, account, amount, project_id"
)

# After steps named `posting` (with a lane), `entry` and `leg`, which have the tables' columns.
_WRITE = f"""
, written_entries AS (
    INSERT INTO relief_ledgerentry ({_ENTRY_COLUMNS}, sha256)
    SELECT {_ENTRY_COLUMNS}, {entry_sha256("e")} FROM entry e ORDER BY id
),
written_legs AS (
    INSERT INTO relief_ledgerleg ({_LEG_COLUMNS}, sha256)
    SELECT {_LEG_COLUMNS}, {leg_sha256("l")} FROM leg l ORDER BY id
)
SELECT p.id, p.insurance, p.lane, count(DISTINCT l.entry_id), count(*),
    sum(l.amount) FILTER (WHERE l.amount > 0)
FROM posting p JOIN leg l ON l.posting_id = p.id
GROUP BY p.id, p.insurance, p.lane
"""


def write(steps: str, parameters: Mapping[str, Any], *, cause: str) -> list[chains.Open]:
    """Write what the steps make and return their postings, which the caller closes.

    :param steps: SQL of the steps of a WITH: at last `posting`, `entry` and `leg`.
    :raises django.db.IntegrityError: if a reference was posted before.
    """
    with connection.cursor() as cursor:
        for setting, value in _PLAN.items():
            cursor.execute(f"SET LOCAL {setting} = {value}")
        cursor.execute(f"WITH {steps} {_WRITE}", parameters)
        opened = [chains.Open(*row, cause=cause) for row in cursor.fetchall()]
        for setting in _PLAN:
            cursor.execute(f"SET LOCAL {setting} TO DEFAULT")
    return opened
