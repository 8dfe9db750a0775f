"""«算给你看» as a workbook: the page's rows, and a sheet that says what they are."""

from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from registry import months
from registry.workbook.safe import SAFE, seen
from relief.queries.reduction import Reduction, size_label

HEAD = (
    *("所属期", "险种", "人数", "缴费基数合计（元）", "减免前单位应缴（元）", "减免比例"),
    *(
        "减免（元）",
        "减免后单位应缴（元）",
        "单位已缴（元）",
        "可退（元）",
        "应补（元）",
        "归类",
        "依据",
    ),
)
#: Columns of amounts that are summed in the last row.
_SUMMED = (4, 6, 7, 8, 9, 10)
_WIDTHS = (10, 8, 8, 16, 18, 10, 14, 18, 14, 14, 14, 22, 60)


def workbook(found: Reduction) -> bytes:
    """Return the workbook: amounts are numbers with two decimals, texts never start a formula."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, dict(SAFE)) as book:
        styles = {
            "bold": book.add_format({"bold": True}),
            "yuan": book.add_format({"num_format": "#,##0.00"}),
            "sum": book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1}),
            "ratio": book.add_format({"num_format": "0%"}),
        }
        _rows(book.add_worksheet("算给你看"), found, styles)
        _notes(book.add_worksheet("说明"), found, styles)
    return target.getvalue()


def _rows(sheet: Any, found: Reduction, styles: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    for place, (title, width) in enumerate(zip(HEAD, _WIDTHS, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, title, styles["bold"])
    number = 0
    for number, cells in enumerate(_lines(found), 1):
        for place, cell in enumerate(cells):
            if isinstance(cell, str):
                sheet.write_string(number, place, seen(cell))
            elif cell is not None:
                style = styles["ratio"] if place == 5 else styles["yuan"]
                sheet.write_number(number, place, cell, None if place == 2 else style)
    sums = found.sums
    totals = (sums.gross_due, sums.relief, sums.net_due, sums.paid, sums.overpaid, sums.underpaid)
    sheet.write_string(number + 1, 0, "合计", styles["bold"])
    for place, amount in zip(_SUMMED, totals, strict=True):
        sheet.write_number(number + 1, place, amount, styles["sum"])


def _lines(found: Reduction) -> Iterator[tuple[str | int | Decimal | None, ...]]:
    for row in found.rows:
        for cell in row.cells:
            if cell.line is None:
                continue
            known, settled = cell.line.assessment, cell.line.settled
            yield (
                *(months.label(row.month), cell.label),
                *(
                    (known.headcount, known.base_total, known.gross_due, known.relief_fraction)
                    if known
                    else (None, None, None, None)
                ),
                *((known.relief, known.net_due) if known else (None, None)),
                *(settled.paid, settled.overpaid, settled.underpaid),
                *((cell.employer_class, known.clause) if known else ("", "这个月还没有核定")),
            )


def _notes(sheet: Any, found: Reduction, styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 90)
    said = [
        ("单位名称", found.employer.name),
        ("统一社会信用代码", found.employer.uscc),
        ("截至", found.day.isoformat()),
        *(
            ("归类", f"{span.label}（{months.label(span.first)} 至 {months.label(span.last)}）")
            for span in found.classes
        ),
        *(("划型来源", size_label(source)) for source in found.sizes),
        ("金额范围", "养老、失业、工伤三项的单位缴费部分；个人缴费部分不减免，由单位代扣代缴"),
        ("已缴", "到账的单位部分，减去已退、冲抵转出，加上冲抵转入"),
        ("可退与应补", "按月、按险种分别计算，三项保险分属三个基金，互不抵减"),
    ]
    for number, (title, text) in enumerate(said):
        sheet.write_string(number, 0, title, styles["bold"])
        sheet.write_string(number, 1, seen(text))
