"""Triggers for tables whose rows are facts: they may be added, never changed or removed."""

import pgtrigger


def append_only() -> list[pgtrigger.Trigger]:
    """Return the triggers that make a table append-only for everybody, its owner included.

    `migrate` besides takes the rights to change such a table from the application's role.
    """
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        # Protect can't guard a whole statement, so TRUNCATE has a trigger of its own.
        pgtrigger.Trigger(
            name="no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;",
        ),
    ]
