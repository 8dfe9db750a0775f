"""Read a workbook of worked cases behind the fence."""

from pathlib import Path
from tempfile import TemporaryDirectory

from registry.intake import errors
from registry.workbook import fence
from registry.workbook.check import Problem
from relief.calc.case_book import SCHEMA, Case, cases_of

#: As many as anybody checks by hand, and a page can show.
MOST_CASES = 1_000


class BadCaseBook(Exception):
    """The workbook can't be taken; `problems` are sentences with their cells, in Chinese."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("；".join(problems[:5]))


def read_cases(path: Path) -> list[Case]:
    """Return the cases of a workbook, in its order; a child process opens the file.

    :raises BadCaseBook: if a cell, the header or the file is wrong, or no case is in it.
    """
    with TemporaryDirectory() as folder:
        staging, problems = Path(folder) / "staging", Path(folder) / "problems"
        checked = fence.check(
            path,
            kind=SCHEMA.kind,
            known={SCHEMA.kind: SCHEMA},
            staging=staging,
            problems=problems,
            progress=lambda row, height: None,
            most_rows=MOST_CASES,
        )
        if checked.problems:
            raise BadCaseBook([_told(problem) for problem in checked.problems])
        with staging.open(encoding="utf-8") as lines:
            cases = cases_of(lines, checked.columns)
    if not cases:
        raise BadCaseBook(["工作簿中没有案例"])
    return cases


def _told(problem: Problem) -> str:
    told = errors.as_json(problem)
    where = f"第 {problem.row} 行" if problem.row else "工作簿"
    column = f"“{problem.column}”" if problem.column else ""
    found = f"：填的是“{problem.found}”" if problem.found else ""
    return f"{where}{column}{found}。应为{told['expected']}。{told['remedy']}"
