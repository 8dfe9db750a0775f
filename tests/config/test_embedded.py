"""The embedded servers come and go with their users, however those end."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from config.embedded import paths, postgres, servers
from config.embedded.paths import Places, places
from config.embedded.processes import running_in, signal_all, wait_until

ROOT = Path(__file__).resolve().parents[2]
USE = (
    "import sys; from pathlib import Path; from config.embedded import servers;"
    "m = servers.join(Path(sys.argv[1])); print('in', flush=True);"
)
BUSY = (
    "import sys, psycopg2; c = psycopg2.connect(host=sys.argv[1], port=5432, user='relief',"
    " dbname='relief'); c.cursor().execute('DO $$ BEGIN LOOP END LOOP; END $$')"
)
Run = Callable[[str], "subprocess.Popen[str]"]


def gone(where: Places) -> bool:
    return not running_in(where.cluster, "postgres")


def query(where: Places, statement: str) -> object:
    connection = psycopg2.connect(
        host=str(where.sockets), port=5432, user="relief", dbname="relief"
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def guards(where: Places) -> list[int]:
    """Return the processes that guard this cluster's server."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            arguments = entry.read_bytes().split(b"\0")
            if bytes(where.cluster) in arguments and any(
                a.endswith(b"guard.py") for a in arguments
            ):
                found.append(int(entry.parent.name))
    return found


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A DATA_DIR in a path with a blank, removed with everything that belongs to it."""
    found = places(tmp_path_factory.mktemp("with blank") / "data")
    yield found
    postgres.stop(found)
    for folder in (found.home, found.sockets):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def user(where: Places) -> Iterator[Run]:
    """Start programs that use the database; those still running are killed in the end."""
    started: list[subprocess.Popen[str]] = []

    def run(what: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", USE + what, str(where.data_dir)]
        process = subprocess.Popen(
            command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout is not None
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
    assert wait_until(lambda: gone(where), 10)


def joined(process: "subprocess.Popen[str]") -> bool:
    assert process.stdout is not None
    return process.stdout.readline() == "in\n"


def test_the_last_one_out_stops_the_server_whoever_started_it(where, user):
    first, second = user("input()"), user("input()")
    assert joined(first)
    assert joined(second)
    first.communicate("\n")
    assert postgres.is_ready(where)
    second.communicate("\n")
    assert gone(where)


def test_many_commands_at_once_all_find_it(where, user):
    commands = [user("import sys; sys.exit(7)") for _ in range(6)]
    for command in commands:
        command.communicate()
    assert [command.returncode for command in commands] == [7] * 6
    assert wait_until(lambda: gone(where), 5)


def test_a_killed_user_leaves_no_server_behind(where, user):
    command = user("input()")
    assert joined(command)
    command.kill()
    assert wait_until(lambda: gone(where), 5)


def test_a_killed_server_comes_back_with_its_data(where, user):
    command = user("input(); m.ensure(); print('again', flush=True); input()")
    assert joined(command)
    query(where, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 42 AS n")
    # A busy backend survives the postmaster and would keep the next one from starting.
    busy = [sys.executable, "-c", BUSY, str(where.sockets)]
    with subprocess.Popen(busy, stderr=subprocess.DEVNULL) as backend:
        seen = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO %' AND state = 'active'"
        assert wait_until(lambda: query(where, seen) is not None, 5)
        postmaster = int((where.cluster / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        assert wait_until(lambda: not postgres.is_ready(where), 5)

        assert command.stdin is not None
        command.stdin.write("\n")
        command.stdin.flush()
        assert command.stdout.readline() == "again\n"
        assert query(where, "SELECT n FROM kept") == (42,)
        backend.kill()


def test_after_everything_was_killed_the_next_one_finds_the_data(where, user):
    command = user("input()")
    assert joined(command)
    query(where, "DROP TABLE IF EXISTS kept; CREATE TABLE kept AS SELECT 43 AS n")
    command.kill()
    signal_all([*guards(where), *running_in(where.cluster, "postgres")], signal.SIGKILL)
    assert wait_until(lambda: gone(where), 5)

    assert joined(user("input()"))
    assert query(where, "SELECT n FROM kept") == (43,)


def test_a_killed_guard_takes_the_server_along_in_good_order(where, user):
    command = user("input()")
    assert joined(command)
    assert len(guards(where)) == 1
    signal_all(guards(where), signal.SIGKILL)
    assert wait_until(lambda: gone(where), 5)
    assert not (where.cluster / "postmaster.pid").exists()


def test_only_the_data_folder_is_made_private(where, user):
    parent = where.data_dir.parent.stat().st_mode
    assert joined(user("input()"))
    assert where.data_dir.parent.stat().st_mode == parent
    assert where.data_dir.stat().st_mode & 0o777 == 0o700
    assert where.cluster.stat().st_mode & 0o777 == 0o700
    assert where.sockets.stat().st_mode & 0o777 == 0o700


def test_the_server_keeps_every_promise_about_lost_power(where, user):
    assert joined(user("input()"))
    for name in ("fsync", "full_page_writes", "synchronous_commit", "data_checksums"):
        assert query(where, f"SHOW {name}") == ("on",)
    assert query(where, "SHOW listen_addresses") == ("",)


@pytest.mark.parametrize(
    "data_dir", ["/home/clerk/relief/var", "/home/clerk/with blank/var", "/home/" + "long/" * 30]
)
def test_sockets_have_short_plain_paths(data_dir):
    for as_root in (True, False):
        socket = places(Path(data_dir), as_root=as_root).sockets / paths.POSTGRES_SOCKET
        assert len(bytes(socket)) < 107
        assert paths.PLAIN.match(str(socket))


def test_two_checkouts_share_nothing():
    one, two = (places(Path(f"/srv/{name}/var"), as_root=True) for name in ("one", "two"))
    assert one.home != two.home
    assert one.sockets != two.sockets


def test_a_copied_pointer_does_not_lead_to_the_originals_data(tmp_path):
    for name in ("original", "copy"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "database.location").write_text(str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "data_dir").write_text(str(tmp_path / "original"))

    assert places(tmp_path / "original", as_root=True).home == tmp_path / "home"
    assert places(tmp_path / "copy", as_root=True).home != tmp_path / "home"


def test_a_moved_data_dir_keeps_its_database(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "database.location").write_text(str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "data_dir").write_text(str(tmp_path / "old"))

    assert places(tmp_path / "new", as_root=True).home == tmp_path / "home"


def test_a_database_url_is_quoted():
    where = Places(Path("/d"), as_root=False, home=Path("/d"), sockets=Path("/with blank/run"))
    assert "host=/with%20blank/run" in where.database_url


def test_without_valkey_there_is_no_address(tmp_path):
    assert servers.redis_url(tmp_path) == ""
