#!/usr/bin/env python
"""Django's command line; brings up the embedded database first where none is given."""

import os
import sys
from pathlib import Path

#: Commands that ask no database; `serve` joins by itself and `stop_services` must not.
WITHOUT_DATABASE = {
    *("help", "version", "check", "collectstatic", "compilemessages", "makemessages"),
    *("diffsettings", "findstatic", "startapp", "serve", "stop_services"),
    *("demo_bank", "fake_bank"),
}
HELP = {"-h", "--help", "--version"}


def needs_database(arguments: list[str]) -> bool:
    """Tell whether the embedded database must be up for this command line."""
    if os.environ.get("DATABASE_URL") or not arguments or HELP & set(arguments):
        return False
    return arguments[0] not in WITHOUT_DATABASE


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    if needs_database(sys.argv[1:]):
        from config.embedded import servers
        from config.embedded.runtime import CannotRun

        default = Path(__file__).resolve().parent / "var"
        try:
            servers.join(Path(os.environ.get("DATA_DIR") or default))
        except CannotRun as reason:
            sys.exit(f"{reason}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
