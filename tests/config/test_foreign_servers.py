"""DATABASE_URL and REDIS_URL put the operator's own servers in place of the embedded ones.

Run by `make test` with both set, against Debian's PostgreSQL 15 and Redis 7.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis
from django.conf import settings
from django.db import connection

from config.celery import app
from config.embedded.paths import places
from tests.serving import Server, answer, free_port, processes_of

pytestmark = pytest.mark.foreign_servers
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def empty_database() -> Iterator[str]:
    """A database whose owner is no superuser; gives its URL."""
    where = connection.settings_dict
    server = psycopg2.connect(host=where["HOST"], user=where["USER"], dbname="postgres")
    server.autocommit = True
    cursor = server.cursor()
    cursor.execute("CREATE ROLE agency LOGIN CREATEROLE")
    cursor.execute("CREATE DATABASE agency OWNER agency")
    yield f"postgresql://agency@/agency?host={where['HOST']}"
    cursor.execute("DROP DATABASE agency WITH (FORCE)")
    cursor.execute("REVOKE relief_app FROM agency; DROP ROLE agency")
    server.close()


def manage(url: str, data_dir: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.returncode, done.stderr
    return done.stdout


@pytest.mark.django_db
def test_the_tests_run_on_postgresql_15():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000, current_user")
        assert cursor.fetchone() == (15, "relief_app")


def test_redis_answers_and_celery_sends_to_it():
    bell = redis.Redis.from_url(settings.REDIS_URL)
    assert bell.info("server")["redis_version"].startswith("7.")
    app.send_task("nobody.listens", queue="test_foreign")
    assert bell.llen("test_foreign") == 1
    bell.delete("test_foreign")
    bell.close()


@pytest.mark.django_db
def test_an_owner_who_is_no_superuser_can_migrate_twice(empty_database, tmp_path):
    manage(empty_database, tmp_path, "migrate", "--verbosity", "0")
    manage(empty_database, tmp_path, "migrate", "--verbosity", "0")
    who = "from django.db import connection as c; k = c.cursor(); k.execute('SELECT current_user');"
    assert manage(empty_database, tmp_path, "shell", "-v", "0", "-c", who + "print(k.fetchone())")
    assert not (tmp_path / "postgres").exists()
    assert not (tmp_path / "database.location").exists()


@pytest.mark.django_db
def test_serve_uses_them_in_place_of_the_embedded_ones(empty_database, tmp_path):
    where = places(tmp_path / "data")
    server = Server(
        where, port=free_port(), DATABASE_URL=empty_database, REDIS_URL=os.environ["REDIS_URL"]
    )
    try:
        assert answer(server.address) < 500
        names = " ".join(processes_of(where))
        assert all(part in names for part in ("gunicorn", "worker", "beat"))
        assert "postgres" not in names
        assert "valkey" not in names
    finally:
        assert server.end(signal.SIGTERM) == 0
    assert processes_of(where) == []
