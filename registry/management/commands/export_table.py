"""`export_table NAME PATH`: a table in force on a day, as CSV or workbook (contract, section 4)."""

import argparse
import csv
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import xlsxwriter
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone
from xlsxwriter.exceptions import FileCreateError

from registry import money, months, slots
from registry.slots import ExportTable
from registry.workbook import safe

USAGE = 2
ROWS_AT_A_TIME = 5000
#: What a sheet of Excel can hold, its header included.
SHEET_ROWS = 1_048_576


class Command(BaseCommand):
    help = "导出一张表：截至某日有效的数据，CSV（UTF-8，带 BOM）或 XLSX。"

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", choices=list(slots.tables()))
        parser.add_argument("path", metavar="PATH", help=".csv 或 .xlsx 文件；- 为标准输出（CSV）")
        parser.add_argument("--as-of", metavar="DATE", help="截止日期，默认今天")

    def handle(self, *, name: str, path: str, as_of: str | None, **options: Any) -> None:
        try:
            day = date.fromisoformat(as_of) if as_of else timezone.localdate()
        except ValueError:
            raise CommandError(f"日期应写作 2020-08-01，收到 {as_of}", returncode=USAGE) from None
        table = slots.tables()[name]
        if path == "-":
            # Rows end as the contract's CSV does, whatever the terminal's own habit.
            reconfigure = getattr(sys.stdout, "reconfigure", None)
            if reconfigure and self.stdout._out is sys.stdout:
                reconfigure(encoding="utf-8", newline="")
            write_csv(table, day, self.stdout._out)
            return
        target = Path(path)
        if not target.parent.is_dir():
            raise CommandError(f"没有这个文件夹：{target.parent}", returncode=USAGE)
        if target.suffix.lower() not in {".csv", ".xlsx"}:
            raise CommandError("文件名应以 .csv 或 .xlsx 结尾。", returncode=USAGE)
        try:
            count = write_whole(table, day, target)
        except (OSError, FileCreateError) as failure:
            raise CommandError(f"写不进文件：{failure}。没有留下半个文件。") from None
        self.stderr.write(f"{name}：{count} 行 → {target}")


def write_whole(table: ExportTable, day: date, target: Path) -> int:
    """Write a table as its name's ending says, whole or not at all; return the number of rows.

    :raises OSError, FileCreateError: if it can't be written, such as where the disk is full.
    """
    draft = target.with_name(f".{os.getpid()}.{target.name}")
    try:
        if target.suffix.lower() == ".csv":
            with draft.open("w", encoding="utf-8", newline="") as file:
                count = write_csv(table, day, file)
        else:
            count = write_xlsx(table, day, draft)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return count


def write_csv(table: ExportTable, day: date, file: TextIO) -> int:
    """Write a table as CSV with a byte order mark; return the number of rows."""
    file.write("\ufeff")
    writer = csv.writer(file)
    writer.writerow(table.columns)
    count = 0
    for row in rows(table, day):
        writer.writerow([safe.for_csv(value) for value in row])
        count += 1
    return count


def write_xlsx(table: ExportTable, day: date, target: Path) -> int:
    """Write a table as a workbook row by row; return the number of rows.

    Amounts are numbers there, so that they can be added; codes and months are text.
    :raises CommandError: if there are more rows than a sheet can hold.
    """
    count = 0
    with xlsxwriter.Workbook(str(target), {**safe.SAFE, "constant_memory": True}) as book:
        sheet = book.add_worksheet(table.name[:31])
        head = book.add_format({"bold": True})
        amount = book.add_format({"num_format": "0.00"})
        # Even edited, such a text stays a text.
        quoted = book.add_format({"quote_prefix": True})
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(table.columns) - 1, 16)
        sheet.write_row(0, 0, table.columns, head)
        for count, row in enumerate(rows(table, day), 1):
            if count >= SHEET_ROWS:
                raise CommandError("超过一张工作表的行数上限，请导出为 CSV。", returncode=USAGE)
            for column, (name, value) in enumerate(zip(table.columns, row, strict=True)):
                if name in table.money:
                    sheet.write_number(count, column, Decimal(str(value)), amount)
                elif isinstance(value, str):
                    text = safe.seen(value)
                    look = quoted if safe.opens_formula(text) else None
                    sheet.write_string(count, column, text, look)
                else:
                    sheet.write(count, column, value)
    return count


def rows(table: ExportTable, day: date) -> Iterator[list[object]]:
    """Yield a table's rows as they are written, from a server-side cursor."""
    statement, parameters = table.rows(day)
    with transaction.atomic(), closing(connection.chunked_cursor()) as cursor:
        cursor.execute(statement, parameters)
        while batch := cursor.fetchmany(ROWS_AT_A_TIME):
            for row in batch:
                yield [
                    _written(table, name, value)
                    for name, value in zip(table.columns, row, strict=True)
                ]


def _written(table: ExportTable, name: str, value: Any) -> object:
    if value is None:
        return ""
    if name in table.money:
        return money.text(value)
    if name in table.months:
        return months.label(value)
    return value
