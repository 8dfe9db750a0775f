"""`load_demo`: the demo city, loaded once; safe to repeat, also after it was killed."""

import os
import time
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.utils import timezone

from config.demo import load


class Command(BaseCommand):
    help = "载入演示城市（虚构数据）。已载入的步骤自动跳过；DEMO=0 时不载入。"

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("DEMO") == "0":
            self.stdout.write("DEMO=0：不载入演示城市，不开通演示账号。")
            return
        begun = time.monotonic()
        try:
            done = load.load(folder=settings.DATA_DIR, clock=timezone.localtime, say=self._say)
        except load.SomebodyElsesData as refusal:
            self.stdout.write(str(refusal))
            return
        seconds = time.monotonic() - begun
        self.stdout.write(
            f"演示城市已载入：{done} 步，{seconds:.1f} 秒。" if done else "演示城市已在，无需载入。"
        )

    def _say(self, line: str) -> None:
        self.stdout.write(f"  {line}")
        self.stdout.flush()
