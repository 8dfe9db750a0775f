"""Districts and agencies that come with the program; `migrate` loads them.

Only what is missing is added: a name or telephone number that an administrator has put
right must survive the next `migrate`.
"""

import tomllib
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps

DATA = Path(__file__).parent / "data"


def read(file_name: str, table: str) -> list[dict[str, Any]]:
    """Return the entries of one table in one of the files beside this module."""
    entries: list[dict[str, Any]] = tomllib.loads((DATA / file_name).read_text("utf-8"))[table]
    return entries


def after_migrate(*, sender: AppConfig, using: str, apps: Apps = installed, **kwargs: Any) -> None:
    """Receive `post_migrate`: add the districts and agencies that are missing. Safe to repeat."""
    try:
        districts = apps.get_model("registry", "District")._default_manager.using(using)
        agencies = apps.get_model("registry", "Agency")._default_manager.using(using)
    except LookupError:
        return  # migrated backwards to before these tables
    for entry in read("districts.toml", "district"):
        districts.get_or_create(code=entry["code"], defaults=entry)
    for entry in read("agencies.toml", "agency"):
        agencies.get_or_create(
            kind=entry["kind"],
            district_id=entry["district"],
            zone=entry.get("zone", ""),
            defaults={"name": entry["name"]},
        )
