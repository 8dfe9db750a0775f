"""Whose book has moved since a mark: a chain grows at commits only, in the order of its numbers."""

from collections.abc import Mapping

from django.db import connection

_TOUCHED = """
SELECT DISTINCT e.employer_id
FROM unnest(%(chains)s::text[], %(numbers)s::bigint[]) AS seen(chain, number)
JOIN relief_ledgerposting p ON p.chain = seen.chain AND p.number > seen.number
JOIN relief_ledgerentry e ON e.posting_id = p.id
LIMIT %(enough)s
"""


def since(before: Mapping[str, int], now: Mapping[str, int], *, most: int) -> list[int] | None:
    """Return the employers of what was posted since, sorted; None if there are more than `most`.

    :param before: how far each chain was (`chains.numbers`); `now` names every chain there is.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TOUCHED,
            {
                "chains": list(now),
                "numbers": [before.get(chain, 0) for chain in now],
                "enough": most + 1,
            },
        )
        found = [pk for (pk,) in cursor.fetchall()]
    return sorted(found) if len(found) <= most else None
