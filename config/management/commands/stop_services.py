"""`make stop`: ends what runs for this DATA_DIR, whoever started it."""

import os
import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from config.embedded import locks, servers
from config.supervisor import PATIENCE


class Command(BaseCommand):
    help = "停止本目录的全部服务。"
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        where = servers.open_data_dir(settings.DATA_DIR)
        ended = self._end_serve(where.locks / "serve.lock") + servers.stop_all(settings.DATA_DIR)
        self.stdout.write(f"已停止：{'、'.join(ended)}。" if ended else "没有在运行的服务。")

    def _end_serve(self, path: Path) -> list[str]:
        """Ask `serve` to stop, and wait for it; it holds the lock as long as it lives."""
        lock = locks.take(path, wait=False)
        if lock is not None:
            os.close(lock)
            return []
        pid = int(path.read_text().split()[0])
        os.kill(pid, signal.SIGTERM)
        lock = locks.take_within(path, PATIENCE + 10)
        if lock is None:
            os.kill(pid, signal.SIGKILL)
        else:
            os.close(lock)
        return ["网页、后台任务、定时任务"]
