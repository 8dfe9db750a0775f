"""A real PostgreSQL for every test: made by its owner, used as `relief_app`.

With no DATABASE_URL the tests use an embedded server of their own (`var/test`).
"""

import os
import uuid
from collections.abc import Generator, Iterator

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import override_settings

from config.database.base import DatabaseWrapper
from config.embedded import servers
from relief.ledger import heads
from tests import soaking

membership = pytest.StashKey[servers.Membership]()


def pytest_configure(config: pytest.Config) -> None:
    if not os.environ.get("DATABASE_URL"):
        # Test data is worth nothing, so the server needn't wait for the disk.
        config.stash[membership] = servers.join(settings.DATA_DIR, durable=False)


def pytest_unconfigure(config: pytest.Config) -> None:
    if membership in config.stash:
        config.stash[membership].leave()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs the operator's own servers where none are named."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    foreign = [item for item in items if item.get_closest_marker("foreign_servers")]
    if foreign:
        config.hook.pytest_deselected(items=foreign)
        items[:] = [item for item in items if item not in foreign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what a test marked `soak` tried, once it has passed, and how long it took."""
    report = yield
    marker = item.get_closest_marker("soak")
    if marker is not None and report.when == "call" and report.passed:
        name, count = marker.args
        soaking.keep(name, part=item.nodeid, count=count, seconds=report.duration)
    return report


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Take the owner's rights before the test database is made."""
    DatabaseWrapper.as_owner = True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Give the owner's rights up once the database stands, and take them to drop it."""
    connection.close()
    DatabaseWrapper.as_owner = False
    yield
    connection.close()
    DatabaseWrapper.as_owner = True


@pytest.fixture(scope="session", autouse=True)
def flush_as_owner() -> Iterator[None]:
    """Let the flush after a transactional test empty append-only tables too.

    Only here: as owner, with triggers silenced for that one transaction.
    """

    def execute_sql_flush(self: DatabaseOperations, sql_list: list[str]) -> None:
        with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE NONE")
            cursor.execute("SET LOCAL session_replication_role = replica")
            for sql in sql_list:
                cursor.execute(sql)
            # Partitioned by hand, so Django's own list of tables doesn't name it.
            cursor.execute("TRUNCATE relief_declarationline")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", execute_sql_flush)
        yield


@pytest.fixture(autouse=True)
def ledger_heads_elsewhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Give each test a folder of its own for exported heads: another test's book is another."""
    where = tmp_path_factory.getbasetemp() / "ledger-heads" / uuid.uuid4().hex
    monkeypatch.setattr(heads, "folder", lambda: where)


@pytest.fixture(scope="session", autouse=True)
def uploads_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what tests upload out of the data folder."""
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("uploads")):
        yield
