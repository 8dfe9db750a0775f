"""What a former release found, this one finds: to the fen, row by row."""

from pathlib import Path

import pytest

from relief.models import Run
from relief.services import replays
from tests.relief.golden.live import live

pytestmark = pytest.mark.django_db(transaction=True)
FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/steps.toml"))


def test_there_are_golden_runs():
    assert FOLDERS


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_table_is_as_it_was(folder):
    compared = 0
    for table, day, text in live(folder):
        expected = (folder / f"out-{day.isoformat()}-{table}.csv").read_text(encoding="utf-8")
        assert text.splitlines() == expected.splitlines(), (table, day)
        compared += len(expected.splitlines()) - 1
    assert compared > 1000
    for run in Run.objects.order_by("pk"):
        assert replays.replay(run_id=run.pk, readers=0).same
