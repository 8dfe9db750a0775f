"""Write a golden run: a part of the demo city's workbooks, and the tables they come to.

    python -m tests.relief.golden.write NAME

needs a migrated, empty database by DATABASE_URL. The demo city's own book holds the figures right
(tests/config/test_demo_load.py); here they are kept so that no later release may change them.
"""

import csv
import os
import sys
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

import django

HERE = Path(__file__).resolve().parent
#: Units with at most so many people, and whoever files a project, is somebody's legal entity or
#: had its size corrected.
MOST_PERSONS = 3
MOST_UNITS = 25
RUNS = {0: date(2020, 3, 31), 1: date(2020, 7, 31), 2: date(2021, 3, 1)}


def main(name: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from python_calamine import CalamineWorkbook

    from config.demo import city, workbooks

    target = HERE / name
    target.mkdir()
    steps = []
    with tempfile.TemporaryDirectory() as folder:
        workbooks.write(city.build(), Path(folder))
        books = {
            file.name: CalamineWorkbook.from_path(str(Path(folder) / file.name))
            .get_sheet_by_index(0)
            .to_python()
            for file in workbooks.FILES
            if not file.wrong
        }
        chosen = _chosen(books)
        for file in (file for file in workbooks.FILES if not file.wrong):
            head, *rows = books[file.name]
            place = head.index("统一社会信用代码")
            kept = [row for row in rows if row[place] in chosen]
            csv_name = f"in-{len(steps) + 1:02d}-{file.kind}.csv"
            _write(target / csv_name, [head, *kept])
            steps.append(f'[[step]]\nkind = "{file.kind}"\nfile = "{csv_name}"\n')
            following = [other for other in workbooks.FILES if not other.wrong]
            last_of_lot = following.index(file) == len(following) - 1 or (
                following[following.index(file) + 1].lot != file.lot
            )
            if last_of_lot:
                steps.append(f"[[step]]\nrun = {RUNS[file.lot].isoformat()}\n")
    (target / "steps.toml").write_text("\n".join(steps), encoding="utf-8")
    from tests.relief.golden.live import live

    for table, day, text in live(target):
        (target / f"out-{day.isoformat()}-{table}.csv").write_text(text, encoding="utf-8")


def _chosen(books: dict[str, list[list[object]]]) -> set[object]:
    persons: Counter[object] = Counter()
    wanted: set[object] = set()
    parents: dict[object, object] = {}
    for name, (head, *rows) in books.items():
        code = head.index("统一社会信用代码")
        if "申报" in name:
            month = head.index("费款所属期")
            persons.update(row[code] for row in rows if str(row[month]) == "2020-03")
        elif "建设项目" in name or "更正" in name:
            wanted |= {row[code] for row in rows}
        elif "参保单位" in name:
            parent = head.index("上级法人信用代码")
            parents = {row[code]: row[parent] for row in rows if row[parent]}
    small = sorted(code for code, count in persons.items() if count <= MOST_PERSONS)
    return {*small[:MOST_UNITS], *wanted, *parents, *parents.values()}


def _write(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main(sys.argv[1])
