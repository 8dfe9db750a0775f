"""Two real workers and an import: one is killed while it checks, one while it stores; nothing
is half stored, and it ends right, once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from classification.models import SizeRecord
from registry import scope
from registry.intake import services
from registry.models import Import, WorkState
from tests.factories import make_officer, make_uscc
from tests.registry.workbooks import headers, workbook
from tests.workers import bell, environment, kill, start_worker, sweep, wait_for, workers

__all__ = ["bell", "environment", "workers"]  # fixtures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Stage = Import.Stage


@contextmanager
def nobody_may_write() -> Iterator[None]:
    """Stop a worker in the middle of its merge."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute("LOCK TABLE classification_sizerecord IN SHARE MODE")
        yield


def merging() -> bool:
    """Whether a worker waits to write, seen from outside our transaction."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE relation = 'classification_sizerecord'::regclass AND NOT granted"
            )
            return bool(cursor.fetchone()[0])
    finally:
        other.close()


def time_goes_by() -> None:
    """Let the lease run out that nobody renews."""
    past = timezone.now() - timedelta(minutes=2)
    Import.objects.filter(state=WorkState.RUNNING).update(lease_until=past)


def killed_in_the_middle(environment, worker) -> None:
    with nobody_may_write():
        sweep(environment, "registry.tasks.sweep_imports")
        wait_for(merging)
        kill(worker)
    time_goes_by()


def reaches(found: Import, stage: str) -> bool:
    found.refresh_from_db()
    return found.stage == stage and found.state == WorkState.DONE


def test_an_import_ends_right_though_workers_are_killed_in_both_halves(
    environment, workers, settings
):
    settings.MEDIA_ROOT = f"{environment['DATA_DIR']}/uploads"
    officer = make_officer(district="510400")
    rows = [[make_uscc(), f"单位{n}", "小型", "2020-02-10"] for n in range(50)]
    found = services.receive(
        kind="sizes",
        file=workbook(headers("sizes"), *rows),
        file_name="a.xlsx",
        by=officer,
        at=timezone.now(),
    )

    kill(workers.pop())  # the other may not take what is stopped here
    killed_in_the_middle(environment, workers[0])
    workers.append(start_worker(environment, 3))
    sweep(environment, "registry.tasks.sweep_imports")
    wait_for(lambda: reaches(found, Stage.PREVIEW))
    assert not SizeRecord.objects.exists()

    services.confirm(
        import_id=found.pk,
        by=scope.viewer_of(officer.user),
        seen=found.preview_sha256,
        at=timezone.now(),
    )
    killed_in_the_middle(environment, workers[1])
    workers.append(start_worker(environment, 4))
    assert not SizeRecord.objects.exists()
    sweep(environment, "registry.tasks.sweep_imports")

    wait_for(lambda: reaches(found, Stage.STORED))
    assert SizeRecord.objects.count() == found.accepted == 50
