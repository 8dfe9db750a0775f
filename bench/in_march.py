"""A running `manage.py serve` that lives in March 2020 and may be killed."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from django.utils import timezone

from config.embedded.paths import places
from tests.deferral.builders import AT
from tests.serving import ROOT, Server, free_port, processes_of


class Site:
    """A running `serve` in March 2020."""

    def __init__(self, folder: Path, *, database: str) -> None:
        self.where, self.port = places(folder), free_port()
        self.environment = {
            "DATABASE_URL": database,
            "SECONDS_BACK": str((timezone.now() - AT).total_seconds()),
            "PYTHONPATH": f"{ROOT / 'bench' / 'march'}:{ROOT}",
        }
        self.start()

    def start(self) -> None:
        """Start it, as `make run` does, and wait until it answers."""
        self.server = Server(self.where, port=self.port, **self.environment)

    @property
    def uploads(self) -> Path:
        """Where the site keeps papers."""
        return self.where.data_dir / "uploads"

    def web(self) -> list[int]:
        """Return the numbers of the web's processes."""
        return self._processes("gunicorn")

    def kill_web(self) -> int:
        """Kill every web process at once; return how many there were."""
        return _kill(self.web())

    def kill_all(self) -> int:
        """Kill the supervisor and the web at once, and start everything anew."""
        killed = _kill([self.server.process.pid, *self.web()])
        self.server.process.communicate()
        deadline = time.monotonic() + 60
        while self._processes("celery") and time.monotonic() < deadline:
            time.sleep(0.1)
        self.start()
        return killed

    def _processes(self, name: str) -> list[int]:
        return [int(line.split()[0]) for line in processes_of(self.where) if name in line]


def _kill(pids: Sequence[int]) -> int:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(pids)


@contextmanager
def serving(*, database: str) -> Iterator[Site]:
    """Have a site run on a database, and leave nothing of it behind."""
    folder = Path(tempfile.mkdtemp(prefix="relief-bench-"))
    site = Site(folder, database=database)
    try:
        yield site
    finally:
        site.server.end(signal.SIGTERM)
        shutil.rmtree(folder)
