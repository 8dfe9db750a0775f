"""Templates: whoever fills one in as it says has nothing to mend."""

import io
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from registry import slots
from registry.intake import errors
from registry.workbook import template
from registry.workbook.check import check
from registry.workbook.schema import Column, Kind, Schema

KINDS = sorted(slots.import_kinds())


def schema_of(kind):
    return slots.import_kinds()[kind].schema


def look(path, schema):
    staging = io.StringIO()
    known = {**{kind: schema_of(kind) for kind in KINDS}, schema.kind: schema}
    checked = check(path, schema, known=known, staging=staging)
    return checked, [line.split("\t")[2:] for line in staging.getvalue().splitlines()]


def written(schema, tmp_path, **more):
    path = tmp_path / "template.xlsx"
    template.write(schema, path, **more)
    return path


def listed(sheet, place):
    """Return the drop-down's choices of a column."""
    for rule in sheet.data_validations.dataValidation:
        first, top, last, bottom = range_boundaries(str(rule.sqref))
        if rule.type == "list" and first <= place <= last:
            assert (top, bottom) == (2, 1_048_576)
            return rule.formula1.strip('"').split(",")
    return []


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_has_an_example_that_is_right(kind, tmp_path):
    schema = schema_of(kind)
    book = openpyxl.Workbook()
    book.active.append([column.header for column in schema.columns])
    book.active.append([column.example for column in schema.columns])
    book.save(tmp_path / "examples.xlsx")

    checked, _ = look(tmp_path / "examples.xlsx", schema)

    assert all(column.example for column in schema.columns)
    assert (checked.rows, checked.problems) == (1, [])


def as_typed(column, choices, number):
    """Return what a user puts into a cell of the column: what the template says."""
    if column.kind is Kind.CHOICE:
        return choices[number % len(choices)]
    if column.kind is Kind.MONEY:
        return float(column.example)
    if column.kind is Kind.DATE:
        return date.fromisoformat(column.example)
    return column.example


def fill_in(path, schema, *, number, only_required=False):
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for place, column in enumerate(schema.columns, start=1):
        if not (only_required and column.allows_blank):
            # Keeps the cell's own format, as typing does.
            sheet.cell(2, place).value = as_typed(column, listed(sheet, place), number)
    book.save(path)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_filled_in_has_nothing_to_mend(kind, tmp_path):
    schema = schema_of(kind)
    rounds = max(len(column.choices) for column in schema.columns) or 1

    for number in range(rounds):
        path = fill_in(written(schema, tmp_path), schema, number=number)
        checked, _ = look(path, schema)
        assert (checked.rows, checked.problems, checked.warnings) == (1, [], [])

    path = fill_in(written(schema, tmp_path), schema, number=0, only_required=True)
    checked, _ = look(path, schema)
    assert (checked.rows, checked.problems, checked.warnings) == (1, [], [])


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
@pytest.mark.parametrize("ending", ["xlsx", "xls"])
def test_a_template_saved_by_libreoffice_has_nothing_to_mend(ending, tmp_path):
    for kind in KINDS:
        schema = schema_of(kind)
        (tmp_path / kind).mkdir()
        path = fill_in(written(schema, tmp_path / kind), schema, number=1)
        path = path.rename(tmp_path / f"{kind}.xlsx")
    (tmp_path / "saved").mkdir()
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
        + ["--convert-to", ending, "--outdir", str(tmp_path / "saved")]
        + [str(tmp_path / f"{kind}.xlsx") for kind in KINDS],
        check=True,
        capture_output=True,
        timeout=120,
    )

    for kind in KINDS:
        saved = tmp_path / "saved" / f"{kind}.{ending}"
        checked, _ = look(saved, schema_of(kind))
        assert (checked.rows, checked.problems, checked.warnings) == (1, [], [])
        assert template.version_of(saved) == template.version(schema_of(kind))


def test_a_template_can_come_with_last_months_rows(tmp_path):
    schema = schema_of("declarations")
    row = {
        "uscc": "91510402MA62A0001Q",
        "month": date(2020, 2, 1),
        "person_id": "510402199003070019",
        "person_name": "=张三",
        "pension_base": Decimal("3236.10"),
        "unemployment_base": Decimal("0.00"),
        "injury_base": Decimal("99999999.99"),
    }

    checked, lines = look(written(schema, tmp_path, rows=[row]), schema)

    assert (checked.problems, checked.warnings) == ([], [])
    told = [str(value) for value in row.values()]
    assert lines == [told]


def test_rows_are_filled_in_as_people_write_them(tmp_path):
    schema = schema_of("employers")
    row = {column.name: column.example for column in schema.columns}
    row |= {
        "unit_type": schema.column("unit_type").choices["事业单位（企业养老）"],
        "injury_rate": Decimal("0.0040"),
        "established_on": date(2015, 3, 1),
        "group_name": None,
    }

    path = written(schema, tmp_path, rows=[row])

    sheet = openpyxl.load_workbook(path).worksheets[0]
    told = {cell.value: sheet.cell(2, cell.column).value for cell in sheet[1]}
    assert told["单位类型"] == "事业单位（企业养老）"
    assert told["工伤保险费率(%)"] == "0.4"
    assert told["成立日期"].date() == date(2015, 3, 1)
    assert told["所属集团"] is None
    checked, lines = look(path, schema)
    assert checked.problems == []
    assert lines[0][5] == "0.004"


