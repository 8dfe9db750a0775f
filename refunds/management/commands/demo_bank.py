"""`demo_bank`: plays the bank in the demo, on files alone; it knows nothing of the database."""

import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from refunds.bank import simulator

PAUSE_SECONDS = 5
ANSWERED = "answered"


class Command(BaseCommand):
    help = (
        "演示用的模拟银行：读取送盘文件，写出回盘文件。收款账号尾号0000答复“账号与户名不符”，"
        "尾号8888答复“收款账户状态异常（冻结）”，尾号9999答复退票，其余答复成功。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--keep-on", action="store_true", help=f"每 {PAUSE_SECONDS} 秒看一次，直到按 Ctrl-C"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            for path in self.unanswered():
                self.answer(path)
                self.stdout.write(f"已答复 {path.name}")
            if not options["keep_on"]:
                return
            time.sleep(PAUSE_SECONDS)

    def unanswered(self) -> list[Path]:
        """Return the batches without an answer of ours, oldest name first."""
        folder = Path(settings.BANK_DIR)
        marks = folder / ANSWERED
        marks.mkdir(parents=True, exist_ok=True)
        return [
            path
            for path in sorted((folder / "out").glob("*.xlsx"))
            if not (marks / path.name).exists()
        ]

    def answer(self, path: Path) -> None:
        folder = Path(settings.BANK_DIR)
        content = simulator.answer(path, on=timezone.localdate())
        target = folder / "in" / f"回盘-{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}")
        draft.write_bytes(content)
        draft.replace(target)
        (folder / ANSWERED / path.name).touch()
