"""`make run`: everything on one machine, under one command."""

import argparse
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, get_commands

from config.embedded import locks, servers
from config.embedded.paths import short_hash
from config.embedded.processes import wait_until
from config.embedded.runtime import CannotRun
from config.supervisor import Program, Stopped, Supervisor, tell

MANAGE = str(settings.BASE_DIR / "manage.py")
PORTS_TO_TRY = 50


class Command(BaseCommand):
    help = "启动全部服务：数据库、队列、网页、后台任务和定时任务。"
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--under-make", action="store_true", help="随 make 一起结束")

    def handle(self, *args: Any, under_make: bool, **options: Any) -> None:
        if not (settings.STATIC_ROOT / "staticfiles.json").exists():
            raise CommandError("还没有安装完成，请先运行 make setup。")
        where = servers.open_data_dir(settings.DATA_DIR)
        path = where.locks / "serve.lock"
        lock = locks.take(path, wait=False)
        if lock is None:
            raise CommandError(f"这里已经在运行：{path.read_text().partition(' ')[2].strip()}")
        path.write_text(f"{os.getpid()} ")  # whom `make stop` asks
        Supervisor.stop_on_signals()
        service = Service(make=Make() if under_make else None)
        try:
            service.open_port()
            path.write_text(f"{os.getpid()} {service.address}\n")
            service.start()
            service.supervisor.keep_running(service.look_after)
        except Stopped:
            tell("\n正在停止……")
        except CannotRun as reason:
            raise CommandError(str(reason)) from None
        finally:
            service.stop()
            path.write_text("")
            os.close(lock)
        tell("已停止。")


