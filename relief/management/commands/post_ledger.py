"""`post_ledger`: post what the book lacks by the facts, such as those of former releases.

Prints what it would post; `--apply` posts, block by block. The second time there is nothing.
"""

import argparse
from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from registry import money
from registry.money import ZERO
from relief.ledger import services as ledger
from relief.ledger.accounts import Account


class Command(BaseCommand):
    help = "按业务数据补记账簿：默认只列出将补记的金额，--apply 才写入，可重复运行。"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="写入账簿")

    def handle(self, *, apply: bool, **options: Any) -> None:
        at = timezone.now()
        lines: dict[tuple[str, Account], int] = defaultdict(int)
        sums: dict[tuple[str, Account], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        legs = 0
        for block in ledger.blocks():
            for found in ledger.missing(at=at, block=block):
                key = (found.source, found.account)
                lines[key] += found.lines
                sums[key][0] += found.debit
                sums[key][1] += found.credit
            if apply:
                legs += ledger.bring_up_to_date(at=at, block=block)
        for key in lines:
            debit, credit = map(money.text, sums[key])
            self.stdout.write(f"{key[1].label}：{lines[key]} 笔，借方 {debit} 元，贷方 {credit} 元")
        if not lines:
            self.stdout.write("账簿与业务数据一致，没有需要补记的。")
        elif apply:
            self.stdout.write(f"已补记分录 {legs} 条。")
        else:
            self.stdout.write("以上尚未写入；加 --apply 写入。")
