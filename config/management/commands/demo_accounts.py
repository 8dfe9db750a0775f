"""`demo_accounts`: who may sign in to the demo city, and with what."""

import os
import unicodedata
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from config.demo import accounts, password


class Command(BaseCommand):
    help = "列出演示账号和密码。"

    def handle(self, *args: Any, **options: Any) -> None:
        rows = list(accounts.rows())
        if os.environ.get("DEMO") == "0" or not rows:
            self.stdout.write("没有演示账号。")
            return
        table = [("用户名", "角色", "单位或机构", "可以试什么")]
        table += [(row.username, row.role, row.place, row.try_this) for row in rows]
        widths = [max(_width(line[column]) for line in table) for column in range(3)]
        self.stdout.write(
            "演示账号（数据均为虚构），密码都是："
            + (password.kept(settings.DATA_DIR) or "（未保存，见 DEMO_PASSWORD）")
        )
        for line in table:
            cells = [_padded(cell, width) for cell, width in zip(line[:3], widths, strict=True)]
            self.stdout.write("  " + "  ".join([*cells, line[3]]).rstrip())


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
