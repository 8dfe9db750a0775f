"""Cells of other programs' workbooks: dates, amounts, texts, formulas, errors."""

import pytest

from tests.registry.foreign import packages as made
from tests.registry.foreign.packages import EMPTY, FORMATS, formula, number, text, typed

#: Those of `made.FORMATS` that show a number as a date.
DATES = (1, 2, 3, 4, 5, 11, 12, 13)


def look(tmp_path, parts):
    return made.look(made.zipped(parts, tmp_path / "book.xlsx"))


WHOLE = made.header("编号", "名称", "月份", "日期", "金额", "费率(%)")
PLACES = {"名称": 1, "月份": 2, "日期": 3, "金额": 4, "费率(%)": 5}


def one(tmp_path, header, cell, **changed):
    """Return what is staged of one cell, or the code of its refusal and what was found."""
    row = [text("A1"), text("甲"), EMPTY, EMPTY, EMPTY, EMPTY]
    row[PLACES[header]] = cell
    checked, lines = look(tmp_path, made.parts(made.rows(WHOLE, row), **changed))
    if checked.problems:
        (problem,) = checked.problems
        assert (problem.row, problem.column) == (2, header)
        return problem.code, problem.found
    return lines[0][1 + PLACES[header]]


@pytest.mark.parametrize("form", [FORMATS[place] for place in DATES])
def test_real_dates_by_whatever_format(tmp_path, form):
    assert one(tmp_path, "日期", number("43862", form=form)) == "2020-02-01"
    assert one(tmp_path, "月份", number("43862", form=form)) == "2020-02-01"
    assert one(tmp_path, "金额", number("43862", form=form)) == ("not_a_number", "2020-02-01")


@pytest.mark.parametrize(
    "form", [form for place, form in enumerate(FORMATS) if place in {0, 7, 8, 9, 10}]
)
def test_numbers_are_no_dates(tmp_path, form):
    assert one(tmp_path, "日期", number("43862", form=form)) == ("not_a_date", "43862")
    assert one(tmp_path, "金额", number("43862", form=form)) == "43862.00"


@pytest.mark.parametrize("builtin", [14, 15, 17, 22, 27, 28, 30, 31, 36, 50, 57, 58])
def test_the_chinese_formats_that_no_file_spells_out(tmp_path, builtin):
    """Excel in Chinese keeps 31 (2020年2月1日) and 57 (2020年2月) by number alone."""
    cell = number("43862").replace('s="0"', 's="1"')
    looks = made.styles((), builtin=(0, builtin))
    assert one(tmp_path, "日期", cell, styles=looks) == "2020-02-01"
    assert one(tmp_path, "月份", cell, styles=looks) == "2020-02-01"


@pytest.mark.parametrize("on", ["1", "true"])
def test_days_counted_from_1904(tmp_path, on):
    book = made.workbook(more=f'<workbookPr date1904="{on}"/>')
    assert one(tmp_path, "日期", number("42400", form="yyyy/m/d"), workbook=book) == "2020-02-01"


def test_times(tmp_path):
    assert one(tmp_path, "日期", number("43862.75", form="yyyy/m/d\\ h:mm;@")) == "2020-02-01"
    assert one(tmp_path, "日期", number("0.5", form="h:mm:ss")) == ("not_a_date", "12:00:00")
    assert one(tmp_path, "日期", typed("d", "2020-02-01T00:00:00")) == "2020-02-01"


@pytest.mark.parametrize(
    "written", ["2020/2/1", "2020.2.1", "2020年2月1日", "20200201", "2020-2-1", "20-02-01"]
)
def test_dates_as_texts_of_another_form_are_told_as_they_stand(tmp_path, written):
    assert one(tmp_path, "日期", text(written)) == ("not_a_date", written)


@pytest.mark.parametrize(
    ("header", "written", "staged"),
    [
        ("日期", "2020-02-01", "2020-02-01"),
        ("日期", "２０２０－０２－０１", "2020-02-01"),
        ("月份", "202002", "2020-02-01"),
        ("月份", " 2020-02\u00a0", "2020-02-01"),
        ("月份", "2020/2", ("not_a_month", "2020/2")),
        ("月份", "2020年2月", ("not_a_month", "2020年2月")),
        ("金额", "３，０００．５", "3000.50"),
        ("金额", "1,234,567.80", "1234567.80"),
        ("金额", " 3\u00a0000.5\u200b", "3000.50"),
        ("金额", "￥3,000.00", "3000.00"),
        ("金额", "¥ 3000", "3000.00"),
        ("金额", "￥￥3", ("not_a_number", "￥￥3")),
        ("金额", "¥", ("not_a_number", "¥")),
        ("金额", "¥-3", ("negative", "¥-3")),
        ("金额", "-¥3", ("not_a_number", "-¥3")),
        ("金额", "3000元", ("not_a_number", "3000元")),
        ("金额", "1.234,5", ("not_a_number", "1.234,5")),
        ("费率(%)", "0.4%", "0.004"),
        ("费率(%)", "０．４％", "0.004"),
        ("名称", "\u00a0甲 公司\u3000", "甲 公司"),
        ("名称", "_x000D_甲_x0041_", "甲A"),
    ],
)
def test_cells_of_text(tmp_path, header, written, staged):
    assert one(tmp_path, header, text(written, kept=True)) == staged


