"""The rights of `relief_app`, the role of everything but `migrate`.

It may read and write, but not truncate, and on append-only tables neither change nor
delete: a defect in a page can't rewrite a decided row. Granted anew after every
`migrate`, so that new tables are never forgotten; nothing newer than PostgreSQL 15.
"""

from typing import Any

import pgtrigger
from django.apps import AppConfig
from django.conf import settings
from django.db import connections
from django.db.backends.utils import CursorWrapper

from registry.guards import APPEND_ONLY

# Roles belong to the whole server: another database's `migrate` may make the same one just now.
# Only a superuser needs no membership. One who may not grant it has been given it before.
_MAKE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{role}') THEN
        BEGIN
            CREATE ROLE {role} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        BEGIN
            EXECUTE format('GRANT {role} TO %I', current_user);
        EXCEPTION WHEN insufficient_privilege OR internal_error THEN
            NULL;
        END;
    END IF;
END
$$
"""

_GRANT = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role};
REVOKE TRUNCATE ON ALL TABLES IN SCHEMA public FROM {role};
"""

# A partition has rights of its own, however deep it hangs.
_WITH_PARTITIONS = """
WITH RECURSIVE family AS (
    SELECT c.oid FROM pg_class c
    WHERE c.relname = ANY(%s) AND c.relnamespace = 'public'::regnamespace
    UNION
    SELECT i.inhrelid FROM pg_inherits i JOIN family f ON i.inhparent = f.oid
)
SELECT oid::regclass::text FROM family ORDER BY 1
"""


# django-pgtrigger lets any session name triggers that shall not fire (`pgtrigger.ignore`): a way
# round every guard by a mere setting. Nobody here needs it. Each migration of a trigger brings
# the library's function back, so this comes after every `migrate`. It also spares each row a
# subtransaction per trigger.
_NO_IGNORING = """
CREATE OR REPLACE FUNCTION public._pgtrigger_should_ignore(trigger_name name)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT false'
"""


def append_only_tables() -> list[str]:
    """Return the tables whose models carry the `append_only` trigger."""
    guarded = (model for model, trigger in pgtrigger.registered() if trigger.name == APPEND_ONLY)
    return sorted({model._meta.db_table for model in guarded})


def grant_rights(cursor: CursorWrapper) -> None:
    """Make the role if it is missing and give it exactly its rights. Safe to repeat."""
    role = settings.DATABASE_APP_ROLE
    cursor.execute(_MAKE_ROLE.format(role=role))
    cursor.execute(_GRANT.format(role=role))
    cursor.execute(_WITH_PARTITIONS, [append_only_tables()])
    for (table,) in cursor.fetchall():
        cursor.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}")


def after_migrate(*, sender: AppConfig, using: str, **kwargs: Any) -> None:
    """Receive `post_migrate` of this app, which comes when every app's tables are there.

    A flush between tests sends it too, as `relief_app`, who can grant nothing.
    """
    connection = connections[using]
    if not connection.as_owner:
        return
    with connection.cursor() as cursor:
        grant_rights(cursor)
        cursor.execute(_NO_IGNORING)
