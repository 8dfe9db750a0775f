"""What the accounts should hold by the facts: each account follows from one source.

This app fills in assessments, payments and what was paid back (`facts`); an app above says in its
`AppConfig.ready` what its own accounts should hold. Catching up with the facts posts what is
missing, and the proof compares.
"""

from dataclasses import dataclass

from relief.ledger.accounts import Account


@dataclass(frozen=True)
class Source:
    """SQL that says what some accounts should hold.

    `sql` returns `employer_id, insurance, month, account, value_on, amount, document` of the
    employers that `chosen(alias)` picks, any number of rows for each. Amounts are signed as legs
    are. Where the source is `dated`, the sums of each `value_on` are compared; else only what
    stands in the end (its `value_on` counts for nothing), and differences hold from today.
    """

    name: str
    sql: str
    accounts: tuple[Account, ...]
    reason: str
    dated: bool = True
    # Of construction projects: then `sql` returns `project_id` as well, and only their legs are
    # compared; the other sources' legs have none.
    of_projects: bool = False


def chosen(alias: str) -> str:
    """Return SQL that picks the employers asked for; its parameters are filled in by `facts`."""
    return (
        f"({alias}.employer_id BETWEEN %(first)s AND %(last)s AND (%(employer_ids)s::bigint[]"
        f" IS NULL OR {alias}.employer_id = ANY(%(employer_ids)s::bigint[])))"
    )


_sources: dict[str, Source] = {}


def add_source(source: Source) -> None:
    """Fill the slot; filling it again with the same name replaces it.

    :raises ValueError: if an account has a source already.
    """
    for other in _sources.values():
        of_others = other.name != source.name and other.of_projects == source.of_projects
        if of_others and set(other.accounts) & set(source.accounts):
            raise ValueError(f"{source.name}: {other.name} says what these accounts hold")
    _sources[source.name] = source


def sources() -> tuple[Source, ...]:
    """Return every source, in the order in which they were added."""
    return tuple(_sources.values())
