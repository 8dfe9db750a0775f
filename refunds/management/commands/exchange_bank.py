"""`exchange_bank`: go to the bank: send what is sealed, read what has come."""

import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from refunds.services import bank, offers

PAUSE_SECONDS = 10
REFUSED = 3


class Command(BaseCommand):
    help = "写出已封批的送盘文件，读取银行回盘文件。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="只交换一次（默认也是一次）")
        parser.add_argument(
            "--keep-on", action="store_true", help=f"每 {PAUSE_SECONDS} 秒交换一次，直到按 Ctrl-C"
        )
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        while True:
            offers.work_due(clock=timezone.now)
            done = bank.exchange(clock=timezone.now)
            if options["format"] == "json":
                self.stdout.write(json.dumps(done.as_json(), ensure_ascii=False))
            else:
                self.stdout.write(
                    f"送盘 {done.sent} 批；读取回盘文件 {done.read} 个，拒收 {done.refused} 个；"
                    f"到账 {done.paid} 笔，退回 {done.bounced} 笔，待核实 {done.unknown} 行。"
                )
            if options["once"] or not options["keep_on"]:
                if done.refused:
                    # The files lie in `refused`, each with its reason beside it.
                    sys.exit(REFUSED)
                return
            time.sleep(PAUSE_SECONDS)
