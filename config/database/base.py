"""The database backend: every connection steps down from owner to `relief_app`.

`DATABASE_URL` connects as the owner, who may do anything. Only `migrate` needs that;
pages, workers and commands take the weaker role at once, so that a defect in them
can't change or delete a decided row.

Who sits in a transaction and says nothing for a minute loses it, and with it what it holds: a
process that was stopped in the middle must not keep everybody from the money.
"""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """A PostgreSQL connection that gives up the owner's rights when it opens."""

    #: Set while `migrate` runs, or a test database is made.
    as_owner = False
    #: As long as a lease (`registry.work`).
    idle_in_transaction = "60s"

    def init_connection_state(self) -> None:
        super().init_connection_state()
        if not type(self).as_owner:
            self.step_down()

    def step_down(self) -> None:
        """Take the weaker role, if `migrate` has made it, and the patience of those who wait."""
        role: Any = settings.DATABASE_APP_ROLE
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SET idle_in_transaction_session_timeout = %s", [self.idle_in_transaction]
            )
            # Our queries look up thousands of rows, not millions: compiling them never pays.
            cursor.execute("SET jit = off")
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if cursor.fetchone():
                cursor.execute(f"SET ROLE {role}")
        if not self.get_autocommit():
            self.connection.commit()
