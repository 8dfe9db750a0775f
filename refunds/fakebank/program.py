"""The bank's command line: `python -m refunds.fakebank`, or `manage.py fake_bank`."""

import argparse
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

from refunds.fakebank import http, moods
from refunds.fakebank.bank import Bank
from refunds.fakebank.folder import Folder

#: The key both sides of the HTTP link know; never on the command line, where `ps` shows it.
KEY = "FAKE_BANK_KEY"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    names = [*(mood.value for mood in moods.Mood), moods.MIXED]
    parser.add_argument("--books", type=Path, required=True, help="银行自己的账簿（SQLite 文件）")
    parser.add_argument("--seed", type=int, default=0, help="决定每一次出错的种子")
    parser.add_argument("--mood", choices=names, help="从现在起怎样出错；不给则照旧，新账簿不出错")
    parser.add_argument("--by-chance", action="store_true", help="六分之一的付款无故失败")
    parser.add_argument("--folder", type=Path, help="与本系统交换文件的目录（内有 out 和 in）")
    parser.add_argument(
        "--http", type=int, metavar="PORT", help=f"银企直连端口；密钥在环境变量 {KEY}"
    )
    parser.add_argument("--hangs-for", type=float, default=30.0, help="不答复时拖多少秒再断开")
    parser.add_argument("--day", type=date.fromisoformat, help="银行的日期，可向后推进")
    parser.add_argument("--calm", action="store_true", help="不再出错，并把以前的结果如实重发")
    parser.add_argument("--once", action="store_true", help="处理一次目录就结束")
    parser.add_argument("--follow-clock", action="store_true", help="银行的日期跟着机器的日期走")
    parser.add_argument("--every", type=float, default=5.0, help="每隔几秒看一次目录")


def _today() -> date:
    """Return the day of the machine: the bank lives where it does."""
    return date.today()  # noqa: DTZ011 # the clock: a program of its own


def run(options: argparse.Namespace, *, say: Callable[[str], None]) -> None:
    """Be the bank until stopped, or once."""
    today = _today()

    def open_bank() -> Bank:
        return Bank(
            options.books,
            day=options.day or today,
            seed=options.seed,
            mood=options.mood or moods.Mood.HONEST,
            by_chance=options.by_chance,
        )

    bank = open_bank()
    if options.mood:
        bank.set_mood(options.mood)
    if options.day:
        bank.go_on_to(options.day)
    if options.calm:
        bank.calm_down()
    key = os.environ.get(KEY, "").encode()
    if options.http is not None:
        if not key:
            raise SystemExit(f"请在环境变量 {KEY} 里给出密钥。")
        server = http.serve(open_bank, key=key, port=options.http, hangs_for=options.hangs_for)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        say(f"http://127.0.0.1:{server.server_address[1]}")
    folder = Folder(options.folder, key=key) if options.folder else None
    while True:
        if options.follow_clock:
            bank.go_on_to(min(_today(), bank.day + timedelta(days=400)))
        if folder:
            taken, put = folder.once(bank)
            for one in taken:
                if one.what != "known":
                    say(f"{one.number} {one.what} {one.reason}".rstrip())
            if put:
                say(f"放出文件 {put} 个")
        if options.once or not (folder or options.http is not None):
            return
        time.sleep(options.every)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m refunds.fakebank", description="练习用的银行")
    add_arguments(parser)
    run(parser.parse_args(arguments), say=lambda text: print(text, flush=True))  # noqa: T201
