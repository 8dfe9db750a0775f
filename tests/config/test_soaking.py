"""The table of what the long forms tried: parts are added up, words are kept."""

import pytest

from tests import soaking


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.setenv("SOAK", "1")
    monkeypatch.setattr(soaking, "FOLDER", tmp_path / "soak")


def test_parts_of_the_same_are_one_row():
    soaking.keep("killed at a point", part="1", count=1200, seconds=1.2, missed=1)
    soaking.keep("killed at a point", part="2", count=300, seconds=2.3, missed=2, mood="honest")
    assert "| killed at a point | 1,500 | 4 | missed 3, mood honest |" in soaking.table()


def test_a_part_that_is_run_again_counts_once():
    for seconds in (5, 9):
        soaking.keep("killed at a point", part="1", count=7, seconds=seconds)
    assert "| killed at a point | 7 | 9 |  |" in soaking.table()


def test_nothing_kept_is_no_table(monkeypatch):
    monkeypatch.delenv("SOAK")
    soaking.keep("killed at a point", count=7, seconds=1)
    assert soaking.table() == ""
