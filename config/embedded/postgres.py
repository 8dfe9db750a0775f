"""The embedded PostgreSQL: made once, started when needed, recovered after any crash.

Every function but `is_ready` expects its caller to hold the lock named in its docstring.
"""

import os
import pwd
import shutil
import subprocess
import sys
import time
from signal import SIGINT, SIGKILL, SIGQUIT

import psycopg2

from config.embedded import folders, guard
from config.embedded.paths import POSTGRES_SOCKET, Places, make_private
from config.embedded.processes import is_running_in, running_in, signal_all, wait_until
from config.embedded.runtime import Account, CannotRun, Programs, named_account, programs

MAJOR = "18"
LOG_LIMIT = 10 * 1024 * 1024
SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_locks_per_transaction": "256",  # tables are partitioned by month
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "'Asia/Shanghai'",
    "log_timezone": "'Asia/Shanghai'",
    "lc_messages": "'C'",
    "log_checkpoints": "off",
    # Values of a refused row (identity numbers, accounts) must not reach the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
#: For servers that hold nothing but test databases.
CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


def is_ready(places: Places) -> bool:
    """Tell whether this DATA_DIR's server takes connections.

    `postmaster.pid` alone still says «ready» after a crash, so its process must exist too.
    """
    try:
        lines = (places.cluster / "postmaster.pid").read_text().splitlines()
        pid, status = int(lines[0]), lines[7].strip()
    except (OSError, ValueError, IndexError):
        return False
    return status == "ready" and is_running_in(pid, places.cluster, "postgres")


def start(places: Places, *, durable: bool = True) -> int:
    """Start the server, made first where there is none. Returns its guard's process id.

    Under `start.lock`, and `use.lock` shared.

    :raises CannotRun: with the end of the server's log, if it doesn't come up.
    """
    user = folders.prepare(places)
    files = programs(places)
    _end_orphans(places)
    if not places.cluster.exists():
        _create(places, files, user)
    found = (places.cluster / "PG_VERSION").read_text().strip()
    if found != MAJOR:
        raise CannotRun(
            f"{places.cluster} 是 PostgreSQL {found} 的数据，本程序带的是 {MAJOR}；"
            f"请用 PostgreSQL {found} 导出后再导入。"
        )
    _write_settings(places, user, durable=durable)
    guard_pid = _launch(places, files, user)
    _await_ready(places, guard_pid)
    _make_database(places)
    return guard_pid


def stop(places: Places, *, seconds: float = 60) -> None:
    """Shut the server down, waiting for its end. Under `use.lock`, or by the operator's will."""
    for number in (SIGINT, SIGQUIT, SIGKILL):
        pids = running_in(places.cluster, "postgres")
        if not pids:
            return
        postmaster = [pid for pid in pids if _is_postmaster(pid, places)]
        signal_all(postmaster or pids, number)
        if wait_until(lambda: not running_in(places.cluster, "postgres"), seconds):
            return
        seconds = 10


def _is_postmaster(pid: int, places: Places) -> bool:
    try:
        return (places.cluster / "postmaster.pid").read_text().split("\n", 1)[0] == str(pid)
    except OSError:
        return False


def _end_orphans(places: Places) -> None:
    """Clear what a killed server left: busy backends, and a lock file that names a dead process.

    Nobody else can be starting (we hold the lock) and the server is not ready, so what still
    runs here is on its way up or down after its starter died, or an orphan.
    """
    wait_until(lambda: is_ready(places) or not _postmaster_runs(places), 120)
    if is_ready(places):
        return
    signal_all(running_in(places.cluster, "postgres"), SIGKILL)
    if not wait_until(lambda: not running_in(places.cluster, "postgres"), 30):
        raise CannotRun("上次遗留的数据库进程无法结束，请重新启动计算机后再试。")
    (places.cluster / "postmaster.pid").unlink(missing_ok=True)
    for name in (POSTGRES_SOCKET, f"{POSTGRES_SOCKET}.lock"):
        (places.sockets / name).unlink(missing_ok=True)


def _postmaster_runs(places: Places) -> bool:
    return any(_is_postmaster(pid, places) for pid in running_in(places.cluster, "postgres"))


def _create(places: Places, files: Programs, user: Account | None) -> None:
    """Make the cluster beside its place and rename it, so that half of one is never used."""
    draft = places.cluster.with_name("postgres.new")
    shutil.rmtree(draft, ignore_errors=True)
    maker = named_account() if user else None
    make_private(draft, **({"uid": maker.uid, "gid": maker.gid} if maker else {}))
    other = {"user": maker.uid, "group": maker.gid, "extra_groups": []} if maker else {}
    done = subprocess.run(
        [
            *(files.initdb, "-D", draft, "-U", "relief", "-A", "peer", "-E", "UTF8"),
            *("--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", "--no-instructions"),
        ],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        **other,
    )
    if done.returncode:
        raise CannotRun(f"不能建立数据库：{done.stderr.strip()}")
    try:
        me = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise CannotRun("当前用户没有名称；请用 DATABASE_URL 指定数据库。") from None
    (draft / "pg_hba.conf").write_text("local all all peer map=own\n")
    (draft / "pg_ident.conf").write_text(f'own "{me}" relief\n')
    if user:
        for path in [draft, *draft.rglob("*")]:
            os.chown(path, user.uid, user.gid, follow_symlinks=False)
    subprocess.run(["sync", "-f", draft], check=True)
    draft.rename(places.cluster)


def _write_settings(places: Places, user: Account | None, *, durable: bool) -> None:
    settings = SETTINGS if durable else SETTINGS | CARELESS
    path = places.cluster / "postgresql.conf"
    path.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    if user:
        os.chown(path, user.uid, user.gid)


def _launch(places: Places, files: Programs, user: Account | None) -> int:
    """Start the guard, which starts the server; not a `Popen`, since it may outlive us."""
    log = places.logs / "postgres.log"
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
    ids = (user.uid, user.gid) if user else (-1, -1)
    arguments = [
        *(sys.executable, "-I", "-S", guard.__file__, str(places.locks / "use.lock")),
        *(str(places.cluster), str(places.sockets), str(files.postgres), *map(str, ids)),
    ]
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        arguments,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,  # Ctrl-C must not reach it before those who use it
    )


def _await_ready(places: Places, guard_pid: int) -> None:
    """Wait as long as it takes: recovery after a crash may be long."""
    told = time.monotonic() + 5
    while not is_ready(places):
        if os.waitpid(guard_pid, os.WNOHANG)[0]:
            tail = (places.logs / "postgres.log").read_text(errors="replace").splitlines()[-5:]
            raise CannotRun("数据库没有启动：\n" + "\n".join(tail))
        if told and time.monotonic() > told:
            sys.stderr.write("数据库正在恢复，请稍候……\n")
            told = 0
        time.sleep(0.005)


def _make_database(places: Places) -> None:
    connection = psycopg2.connect(
        host=str(places.sockets), port=5432, user="relief", dbname="postgres"
    )
    try:
        connection.autocommit = True  # CREATE DATABASE knows no transaction
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'relief'")
            if not cursor.fetchone():
                cursor.execute("CREATE DATABASE relief TEMPLATE template0")
    finally:
        connection.close()
