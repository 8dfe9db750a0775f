"""`redraw NUMBER`: a sample drawn again from its frame and phrases, to the same list."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand

from audit.services import draws

REFUSED = 3


class Command(BaseCommand):
    help = "按公布的抽样框摘要和两人的口令重抽一次，打印名单；与当时不同即报错。"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("number", metavar="NUMBER", help="抽样编号")

    def handle(self, *, number: str, **options: Any) -> None:
        try:
            found = draws.redraw(number)
        except LookupError:
            self.stderr.write(f"没有编号为 {number} 的抽样。")
            sys.exit(REFUSED)
        except draws.NotNow as refusal:
            self.stderr.write(str(refusal))
            sys.exit(REFUSED)
        for stratum, place, uscc in found.picked:
            self.stdout.write(f"{stratum}\t{place or '必抽'}\t{uscc}")
        if found.wrong:
            self.stderr.write("；".join(found.wrong) + "。")
            sys.exit(1)
        self.stderr.write(
            f"{found.draw.number}：抽样框 {found.draw.units} 户，抽中 {len(found.picked)} 户，"
            "与当时完全一致。"
        )
