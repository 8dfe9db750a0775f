"""The disk is full at any point of writing a file: no half file is offered, sent or left over, and
work goes on by itself once there is space again."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from django.core.management import CommandError, call_command

from refunds.models import Attempt, BankFile, Batch
from refunds.services import bank
from relief.models import PaidBack
from tests import soaking
from tests.refunds.making import Cast, clock, overpay, put_down, row

pytestmark = pytest.mark.django_db

POINTS = range(soaking.times(10, 2))
Full = Callable[[int], object]


@contextmanager
def limited(left: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def small_disk(bank_dir) -> Iterator[Full]:
    """Return what leaves so many bytes of a real disk of its own, on which the bank's folders are."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts a disk")
    bank_dir.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", bank_dir]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk may be mounted here")

    @contextmanager
    def filled(left: int) -> Iterator[None]:
        there = os.statvfs(bank_dir)
        ballast = bank_dir / "ballast"
        ballast.write_bytes(b"x" * max(there.f_bavail * there.f_bsize - left, 0))
        try:
            yield
        finally:
            ballast.unlink()

    yield filled
    subprocess.run(["umount", bank_dir], check=True)


def sealed(cast: Cast, lines: int = 5) -> Batch:
    for _ in range(lines):
        cast.bring("APPROVED", employer=overpay())
    return cast.seal()


def _sent_later(batch: Batch, full: Full, left: int) -> None:
    """Send on a full disk, then on one with space."""
    with full(left):
        assert bank.exchange(clock=clock).sent == 0
        assert list(bank.folder("out").iterdir()) == []
    batch.refresh_from_db()
    (tried,) = batch.sends.all()
    assert (batch.state, tried.outcome) == ("SEALED", "OPEN")
    assert "写不进送盘文件夹" in tried.said

    assert bank.exchange(clock=clock).sent == 1
    (file,) = bank.folder("out").iterdir()
    assert file.read_bytes() == bytes(batch.content)
    assert batch.sends.count() == 1
    assert set(batch.attempts.values_list("state", flat=True)) == {"SENT"}


@pytest.mark.parametrize("point", POINTS)
def test_a_batch_is_put_out_whole_or_not_at_all(cast, point):
    batch = sealed(cast)
    _sent_later(batch, limited, Random(point).randrange(len(bytes(batch.content))))


@pytest.mark.parametrize("point", POINTS)
def test_so_it_is_on_a_disk_that_is_really_full(cast, small_disk, point):
    batch = sealed(cast)
    # Space is given out by pages, and the file takes two.
    _sent_later(batch, small_disk, Random(point).choice([0, 4096]))


def test_answers_are_read_and_put_away_on_a_full_disk(cast, small_disk):
    sealed(cast, lines=2)
    bank.exchange(clock=clock)
    first, second = Attempt.objects.select_related("batch").order_by("pk")
    put_down([row(first)], name="a.xlsx")
    (bank.folder("in") / "b.xlsx").write_bytes(b"no workbook")
    put_down([row(second)], name="c.xlsx")

    with small_disk(0):
        done = bank.exchange(clock=clock)

    assert (done.paid, done.refused) == (2, 1)
    assert PaidBack.objects.count() == 2
    assert [path.name for path in bank.folder("in").iterdir()] == []
    assert [path.name for path in bank.folder("refused").iterdir()] == ["b.xlsx"]
    assert BankFile.objects.get(name="b.xlsx").refused


@pytest.mark.parametrize("name", ["refunds.csv", "refunds.xlsx"])
def test_no_half_table_is_exported(cast, tmp_path: Path, name):
    for _ in range(3):
        cast.bring("OFFERED", employer=overpay())
    target = tmp_path / "out" / name
    target.parent.mkdir()
    call_command("export_table", "refunds", str(target))
    before = target.read_bytes()

    with limited(len(before) // 2), pytest.raises(CommandError, match="没有留下半个文件"):
        call_command("export_table", "refunds", str(target))

    assert list(target.parent.iterdir()) == [target]
    assert target.read_bytes() == before
