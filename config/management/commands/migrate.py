from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from config.database.base import DatabaseWrapper


class Command(migrate.Command):
    """Django's `migrate`, acting as the owner; everything else is `relief_app`."""

    def handle(self, *args: Any, **options: Any) -> str | None:
        before = DatabaseWrapper.as_owner
        connections[options["database"]].close()
        DatabaseWrapper.as_owner = True
        try:
            return super().handle(*args, **options)
        finally:
            DatabaseWrapper.as_owner = before
            connections[options["database"]].close()
