"""Living through a golden run: its workbooks come in, its runs are made, its tables go out."""

import io
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.management import call_command

from registry.intake import services
from relief.services import runs, work

TABLES = ("assessments", "overpayments", "underpayments", "project-reliefs", "late-fees")
#: After every run's day, so that nothing waits for a later one.
NOW = datetime(2021, 3, 1, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def live(folder: Path) -> Iterator[tuple[str, date, str]]:
    """Yield each table as of each run's day, as it is exported right after the run."""
    steps = tomllib.loads((folder / "steps.toml").read_text(encoding="utf-8"))["step"]
    for step in steps:
        if "run" in step:
            run(step["run"])
            for table in TABLES:
                yield table, step["run"], exported(table, step["run"])
        else:
            bring_in(step["kind"], folder / step["file"])


def bring_in(kind: str, path: Path) -> None:
    """Import a file as a command does."""
    with path.open("rb") as file:
        claimed = services.receive_and_claim(
            kind=kind, file=file, file_name=path.name, at=NOW, os_user="golden"
        )
    done = services.check_and_commit(claimed=claimed, clock=lambda: NOW)
    assert not done.errors, (path.name, done.errors[:3])


def run(day: date) -> None:
    """Make a run as of a day in this process."""
    runs.start_run(as_of=day, at=NOW)
    while due := work.due_shards(at=NOW):
        for shard_id in due:
            work.work_shard(shard_id=shard_id, clock=lambda: NOW)


def exported(table: str, day: date) -> str:
    """Return a public table as text."""
    out = io.StringIO()
    call_command("export_table", table, "-", "--as-of", day.isoformat(), stdout=out)
    return out.getvalue()
