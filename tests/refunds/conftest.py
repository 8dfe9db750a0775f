"""A bank of one's own for every test."""

from pathlib import Path

import pytest

from tests.refunds.making import Cast


@pytest.fixture(autouse=True)
def bank_dir(settings: pytest.FixtureRequest, tmp_path: Path) -> Path:
    settings.BANK_DIR = tmp_path / "bank"
    return settings.BANK_DIR


@pytest.fixture
def cast(db: None) -> Cast:
    return Cast()


@pytest.fixture
def files_elsewhere(settings: pytest.FixtureRequest, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.OUTBOX_DIR = tmp_path / "outbox"
