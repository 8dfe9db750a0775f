"""Tables whose rows are decisions: rows are added, never changed or deleted.

`Meta.triggers = append_only()` refuses it for everybody, the owner too; after `migrate`
the role of pages, workers and commands lacks the right as well (`registry.grants`).
"""

import pgtrigger

APPEND_ONLY = "append_only"


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
