"""What an import came to: as the contract's JSON, as lines, and as a workbook of the errors."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from registry.models import Import, WorkState
from registry.workbook.safe import SAFE

#: The media type of an .xlsx.
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WAITING = (Import.Stage.RECEIVED, Import.Stage.PREVIEW, Import.Stage.SECOND, Import.Stage.STORING)
_COLUMNS = (
    ("row", "行号", 8),
    ("column", "列", 20),
    ("found", "原值", 28),
    ("expected", "应为", 44),
    ("remedy", "如何改正", 60),
    ("code", "错误代码", 20),
)


def as_json(done: Import) -> dict[str, Any]:
    """Return the result as `import_workbook --format json` prints it."""
    return {
        "kind": done.kind,
        "file_sha256": done.file_sha256,
        "rows": done.rows,
        "accepted": done.accepted,
        "unchanged": done.unchanged,
        "rejected": done.rejected,
        "errors": done.errors,
    }


def summary(done: Import) -> str:
    """Return the result in one sentence."""
    if done.state == WorkState.CANCELLED:
        return "导入已取消，未写入任何数据。"
    if done.state != WorkState.DONE:
        return f"导入未完成：{done.failure or '请稍后再试。'}"
    if done.stage == Import.Stage.REFUSED:
        rows = f"读取 {done.rows:,} 行，{done.rejected:,} 行有误" if done.rows else "文件有误"
        return f"未入库：{rows}，共 {done.error_count:,} 处错误。改正后请重新上传。"
    if done.stage in _WAITING:
        return f"{done.get_stage_display()}：读取 {done.rows:,} 行，尚未写入任何数据。"
    if done.stage == Import.Stage.DISCARDED:
        return "已放弃，未写入任何数据。"
    stored = (
        f"新增或更新 {done.accepted:,} 行，相同 {done.unchanged:,} 行"
        if done.accepted
        else f"没有新内容，{done.unchanged:,} 行与已入库的完全相同"
    )
    if done.rejected:
        return f"部分入库：读取 {done.rows:,} 行，{stored}，{done.rejected:,} 行待更正。"
    if not done.accepted:
        return f"没有新内容：读取 {done.rows:,} 行，与已入库的完全相同。"
    return f"已入库：读取 {done.rows:,} 行，{stored}。"


def _place(entry: dict[str, Any]) -> str:
    if entry["row"] is None:
        return "整个文件"
    return f"第 {entry['row']} 行“{entry['column']}”"


def error_lines(done: Import) -> Iterator[str]:
    """Yield a line for every error kept, and one that says how many more there are."""
    for entry in done.errors:
        found = f"“{entry['found']}”，" if entry["found"] else ""
        yield (
            f"{_place(entry)}：{found}应为{entry['expected']}。{entry['remedy']}[{entry['code']}]"
        )
    if done.error_count > len(done.errors):
        yield f"以上为前 {len(done.errors):,} 处，共 {done.error_count:,} 处。"


def warning_lines(done: Import) -> Iterator[str]:
    """Yield a line for everything worth a look that was stored all the same."""
    for entry in done.warnings:
        yield f"提示：{_place(entry)}：“{entry['found']}”，{entry['remedy']}"


def write_back(done: Import, target: Path) -> None:
    """Write the user's own workbook with its errors marked; the plain list where there is none."""
    if not done.annotated:
        write_errors(done, target)
        return
    with done.annotated.open("rb") as marked, target.open("wb") as copy:
        shutil.copyfileobj(marked, copy)


def write_errors(done: Import, target: Path | IO[bytes]) -> None:
    """Write the errors as a workbook of text cells: nothing in it is a formula."""
    with xlsxwriter.Workbook(target, {**SAFE, "constant_memory": True}) as book:
        sheet = book.add_worksheet("错误清单")
        bold = book.add_format({"bold": True})
        sheet.freeze_panes(1, 0)
        for place, (_, title, width) in enumerate(_COLUMNS):
            sheet.set_column(place, place, width)
            sheet.write_string(0, place, title, bold)
        for number, entry in enumerate(done.errors, start=1):
            for place, (key, _, _) in enumerate(_COLUMNS):
                if isinstance(entry[key], int):
                    sheet.write_number(number, place, entry[key])
                elif entry[key]:
                    sheet.write_string(number, place, entry[key])