def test_the_first_sheet_is_just_the_header(tmp_path):
    schema = schema_of("employers")

    book = openpyxl.load_workbook(written(schema, tmp_path))

    sheet = book.worksheets[0]
    assert sheet.title == schema.title
    assert [cell.value for cell in sheet[1]] == [column.header for column in schema.columns]
    assert sheet.max_row == 1
    assert sheet.freeze_panes == "A2"
    assert sheet.print_title_rows == "$1:$1"
    looks = {cell.value: cell.fill.fgColor.rgb for cell in sheet[1]}
    assert looks["单位名称"] != looks["联系人"] == looks["地址"]
    assert all("例如：" in cell.comment.text for cell in sheet[1])
    columns = sheet.column_dimensions
    assert (columns["A"].number_format, columns["G"].number_format) == ("@", "yyyy-mm-dd")


def test_no_rule_of_the_template_forbids_anything(tmp_path):
    for kind in KINDS:
        sheet = openpyxl.load_workbook(written(schema_of(kind), tmp_path)).worksheets[0]
        rules = sheet.data_validations.dataValidation
        assert rules
        assert {rule.errorStyle for rule in rules} == {"information"}


def test_the_notes_name_every_column_and_the_version(tmp_path):
    schema = schema_of("payments")

    sheet = openpyxl.load_workbook(written(schema, tmp_path))["说明"]

    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert ["类别", "payments"] in [row[:2] for row in rows]
    assert ["版本", template.version(schema)] in [row[:2] for row in rows]
    told = {row[0]: row[1:] for row in rows}
    assert told["险种"] == ["必填", "下列之一：养老、失业、工伤", "养老"]
    assert told["付款账号"][0] == "选填，可删去这一列"
    assert "粘贴为数值" in str(rows)


SCHEMA = Schema(
    kind="people",
    title="人员",
    columns=(
        Column("code", "编号", Kind.CODE, length=(1, 20), example="A1"),
        Column("level", "级别", Kind.CHOICE, choices={f"第{n}级": str(n) for n in range(200)}),
    ),
)


def test_a_list_too_long_for_a_cell_is_told_in_the_notes_only(tmp_path):
    book = openpyxl.load_workbook(written(SCHEMA, tmp_path))

    assert listed(book.worksheets[0], 2) == []
    assert any("第199级" in str(cell.value) for row in book["说明"] for cell in row)


def test_the_version_changes_with_what_is_asked_and_with_nothing_else():
    code, level = SCHEMA.columns
    same = replace(SCHEMA, title="人员表", columns=(replace(code, example="B2"), level))
    others = [
        replace(SCHEMA, columns=(replace(code, optional=True), level)),
        replace(SCHEMA, columns=(code, replace(level, choices={"一": "1"}))),
        replace(SCHEMA, columns=(code,)),
    ]

    assert template.version(same) == template.version(SCHEMA)
    assert len({template.version(each) for each in [SCHEMA, *others]}) == 4


def test_an_old_template_is_read_with_a_hint(tmp_path):
    code, level = SCHEMA.columns
    old = replace(SCHEMA, columns=(code, replace(level, choices={"第1级": "1"})))
    path = fill_in(written(old, tmp_path), SCHEMA, number=0)

    checked, lines = look(path, SCHEMA)

    assert (checked.problems, lines) == ([], [["A1", "1"]])
    (hint,) = checked.warnings
    assert (hint.code, hint.found) == ("old_template", template.version(old))
    told = errors.as_json(hint)
    assert template.version(SCHEMA) in told["expected"]
    assert "下载" in told["remedy"]


def test_an_old_template_that_lacks_a_column_is_refused_with_a_hint(tmp_path):
    path = written(replace(SCHEMA, columns=SCHEMA.columns[:1]), tmp_path)

    checked, _ = look(path, SCHEMA)

    assert [problem.code for problem in checked.problems] == ["missing_column"]
    assert [problem.code for problem in checked.warnings] == ["old_template"]


def test_notes_of_somebody_elses_have_no_version(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["编号", "级别"])
    book.active.append(["A1", "第1级"])
    notes = book.create_sheet("说明")
    notes.append(["版本", "2.0"])
    book.save(tmp_path / "book.xlsx")
    (tmp_path / "book.csv").write_text("编号,级别\nA1,第1级\n")

    assert template.version_of(tmp_path / "book.xlsx") is None
    assert template.version_of(tmp_path / "book.csv") is None
    assert look(tmp_path / "book.xlsx", SCHEMA)[0].warnings == []
