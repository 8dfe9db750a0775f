"""Files that are meant to do harm, or are no workbooks: each is refused by its own name.

The corpus is made by code, file by file; the code expected of each was written by hand.
"""

import time
from io import BytesIO

import psutil
import pytest

from classification.models import SizeRecord
from registry import slots
from registry.intake import errors
from registry.models import Import
from registry.workbook import fence
from tests.registry.hostile import compounds, packages, texts
from tests.registry.hostile.case import CSV
from tests.registry.hostile.honest import HONEST
from tests.registry.workbooks import bring_in

CORPUS = [*texts.TEXTS, *packages.PACKAGES, *compounds.COMPOUNDS]
#: One file of each code goes the whole way.
EXAMPLES = {case.code: case for case in reversed(CORPUS)}
_SECONDS = 5
_CHILD = 300 << 20
_GROWTH = 50 << 20


def fenced(content: bytes, tmp_path):
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    del content
    process = psutil.Process()
    before, begun = process.memory_info().rss, time.monotonic()
    checked = fence.check(
        path,
        kind="sizes",
        known={name: kind.schema for name, kind in slots.import_kinds().items()},
        staging=tmp_path / "rows",
        problems=tmp_path / "problems",
        progress=lambda row, height: None,
    )
    return checked, time.monotonic() - begun, process.memory_info().rss - before


def told(checked):
    return [(problem.row, problem.column, problem.code) for problem in checked.problems]


def test_the_corpus_is_large_and_knows_every_code():
    assert len(CORPUS) >= 250
    assert len({case.name for case in CORPUS}) == len(CORPUS)
    assert {case.code for case in CORPUS} >= set(errors.SAFETY)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_a_hostile_file_is_refused_by_its_name_in_little_time_and_room(case, tmp_path):
    checked, seconds, growth = fenced(case.make(), tmp_path)

    assert told(checked) == [(None, None, case.code)]
    assert (checked.rows, checked.columns) == (0, [])
    assert seconds < _SECONDS
    assert growth < _GROWTH
    assert 0 < checked.peak < _CHILD


@pytest.mark.parametrize("case", HONEST, ids=lambda case: case.name)
def test_what_honest_programs_put_into_workbooks_does_no_harm(case, tmp_path):
    checked, _, _ = fenced(case.make(), tmp_path)

    assert (told(checked), checked.rows) == ([], 1)


@pytest.mark.django_db
@pytest.mark.parametrize("code", sorted(errors.SAFETY))
def test_nothing_is_stored_of_a_hostile_file_and_its_remedy_is_said(code):
    done = bring_in("sizes", BytesIO(EXAMPLES[code].make()))

    assert [error["code"] for error in done.errors] == [code]
    assert (done.stage, done.rows, done.accepted) == (Import.Stage.REFUSED, 0, 0)
    assert not SizeRecord.objects.exists()
    assert "{" not in done.errors[0]["expected"] + done.errors[0]["remedy"]


def test_a_text_that_is_cut_anywhere_is_refused_or_read_but_breaks_nothing(tmp_path):
    for length in (1, 5, 40, len(CSV) - 30, len(CSV) - 1):
        checked, _, _ = fenced(CSV[:length], tmp_path)
        assert checked.rows in (0, 1)
