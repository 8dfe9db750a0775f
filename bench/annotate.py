"""How long the errors of a large workbook take to be found, and the workbook to come back marked.

The yardstick is python-calamine alone, reading every row of the same file in a process of its
own. One row in twenty is wrong: a check digit, an amount in words, a month that isn't one.
Both times are of the whole command `import_workbook declarations`, from its start to its end:
without `--errors`, and with it, which writes the user's own workbook with all wrong cells
coloured and commented, a sheet of only the bad rows and the list of errors.

    python -m bench.annotate [ROWS]

works on the database of DATABASE_URL.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from python_calamine import CalamineWorkbook

from bench.import_declarations import (
    MONTHS,
    PERSONS_PER_EMPLOYER,
    READ_ONLY,
    ROOT,
    declared,
    run,
    write_declarations,
    write_employers,
)

ROWS = 100_000
ONE_BAD_IN = 20
#: `make bench` fails above these.
MOST_TIMES_CHECKED = 8.0
MOST_TIMES_RETURNED = 25.0
MOST_MEMORY_MB = 500


def _with_errors(rows: int) -> Iterator[list[Any]]:
    """Yield declared rows, one in twenty with a wrong cell; the kinds of errors take turns."""
    for number, row in enumerate(declared(rows)):
        if number % ONE_BAD_IN == 0:
            place, wrong = (
                (2, f"{row[2][:17]}{'1' if row[2][17] == '0' else '0'}"),
                (4, "三千二百"),
                (1, "2020-13"),
            )[number // ONE_BAD_IN % 3]
            row[place] = wrong
        yield row


def measure(rows: int = ROWS) -> dict[str, Any]:
    """Return seconds, the ratios to the yardstick, and the peak MB of command and child together."""
    with TemporaryDirectory() as folder:
        employers, book = Path(folder) / "employers.xlsx", Path(folder) / "lines.xlsx"
        marked = Path(folder) / "marked.xlsx"
        persons = -(-rows // len(MONTHS))
        write_employers(employers, -(-persons // PERSONS_PER_EMPLOYER))
        write_declarations(book, _with_errors(rows))
        manage = [sys.executable, str(ROOT / "manage.py"), "import_workbook"]
        run([*manage, "employers", str(employers), "--format", "json"])
        read_only = [sys.executable, "-c", READ_ONLY, str(book)]
        command = [*manage, "declarations", str(book), "--format", "json"]
        read_before, _, _ = run(read_only)
        checked, checked_peak, output = run(command, exits=3)
        returned, returned_peak, _ = run([*command, "--errors", str(marked)], exits=3)
        read_after, _, _ = run(read_only)
        bad = CalamineWorkbook.from_path(str(marked)).get_sheet_by_name("待更正").to_python()
    yardstick = (read_before + read_after) / 2
    return {
        "rows": rows,
        "bad_rows": json.loads(output)["rejected"],
        "bad_rows_returned": len(bad) - 1,
        "yardstick_seconds": round(yardstick, 2),
        "checked_seconds": round(checked, 2),
        "checked_ratio": round(checked / yardstick, 2),
        "returned_seconds": round(returned, 2),
        "returned_ratio": round(returned / yardstick, 2),
        "peak_mb": round(max(checked_peak, returned_peak)),
    }


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS), indent=2))
