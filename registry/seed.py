"""Districts, agencies and banks that come with the program; `migrate` loads them.

Only what is missing is added: a name or telephone number that an administrator has put
right must survive the next `migrate`.
"""

import tomllib
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed
from django.apps.registry import Apps
from django.utils import timezone

DATA = Path(__file__).parent / "data"


def read(file_name: str, table: str) -> list[dict[str, Any]]:
    """Return the entries of one table in one of the files beside this module."""
    entries: list[dict[str, Any]] = tomllib.loads((DATA / file_name).read_text("utf-8"))[table]
    return entries


def after_migrate(*, sender: AppConfig, using: str, apps: Apps = installed, **kwargs: Any) -> None:
    """Receive `post_migrate`: add the districts, agencies and banks that are missing.

    Safe to repeat.
    """
    try:
        offices = apps.get_model("registry", "BankOffice")._default_manager.using(using)
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
    known = set(offices.filter(source=None).values_list("code", flat=True))
    shipped = tomllib.loads((DATA / "banks.toml").read_text("utf-8"))
    offices.bulk_create(
        offices.model(
            code=entry["code"],
            name=entry["name"],
            state="OPEN",
            dated=shipped["dated"],
            recorded_at=timezone.now(),  # the clock: an edge of migrate
        )
        for entry in shipped["bank"]
        if entry["code"] not in known
    )
