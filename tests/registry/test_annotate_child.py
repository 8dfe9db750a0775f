"""Workbooks are marked in a child, which may fail."""

import json

import openpyxl
import pytest

from registry.intake import errors
from registry.workbook import annotate, fence, marks
from tests.registry.annotating import (
    BAD,
    BAD_CELLS,
    DECLARATIONS,
    GOOD,
    HEADER,
    look,
    made,
    notes_of,
    red,
)


def fenced(source, problems, **more):
    return fence.annotate(
        source,
        schema=DECLARATIONS,
        problems=problems,
        import_id=7,
        target=source.with_name("marked.xlsx"),
        progress=lambda row, height: None,
        **more,
    )


def written_down(checked, path):
    with path.open("w", encoding="utf-8") as file:
        for told in errors.all_as_json(checked.problems):
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
    return path


def test_the_child_marks_a_workbook(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])
    problems = written_down(look(source)[0], tmp_path / "problems.jsonl")

    done = fenced(source, problems)

    assert done == annotate.Annotated(kept=True, marked=2, bad_rows=1, problems=2)
    assert red(openpyxl.load_workbook(tmp_path / "marked.xlsx").worksheets[0]) == BAD_CELLS


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_what_is_no_workbook_does_not_come_back(tmp_path, content):
    source, problems = tmp_path / "book.xlsx", tmp_path / "problems.jsonl"
    source.write_bytes(content)
    problems.write_text("")

    assert fenced(source, problems) is None


def test_a_child_out_of_memory_gives_nothing_back(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, *[GOOD] * 30_000], constant_memory=True)
    problems = written_down(look(source)[0], tmp_path / "problems.jsonl")

    assert fenced(source, problems, memory=60 << 20) is None


def test_notes_are_read_as_the_errors_are_printed(tmp_path):
    source = made(tmp_path / "book.xlsx", [HEADER, GOOD, BAD])
    checked, _ = look(source)

    notes = list(marks.read_notes(written_down(checked, tmp_path / "problems.jsonl")))

    assert notes == list(notes_of(checked))
