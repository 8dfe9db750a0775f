"""Debian's own Chromium, PostgreSQL and Redis: installed where allowed, started privately.

The servers run on sockets in a temporary folder; the system's services are left alone.
"""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGINT, SIGTERM
from typing import Any

from config.embedded.processes import die_with_parent, wait_until
from config.embedded.valkey import answers

POSTGRES = Path("/usr/lib/postgresql/15/bin")
#: Asked by every package before it starts a service; 101 says no.
POLICY = Path("/usr/sbin/policy-rc.d")


def say(message: str) -> None:
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def has_chromium() -> bool:
    return bool(shutil.which("chromium") or shutil.which("chromium-browser"))


def has_servers() -> bool:
    return (POSTGRES / "postgres").exists() and shutil.which("redis-server") is not None


def missing(*, soak: bool = False) -> list[str]:
    """Return the Debian packages that the tests want, the long forms too, and this machine lacks."""
    found = {
        "chromium": has_chromium(),
        "fonts-noto-cjk": bool(list(Path("/usr/share/fonts").glob("**/NotoSansCJK*"))),
        "postgresql-15": (POSTGRES / "postgres").exists(),
        "redis-server": shutil.which("redis-server") is not None,
        # What other programs make of our workbooks, and we of theirs.
        "libreoffice-calc-nogui": not soak or shutil.which("soffice") is not None,
    }
    return [package for package, there in found.items() if not there]


def install_missing(*, soak: bool = False) -> list[str]:
    """Install what is missing where we are root and have apt; return what stays missing, why."""
    packages = missing(soak=soak)
    if not packages:
        return []
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return [f"没有权限安装 {'、'.join(packages)}（root 可用 apt-get install 安装）"]
    say(f"── 安装 {' '.join(packages)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with services_stay_off():
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            done = subprocess.run(
                ["apt-get", "-qq", *arguments],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
    still = missing(soak=soak)
    why = done.stderr.strip().splitlines()[-1:] if still else []
    return [f"apt-get 未能安装 {'、'.join(still)}：{''.join(why)}"] if still else []


@contextmanager
def services_stay_off() -> Iterator[None]:
    """Keep apt from starting the services it installs: we only want their programs."""
    ours = not POLICY.exists()
    if ours:
        POLICY.write_text("#!/bin/sh\nexit 101\n")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            POLICY.unlink()


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Run PostgreSQL 15 and Redis 7 of our own; gives DATABASE_URL and REDIS_URL."""
    folder = Path(tempfile.mkdtemp(prefix="relief-debian-"))
    other: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        other = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(folder, user.pw_uid, user.pw_gid)
    started = []
    try:
        initdb = [POSTGRES / "initdb", "-D", folder / "data", "-U", "root", "-A", "trust"]
        options = ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([*initdb, *options], cwd="/", check=True, stdout=subprocess.DEVNULL, **other)
        settings = {"listen_addresses": "", "fsync": "off", "max_locks_per_transaction": "256"}
        commands = [
            [
                *(POSTGRES / "postgres", "-D", folder / "data", "-k", folder),
                *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
            ],
            [
                *("redis-server", "--port", "0", "--unixsocket", folder / "redis.sock"),
                *("--dir", folder, "--save", "", "--unixsocketperm", "700"),
            ],
        ]
        for command, number in zip(commands, (SIGINT, SIGTERM), strict=True):
            started.append(
                subprocess.Popen(
                    command,
                    cwd="/",
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    preexec_fn=die_with_parent(number),
                    **other,
                )
            )
        psql = ["psql", "-h", folder, "-U", "root", "-d", "postgres", "-qc"]
        wait_until(
            lambda: not subprocess.run([*psql, ""], stderr=subprocess.DEVNULL).returncode, 30
        )
        wait_until(lambda: answers(folder / "redis.sock"), 30)
        yield {
            "DATABASE_URL": f"postgresql://root@/relief?host={folder}",
            "REDIS_URL": f"unix://{folder}/redis.sock",
        }
    finally:
        for process in started:
            process.send_signal(SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()
        shutil.rmtree(folder)
