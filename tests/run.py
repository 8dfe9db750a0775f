"""`make test`: everything the continuous integration runs, one check after the other.

Tools that are missing are installed where that is allowed (root, apt); otherwise the end
says plainly what could not be run. Run as a file by the virtual environment's Python.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import debian, soaking  # noqa: E402 - the path comes first

PYTEST = ("-m", "pytest", "-q", "-n", "2")
#: What is run once more against Debian's own servers: all that speaks SQL or rings.
FOREIGN = (
    "tests/config/test_foreign_servers.py",
    "tests/registry",
    "tests/relief",
    "tests/refunds",
    "tests/casework",
)
#: Files in, files out, or the bank's books: no word of our SQL, so once is enough.
WITHOUT_SQL = (
    "tests/refunds/bank",
    "tests/refunds/fakebank",
    "tests/registry/foreign",
    "tests/registry/hostile",
    "tests/registry/test_annotate.py",
    "tests/registry/test_cells.py",
    "tests/registry/test_mutations.py",
    "tests/registry/test_template.py",
    "tests/registry/test_workbook.py",
)
#: Hundreds of processes killed and threads at once: once in `make test`, on both in `make soak`.
LONG = (
    "tests/refunds/chaos",
    "tests/refunds/crash",
    "tests/refunds/test_moods.py",
    "tests/refunds/test_forged_files.py",
    "tests/refunds/test_officers_at_once.py",
    "tests/refunds/test_offset_by_chance.py",
)
#: Seconds that one test may take in its long form.
SOAK_PATIENCE = 3 * 3600
SOAK_HEADING = "## Soak"
say = debian.say


class Checks:
    """Runs checks and remembers how they ended."""

    def __init__(self) -> None:
        self.environment = dict(os.environ)
        self.failed: list[str] = []
        self.omitted: list[str] = []

    def python(self, name: str, *arguments: str, show: bool = False, **more: str) -> None:
        self.command(name, sys.executable, *arguments, show=show, **more)

    def command(self, name: str, *command: str, show: bool = False, **more: str) -> None:
        """Run a command; show what it says if asked or if it fails."""
        begun = time.monotonic()
        say(f"── {name}")
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment | more,
            stdout=None if show else subprocess.PIPE,
            stderr=None if show else subprocess.STDOUT,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - begun
        if done.returncode:
            self.failed.append(name)
            say(done.stdout or "")
        say(f"   {'未通过' if done.returncode else '通过'}（{seconds:.1f} 秒）")

    def end(self) -> int:
        for reason in self.omitted:
            say(f"没有运行：{reason}")
        say(f"未通过：{'、'.join(self.failed)}。" if self.failed else "全部通过。")
        return 1 if self.failed else 0


def check_sources(checks: Checks) -> None:
    templates = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("templates/**/*.html"))
    checks.python("格式", "-m", "ruff", "format", "--check", ".")
    checks.python("写法", "-m", "ruff", "check", ".")
    checks.python("类型", "-m", "mypy")
    if templates:
        djade = Path(sys.executable).with_name("djade")
        checks.command("模板", str(djade), "--check", "--target-version", "5.2", *templates)
    data = checks.environment.get("DATA_DIR") or str(ROOT / "var" / "test")
    checks.python("迁移", "manage.py", "makemigrations", "--check", "--dry-run", DATA_DIR=data)


def run_tests(checks: Checks, *, soak: bool) -> None:
    wanted = "not foreign_servers"
    if not debian.has_chromium():
        checks.omitted.append("浏览器测试（缺少 chromium，本机不能安装）")
        wanted += " and not browser"
    more = {"SOAK": "1"} if soak else {}
    patience = ("--timeout", str(SOAK_PATIENCE)) if soak else ()
    checks.python("测试", *PYTEST, *patience, "-m", wanted, show=True, **more)


def run_against_debian(checks: Checks, *, soak: bool) -> None:
    if not debian.has_servers():
        checks.omitted.append(
            "对 Debian 自带 PostgreSQL 15 和 Redis 7 的测试（缺少，本机不能安装）"
        )
        return
    with debian.servers() as urls:
        passed = WITHOUT_SQL if soak else WITHOUT_SQL + LONG
        left_out = [f"--ignore={path}" for path in passed]
        name = "测试（PostgreSQL 15、Redis 7）"
        checks.python(name, *PYTEST, *FOREIGN, *left_out, show=True, **urls)


def write_soak() -> None:
    """Replace the soak section of `bench/results.md` by what was kept."""
    path = ROOT / "bench" / "results.md"
    text = path.read_text() if path.exists() else "# Results\n"
    before, _heading, after = text.partition(SOAK_HEADING)
    rest = after.partition("\n## ")
    section = (
        f"{SOAK_HEADING}\n\nWritten by `make soak`: what the long forms of the tests tried, all of it"
        f" ended right, on {os.cpu_count()} cores; seconds of one process.\n\n{soaking.table()}"
    )
    path.write_text(before.rstrip("\n") + "\n\n" + section + ("\n## " + rest[2] if rest[1] else ""))


def soak_some(checks: Checks, paths: list[str]) -> None:
    """Run the long forms of some tests; the figures of the others stay."""
    patience = ("--timeout", str(SOAK_PATIENCE))
    checks.python("测试", *PYTEST, *patience, *paths, show=True, SOAK="1")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", action="store_true", help="the long forms")
    parser.add_argument("--only", nargs="+", help="the long forms of these files or folders")
    asked = parser.parse_args()
    checks = Checks()
    checks.omitted += debian.install_missing(soak=asked.soak)
    if asked.only:
        soak_some(checks, asked.only)
    else:
        if asked.soak:
            soaking.forget()
        check_sources(checks)
        run_tests(checks, soak=asked.soak)
        run_against_debian(checks, soak=asked.soak)
    if (asked.soak or asked.only) and not checks.failed:
        write_soak()
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
