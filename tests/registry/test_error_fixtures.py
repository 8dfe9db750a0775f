"""No code without a fixture: each makes exactly its code, and its remedy makes it go away.

A new code needs a line in `tests/registry/error_fixtures`; codes of hostile files may have
theirs in `tests/registry/hostile` instead (`ELSEWHERE`).
"""

from io import BytesIO

import pytest

from registry.intake import errors, services
from registry.models import Import, ImportProblem, Membership, Officer
from registry.workbook.check import LONGEST_FOUND
from tests.factories import AT
from tests.registry.error_fixtures.case import Case, book, filled_in
from tests.registry.error_fixtures.cells import CELLS
from tests.registry.error_fixtures.files import FILES
from tests.registry.error_fixtures.rows import NOTICES, ROWS
from tests.registry.workbooks import bring_in, worked_on

pytestmark = pytest.mark.django_db
FIXTURES = {**FILES, **CELLS, **ROWS, **NOTICES}
#: Codes whose fixtures are kept with the hostile files.
ELSEWHERE: frozenset[str] = frozenset(errors.SAFETY)


def brought(case: Case, content: bytes) -> Import:
    """Bring a file in the way the case's person does, up to the result of the check."""
    if case.by is None:
        return bring_in(case.kind, BytesIO(content))
    by = {"by": case.by} if isinstance(case.by, Officer) else {"member": case.by}
    assert isinstance(case.by, Officer | Membership)
    return worked_on(
        services.receive(kind=case.kind, file=BytesIO(content), file_name="book.xlsx", at=AT, **by)
    )


def told(entries) -> list[tuple]:
    return [(e["row"], e["column"], e["code"], e["found"]) for e in entries]


def test_every_code_has_a_fixture():
    known = errors.CATALOGUE.keys() | errors.WARNINGS.keys()

    assert known - ELSEWHERE - FIXTURES.keys() == set(), "write a fixture for these codes"
    assert FIXTURES.keys() - known == set(), "a fixture of a code that is gone"


@pytest.mark.parametrize("code", sorted(errors.CATALOGUE.keys() & FIXTURES.keys()))
def test_a_fixture_makes_exactly_its_code_and_its_remedy_mends_it(code):
    case = FIXTURES[code]()

    done = brought(case, case.wrong)

    assert told(done.errors) == [(case.row, case.column, code, case.found)]
    assert (done.stage, done.error_count) == (Import.Stage.REFUSED, 1)
    kept = ImportProblem.objects.get(import_of=done)
    assert (kept.row, kept.header, kept.code) == (case.row, case.column, code)
    assert kept.found == case.found[:LONGEST_FOUND]
    sentences = done.errors[0]["expected"] + done.errors[0]["remedy"]
    assert "{" not in sentences

    mended = brought(case, case.mended)

    assert mended.errors == []
    assert mended.stage in {Import.Stage.STORED, Import.Stage.PREVIEW}


@pytest.mark.parametrize("code", sorted(errors.WARNINGS.keys() & FIXTURES.keys()))
def test_a_notice_is_given_and_goes_away_with_its_remedy(code):
    case = FIXTURES[code]()

    done = brought(case, case.wrong)

    assert told(done.warnings) == [(case.row, case.column, code, case.found)]
    assert (done.errors, done.stage) == ([], Import.Stage.STORED)

    mended = brought(case, case.mended)

    assert (mended.errors, mended.warnings) == ([], [])


@pytest.mark.parametrize("cell", ["9151\x000402", "\x00"])
def test_a_nul_in_any_cell_or_header_is_told_and_breaks_nothing(cell):
    """`_x0000_` in a workbook is a NUL, which no database keeps."""
    row = filled_in("sizes", uscc=cell)
    done = bring_in("sizes", BytesIO(book(row)))
    assert [error["code"] for error in done.errors] == ["uscc_form"]

    row = {**filled_in("sizes"), f"备注{cell}": "甲"}
    done = bring_in("sizes", BytesIO(book(row)))
    assert [error["code"] for error in done.errors] == ["unknown_column"]