class Service:
    """The servers, the programs that use them, and their order of coming and going."""

    def __init__(self, *, make: "Make | None") -> None:
        self.make = make
        self.environment = os.environ | {"DATA_DIR": str(settings.DATA_DIR)}
        self.supervisor = Supervisor(
            folder=settings.BASE_DIR,
            logs=settings.DATA_DIR / "logs",
            environment=self.environment,
        )
        self.membership: servers.Membership | None = None
        self.valkey: subprocess.Popen[bytes] | None = None
        self.web = socket.socket()
        self.next_try = 0.0

    @property
    def address(self) -> str:
        return f"http://localhost:{self.web.getsockname()[1]}/"

    def open_port(self) -> None:
        """Listen on PORT, or the next free one. We hold it, so nobody takes it in between."""
        wanted = os.environ.get("PORT") or "8000"
        if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
            raise CommandError(f"PORT 应为 1 到 65535 的数字，现在是 {wanted}。")
        for port in range(int(wanted), min(int(wanted) + PORTS_TO_TRY, 65536)):
            if self._listen(port):
                if port != int(wanted):
                    tell(f"端口 {wanted} 已被占用，改用 {port}。")
                return
        raise CommandError(f"从 {wanted} 起的 {PORTS_TO_TRY} 个端口都被占用，请另设 PORT。")

    def _listen(self, port: int) -> bool:
        with socket.socket(socket.AF_INET6) as other:  # browsers try `localhost` there first
            try:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind(("::1", port))
            except OSError as error:
                if error.errno == 98:
                    return False
        self.web.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.web.bind(("127.0.0.1", port))
        except OSError:
            return False
        self.web.listen(512)
        return True

    def start(self) -> None:
        begun = time.monotonic()
        if not os.environ.get("DATABASE_URL"):
            tell("正在启动数据库……")
            self.membership = servers.join(settings.DATA_DIR)
        if not os.environ.get("REDIS_URL"):
            self.valkey = servers.start_valkey(settings.DATA_DIR)
            self.environment["REDIS_URL"] = servers.redis_url(settings.DATA_DIR)
        tell("正在更新数据结构……")
        self.manage("migrate", "--verbosity", "0")
        if os.environ.get("DEMO") != "0" and "load_demo" in get_commands():
            tell("正在载入演示数据（已有时跳过）……")
            self.manage("load_demo")
        for program in self._programs():
            self.supervisor.start(program)
        if not wait_until(self._web_answers, 60):
            raise CommandError(f"网页没有启动，见 {self.supervisor.logs / 'web.log'}。")
        tell(f"\n  已启动（{time.monotonic() - begun:.0f} 秒），请打开 {self.address}\n")
        if os.environ.get("DEMO") != "0" and "demo_accounts" in get_commands():
            self.manage("demo_accounts")
        tell(f"日志在 {self.supervisor.logs}，按 Ctrl-C 停止。")

    def manage(self, *arguments: str) -> None:
        code = self.supervisor.run([sys.executable, MANAGE, *arguments])
        if code:
            raise CommandError(f"manage.py {arguments[0]} 失败（{code}）。")

    def _programs(self) -> list[Program]:
        # The database stays up until the last program that uses it has ended, should we be killed.
        lock = [self.membership.lock] if self.membership else []
        port = self.web.fileno()
        celery = [sys.executable, "-m", "celery", "-A", "config"]
        node = f"relief-{short_hash(settings.DATA_DIR)}@%h"
        schedule = settings.DATA_DIR / "celerybeat-schedule"
        return [
            Program(
                "web",
                [
                    *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"fd://{port}"),
                    *("--workers", "2", "--threads", "4", "--worker-class", "gthread"),
                    *("--timeout", "120", "--graceful-timeout", "10", "--no-control-socket"),
                    *("--log-level", "warning", "--max-requests", "5000"),
                    *("--max-requests-jitter", "500"),
                ],
                pass_fds=[port, *lock],
            ),
            Program(
                "worker",
                [*celery, "worker", "-c", "2", "-l", "warning", "-n", node, "--without-gossip"],
                # At once: what it was doing is leased, and done again.
                when_orphaned=signal.SIGQUIT,
                pass_fds=lock,
            ),
            Program(
                "beat",
                [*celery, "beat", "-l", "warning", "--pidfile=", "-s", str(schedule)],
                pass_fds=lock,
            ),
            *self._demo_bank(lock),
        ]

    @staticmethod
    def _demo_bank(lock: list[int]) -> list[Program]:
        """The practice bank, only where somebody has asked for the demo by name: it answers
        whatever lies in the bank's folder."""
        if os.environ.get("DEMO") != "1":
            return []
        return [
            Program("demo-bank", [sys.executable, MANAGE, "demo_bank", "--keep-on"], pass_fds=lock)
        ]

    def _web_answers(self) -> bool:
        self.look_after()
        connection = http.client.HTTPConnection(*self.web.getsockname(), timeout=30)
        try:
            connection.request("GET", "/", headers={"Host": "localhost"})
            connection.getresponse()
        except OSError:
            return False
        finally:
            connection.close()
        return True

    def look_after(self) -> None:
        """Bring a server up again that was killed; notice that make was interrupted."""
        if self.make and self.make.gave_up():
            raise Stopped
        if time.monotonic() < self.next_try:
            return
        try:
            if self.membership:
                self.membership.ensure()
            if self.valkey and self.valkey.poll() is not None:
                tell("Valkey 意外结束，重新启动。")
                self.valkey = servers.start_valkey(settings.DATA_DIR)
        except CannotRun as reason:
            tell(str(reason))
            self.next_try = time.monotonic() + 10

    def stop(self) -> None:
        """End the programs first, then what they use."""
        self.web.close()
        self.supervisor.stop()
        if self.valkey:
            self.valkey.terminate()
            self.valkey.wait()
        if self.membership:
            self.membership.leave()


class Make:
    """The `make` that started us; its end is ours.

    Ctrl-C in a terminal reaches us as well, but a signal sent to make alone does not: on
    SIGINT it drops its handler and waits for its children without telling them. In the
    background of a script make never catches SIGINT, which means nothing.
    """

    def __init__(self) -> None:
        self.pid = os.getppid()
        self.catches = self._catches_interrupts()

    def gave_up(self) -> bool:
        if os.getppid() != self.pid:
            return True
        return self.catches and not self._catches_interrupts()

    def _catches_interrupts(self) -> bool:
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return False
        caught = re.search(r"^SigCgt:\s*([0-9a-f]+)", status, re.MULTILINE)
        return caught is not None and bool(int(caught[1], 16) >> (signal.SIGINT - 1) & 1)
