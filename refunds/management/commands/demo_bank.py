"""`demo_bank`: the practice bank in the demo, honest, on files alone."""

import time
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from refunds.fakebank.bank import Bank
from refunds.fakebank.folder import Folder

PAUSE_SECONDS = 5
BOOKS = "demo-bank.sqlite3"


def open_bank(*, day: date) -> Bank:
    """Return the demo's bank on a day. Its books lie beside its folders."""
    bank = Bank(Path(settings.BANK_DIR) / BOOKS, day=day)
    bank.go_on_to(day)
    return bank


class Command(BaseCommand):
    help = (
        "演示用的模拟银行：读取送盘文件，写出回盘文件。收款账号尾号0000答复“账号与户名不符”，"
        "尾号8888答复“收款账户状态异常（冻结）”，尾号9999答复退票，其余答复成功。"
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--keep-on", action="store_true", help=f"每 {PAUSE_SECONDS} 秒看一次，直到按 Ctrl-C"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Folder(Path(settings.BANK_DIR))
        while True:
            bank = open_bank(day=timezone.localdate())
            taken, _ = folder.once(bank)
            bank.close()
            for one in taken:
                if one.what == "accepted":
                    self.stdout.write(f"已答复 {one.number}")
                elif one.what == "refused":
                    self.stdout.write(f"未受理 {one.number}：{one.reason}")
            if not options["keep_on"]:
                return
            time.sleep(PAUSE_SECONDS)
