from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from config.database.base import DatabaseWrapper


class Command(migrate.Command):
    """Django's `migrate`, acting as the owner; everything else is `relief_app`."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        # Not just `handle`: the checks before it may ask the server for its version.
        before = DatabaseWrapper.as_owner
        connections[options["database"]].close()
        DatabaseWrapper.as_owner = True
        try:
            return super().execute(*args, **options)
        finally:
            DatabaseWrapper.as_owner = before
            connections[options["database"]].close()
