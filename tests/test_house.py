"""What holds for every file of the house; imports between rooms are in `pyproject.toml`."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = [
    "registry",
    "casework",
    "classification",
    "relief",
    "refunds",
    "deferral",
    "audit",
    "config",
]
SOURCES = [
    path
    for app in APPS
    for path in sorted((ROOT / app).rglob("*.py"))
    if "migrations" not in path.parts
]
MONEY = [
    path
    for path in SOURCES
    if path.relative_to(ROOT).parts[0] in {"relief", "refunds", "deferral", "audit"}
    or path.name == "money.py"
]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_file_fits_into_four_hundred_lines(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", MONEY, ids=_name)
def test_money_is_never_a_float(path):
    tree = ast.parse(path.read_text())
    calls = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "float"
    ]
    assert calls == []


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_only_edges_ask_for_the_time(path):
    edges = {
        "views",
        "tasks",
        "receivers",
        "commands",
        "api",
        "middleware",
        "admin",
        "home",
        "demo",
        "embedded",
    }
    if edges & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}:
        return
    clock = re.compile(r"timezone\.now\(|timezone\.localdate\(\)|datetime\.now\(|date\.today\(")
    asked = [
        number
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if clock.search(line) and "# the clock:" not in line
    ]
    assert asked == []


def test_imports_go_down_the_house_only():
    done = subprocess.run(
        [ROOT / ".venv" / "bin" / "lint-imports", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "templates").rglob("*.html")), ids=_name)
def test_pages_carry_no_script_or_style_of_their_own(path):
    found = re.findall(r"<script>|<style|\sstyle=|\son[a-z]+=\"|javascript:", path.read_text())
    assert found == []
