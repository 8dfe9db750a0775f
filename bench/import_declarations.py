"""How long the import of a large declarations workbook takes, beside merely reading it.

The yardstick is python-calamine alone, reading every row of the same file in a process of
its own; the other time is the whole command `import_workbook declarations`, from its start
to its end: reading, checking every cell, storing every line and making the totals.

    python -m bench.import_declarations [ROWS]

works on the database of DATABASE_URL, where these employers' declarations must not exist yet.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import psutil
import xlsxwriter

from registry.numbers import resident_id, uscc

ROOT = Path(__file__).resolve().parents[1]
ROWS = 300_000
MONTHS = [f"2020-{month:02d}" for month in range(2, 13)]
PERSONS_PER_EMPLOYER = 20
_EMPLOYER = ("企业", "510402", "5212", 0.4, "2015-03-01", "2015-04-01", *("",) * 8)
#: `make bench` fails above these.
MOST_TIMES = 8.0
MOST_MEMORY_MB = 600

_EMPLOYER_HEADER = (
    "统一社会信用代码 单位名称 单位类型 参保地 行业代码 工伤保险费率(%) 成立日期 参保日期 "
    "法定代表人 联系人 联系电话 所属集团 户名 开户银行 开户行行号 银行账号"
)
DECLARATION_HEADER = (
    "统一社会信用代码 费款所属期 证件号码 姓名 养老缴费基数 失业缴费基数 工伤缴费基数"
)
READ_ONLY = """
import sys
from python_calamine import CalamineWorkbook
for row in CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).iter_rows():
    pass
"""


def employer_code(number: int) -> str:
    """Return the credit code of one of the benchmark's employers."""
    body = f"91510402MB{number:07d}"
    return body + uscc.compute_check_digit(body)


def _person(number: int) -> str:
    year, rest = divmod(number, 336 * 1000)
    day, sequence = divmod(rest, 1000)
    body = f"510402{1960 + year}{day // 28 + 1:02d}{day % 28 + 1:02d}{sequence:03d}"
    return body + resident_id.compute_check_digit(body)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(chain([header], rows)):
            sheet.write_row(number, 0, row)


def write_employers(path: Path, count: int) -> None:
    """Write the employers that the declarations name."""
    _write(
        path,
        _EMPLOYER_HEADER.split(),
        ([employer_code(n), f"测算单位{n}", *_EMPLOYER] for n in range(count)),
    )


def declared(rows: int) -> Iterator[list[Any]]:
    """Yield that many rows: persons in order, each in eleven months, bases of their own."""
    for number in range(rows):
        person, month = divmod(number, len(MONTHS))
        base = 2500 + (person * 37) % 16000 + (person % 100) / 100
        yield [
            employer_code(person // PERSONS_PER_EMPLOYER),
            MONTHS[month],
            _person(person),
            f"职工{person % 5000}",
            base,
            base,
            base,
        ]


def write_declarations(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write the workbook of declared rows."""
    _write(path, DECLARATION_HEADER.split(), rows)


def run(command: Sequence[str], *, exits: int = 0) -> tuple[float, float, str]:
    """Run a command; return its seconds, the peaks of its processes in MB added up, its output."""
    started = time.perf_counter()
    # A file holds any output; a pipe that nobody reads meanwhile would stop the command.
    with (
        TemporaryFile("w+", encoding="utf-8") as output,
        subprocess.Popen(command, cwd=ROOT, stdout=output) as process,
    ):
        watched = psutil.Process(process.pid)
        peaks: dict[int, int] = {}
        while process.poll() is None:
            try:
                for one in [watched, *watched.children(recursive=True)]:
                    if one.exe().endswith("/postgres"):
                        continue  # an embedded server is not the importing process
                    peaks[one.pid] = max(peaks.get(one.pid, 0), one.memory_info().rss)
            except psutil.Error:
                pass  # it ended between two looks
            time.sleep(0.02)
        seconds = time.perf_counter() - started
        output.seek(0)
        said = output.read()
        if process.returncode != exits:
            raise RuntimeError(f"{command}: {said}")
    return seconds, sum(peaks.values()) / 1e6, said


def measure(rows: int = ROWS) -> dict[str, Any]:
    """Import a workbook of `rows` rows; return seconds, the ratio to the yardstick, peak MB.

    `peak_mb` adds the peaks of the command and its checking child, whenever they were.
    """
    with TemporaryDirectory() as folder:
        employers, declarations = Path(folder) / "employers.xlsx", Path(folder) / "lines.xlsx"
        persons = -(-rows // len(MONTHS))
        write_employers(employers, -(-persons // PERSONS_PER_EMPLOYER))
        write_declarations(declarations, declared(rows))
        manage = [sys.executable, str(ROOT / "manage.py"), "import_workbook"]
        run([*manage, "employers", str(employers), "--format", "json"])
        read_before, _, _ = run([sys.executable, "-c", READ_ONLY, str(declarations)])
        seconds, peak, output = run(
            [*manage, "declarations", str(declarations), "--format", "json"]
        )
        read_after, _, _ = run([sys.executable, "-c", READ_ONLY, str(declarations)])
        result = json.loads(output)
        again, _, repeated = run([*manage, "declarations", str(declarations), "--format", "json"])
    yardstick = (read_before + read_after) / 2
    return {
        "rows": rows,
        "accepted": result["accepted"],
        "seconds": round(seconds, 2),
        "yardstick_seconds": round(yardstick, 2),
        "ratio": round(seconds / yardstick, 2),
        "most_ratio": MOST_TIMES,
        "peak_mb": round(peak),
        "most_peak_mb": MOST_MEMORY_MB,
        "again_seconds": round(again, 2),
        "again_unchanged": json.loads(repeated)["unchanged"],
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS), indent=2))
