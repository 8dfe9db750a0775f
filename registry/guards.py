"""Tables whose rows are decisions: rows are added, never changed or deleted.

`Meta.triggers = append_only()` refuses it for everybody, the owner too; after `migrate`
the role of pages, workers and commands lacks the right as well (`registry.grants`).
"""

from collections.abc import Sequence

import pgtrigger

APPEND_ONLY = "append_only"


def of_the_city(officer: str, *posts: str) -> str:
    """Return SQL that is true of an active officer of the city's own agency in one of some posts.

    :param officer: SQL of the officer's number, such as `NEW.closed_by_id`.
    """
    named = ", ".join(f"'{post}'" for post in posts)
    return f"""EXISTS (
        SELECT FROM registry_officer f
        JOIN registry_agency g ON g.id = f.agency_id AND g.kind = 'SOCIAL_INSURANCE'
        JOIN registry_district d ON d.code = g.district_id AND d.is_city
        JOIN auth_user u ON u.id = f.user_id AND u.is_active
        WHERE f.id = {officer} AND f.post IN ({named})
    )"""


def by_their_posts(*, prepares: str, decides: Sequence[str]) -> pgtrigger.Trigger:
    """Return the trigger by which only some posts of the city prepare a row and decide on it
    (`prepared_by`, `decided_by`)."""
    return pgtrigger.Trigger(
        name="posts",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=f"""
        IF TG_OP = 'INSERT' AND NOT {of_the_city("NEW.prepared_by_id", prepares)} THEN
            RAISE EXCEPTION '%: this officer does not prepare it', TG_TABLE_NAME
                USING ERRCODE = 'check_violation';
        END IF;
        IF NEW.decided_by_id IS NOT NULL
            AND NOT {of_the_city("NEW.decided_by_id", *decides)}
        THEN
            RAISE EXCEPTION '%: this officer does not decide on it', TG_TABLE_NAME
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
        """,
    )


def append_only() -> list[pgtrigger.Trigger]:
    """Return the triggers that refuse UPDATE, DELETE and TRUNCATE on a table."""
    return [
        pgtrigger.Protect(name=APPEND_ONLY, operation=pgtrigger.Update | pgtrigger.Delete),
        # Protect doesn't take TRUNCATE, which has no rows to look at.
        pgtrigger.Trigger(
            name="no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
        ),
    ]


def no_delete() -> pgtrigger.Trigger:
    """Return the trigger that keeps every row of a table whose rows do change."""
    return pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete)