def test_numbers_in_every_clothing(tmp_path):
    assert one(tmp_path, "月份", number("202002")) == "2020-02-01"
    assert one(tmp_path, "金额", number("3000.2999999999997", form=FORMATS[9])) == "3000.30"
    assert one(tmp_path, "费率(%)", number("0.40000000000000002")) == "0.004"
    # A cell that shows 0.40% holds 0.004, which the contract asks about.
    assert one(tmp_path, "费率(%)", number("0.004", form="0.00%"))[0] == "rate_out_of_range"


@pytest.mark.parametrize("written", ["1", "true"])
def test_truth_values_are_no_numbers(tmp_path, written):
    assert one(tmp_path, "金额", typed("b", written)) == ("not_a_number", "TRUE")


@pytest.mark.parametrize("header", ["名称", "月份", "日期", "金额"])
@pytest.mark.parametrize("error", ["#N/A", "#REF!", "#DIV/0!"])
def test_an_error_is_told_even_where_a_cell_may_be_empty(tmp_path, header, error):
    assert one(tmp_path, header, typed("e", error)) == ("formula_error", error)
    assert one(tmp_path, header, formula("1/0", error, kind="e")) == ("formula_error", error)
    assert one(tmp_path, header, text(error)) == ("formula_error", error)


def test_formulas_count_by_what_they_came_to(tmp_path):
    assert one(tmp_path, "金额", formula("1+1", "2")) == "2.00"
    assert one(tmp_path, "金额", formula("", "5", more=' t="shared" si="0"')) == "5.00"
    assert one(tmp_path, "名称", formula("A1", "乙", kind="str")) == "乙"
    assert one(tmp_path, "金额", formula('IF(1,"",1)', "", kind="str")) == "\\N"
    assert one(tmp_path, "金额", formula("1-1", "0")) == "0.00"


@pytest.mark.parametrize("value", [None, ""])
def test_a_formula_that_nobody_has_worked_out_is_told(tmp_path, value):
    for header in PLACES:
        assert one(tmp_path, header, formula("1+1", value)) == ("formula_without_value", "=1+1")


def test_a_zero_put_in_for_a_formula_is_told(tmp_path):
    """openpyxl, xlsxwriter and others put it there and ask to be worked out on opening."""
    anew = made.workbook().replace("</workbook>", '<calcPr fullCalcOnLoad="1"/></workbook>')
    cell = formula("1+1", "0")
    assert one(tmp_path, "金额", cell, workbook=anew) == ("formula_without_value", "=1+1")
    assert one(tmp_path, "金额", number("0"), workbook=anew) == "0.00"
    assert one(tmp_path, "金额", formula("1+1", "2"), workbook=anew) == "2.00"


def test_rows_of_nothing_but_formulas_not_worked_out_are_rows(tmp_path):
    lost = [formula("X1", None), formula("Y1", None)]
    data = made.rows(made.header("编号", "名称"), [text("A1"), text("甲")], lost) + made.rows(
        lost, first=6
    )

    checked, lines = look(tmp_path, made.parts(data))

    codes = [
        (row, header, "formula_without_value") for row in (3, 6) for header in ("编号", "名称")
    ]
    assert made.told(checked) == codes
    assert lines == [["2", "A1", "甲"], ["3", "\\N", "\\N"], ["6", "\\N", "\\N"]]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('standalone="yes"', 'standalone="0.5"'),
        ("</row></sheetData>", "</row></sheetDat>"),
        ('<row r="2">', '<row r="1">'),
    ],
    ids=["declaration", "an element that isn't closed", "rows out of order"],
)
def test_a_sheet_with_errors_that_is_no_xml_is_refused_in_peace(tmp_path, before, after):
    """Found by the mutations: the reader of cells is less strict than XML is."""
    parts = made.parts(made.rows(made.header("编号", "名称"), [text("A1"), typed("e", "#N/A")]))
    name = "xl/worksheets/sheet1.xml"
    assert before in parts[name]
    parts[name] = parts[name].replace(before, after)

    assert made.told(look(tmp_path, parts)[0]) == [(None, None, "unreadable")]
