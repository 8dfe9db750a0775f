"""What came back marked, mended on either sheet and sent in again."""

import openpyxl
import pytest

from registry.workbook import annotate
from registry.workbook.marks import Note
from tests.registry.annotating import (
    BAD,
    DECLARATIONS,
    GOOD,
    HEADER,
    OURS,
    csv_book,
    given_back,
    look,
    made,
    mend,
    only_bad,
    red,
    saved_as,
    values,
)


def test_mended_on_its_own_sheet_it_has_nothing_to_mend(tmp_path):
    _, book = given_back(made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD]))
    mend(book.worksheets[0], 3)

    checked, lines = look(saved_as(book, tmp_path / "mended.xlsx"))

    assert (checked.rows, checked.problems) == (2, [])
    assert "3000.00" in lines


def test_left_as_it_is_it_has_the_same_problems(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])
    given_back(source)

    again = look(tmp_path / "marked.xlsx")

    assert again[0].problems == look(source)[0].problems
    assert again[1] == look(source)[1]


@pytest.mark.parametrize("way", ["kept", "copied"])
def test_mended_on_the_sheet_of_bad_rows_it_has_nothing_to_mend(tmp_path, way):
    if way == "kept":
        source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])
    else:
        source = csv_book(tmp_path, "gb18030")
    done, book = given_back(source, import_id=41)
    assert done.kept is (way == "kept")
    mend(book["待更正"], 2, shift=3)

    checked, lines = look(saved_as(book, tmp_path / "mended.xlsx"))

    # The good rows of the first sheet come along: nothing is lost by mending only the bad ones.
    assert (checked.rows, checked.problems) == (2, [])
    assert checked.columns[-2:] == ["origin_import", "origin_row"]
    origin = "3" if way == "kept" else "4"
    told = sorted(line.split("\t")[-2:] for line in lines.splitlines())
    assert told == [["41", origin], ["\\N", "\\N"]]


def test_half_mended_on_the_sheet_of_bad_rows_what_is_mended_stays_mended(tmp_path):
    worse = [*BAD[:1], "2020-04", *BAD[2:]]
    _, book = given_back(made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD, worse]))
    mend(book["待更正"], 2, shift=3)

    done, again = given_back(saved_as(book, tmp_path / "half.xlsx"), tmp_path / "again.xlsx")

    assert again.sheetnames == ["申报", "待更正", "错误清单"]
    assert (done.kept, done.bad_rows) == (False, 1)
    assert len(values(again["待更正"])) == 2
    mend(again["待更正"], 2, shift=3)
    checked, _ = look(saved_as(again, tmp_path / "mended.xlsx"))
    assert (checked.rows, checked.problems) == (3, [])


def test_rows_mended_on_either_sheet_count_and_ours_wins(tmp_path):
    worse = [*BAD[:1], "2020-04", *BAD[2:]]
    _, book = given_back(made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD, worse]))
    mend(book["申报"], 3)
    mend(book["待更正"], 3, shift=3)

    checked, _ = look(saved_as(book, tmp_path / "both.xlsx"))

    assert (checked.rows, checked.problems) == (3, [])


def test_what_is_read_from_the_sheet_of_bad_rows_is_marked_there(tmp_path):
    """All its rows stay: those that are mended by now must not get lost."""
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD, BAD])
    book = only_bad(source, tmp_path / "bad.xlsx")
    mend(book.worksheets[0], 2, shift=3)
    path = saved_as(book, tmp_path / "mended.xlsx")
    notes = [Note(3, "证件号码", "id_check", "x", "甲", "乙")]

    annotate.annotate(
        path, schema=DECLARATIONS, problems=notes, import_id=9, target=tmp_path / "again.xlsx"
    )

    again = openpyxl.load_workbook(tmp_path / "again.xlsx")
    assert again.sheetnames == ["待更正", "错误清单"]
    assert len(values(again["待更正"])) == 3
    assert [row[0] for row in values(again["待更正"])[1:]] == [7, 7]
    assert red(again["待更正"]) == {"F3"}


def test_a_row_mended_in_vain_keeps_the_number_it_first_had(tmp_path):
    rows = [[*OURS, *HEADER], [7, "abc", 12, *BAD]]
    source = made(tmp_path / "book.xlsx", rows)
    notes = [Note(2, "证件号码", "id_check", "x", "甲", "乙")]

    target = tmp_path / "bad.xlsx"
    annotate.bad_rows(source, schema=DECLARATIONS, problems=notes, import_id=9, target=target)

    row = values(openpyxl.load_workbook(target)["待更正"])[1]
    assert (row[0], row[2], row[3:]) == (7, 12, BAD)
