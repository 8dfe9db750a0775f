"""The front end compiles from its pinned packages, the same each time, and fails loudly."""

import gzip
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NODE = ROOT / ".venv" / "bin" / "node"
PAGE_BUDGET = 80 * 1024  # what a page may load, compressed (d0)


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NODE, folder / "frontend" / "build.mjs"], capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the front end, so that a build here disturbs no page being served."""
    shutil.copytree(
        ROOT / "frontend", tmp_path / "frontend", ignore=shutil.ignore_patterns("dist", ".dist-*")
    )
    shutil.copy(ROOT / "package.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_second_build_gives_the_same_files(copy):
    assert build(copy).returncode == 0
    first = digests(copy / "frontend" / "dist")
    assert build(copy).returncode == 0
    assert digests(copy / "frontend" / "dist") == first
    assert {"css/app.css", "css/admin.css", "js/app.mjs", "js/htmx.min.js"} <= first.keys()


def test_a_broken_style_sheet_ends_the_build_and_leaves_the_former_result(copy):
    assert build(copy).returncode == 0
    before = digests(copy / "frontend" / "dist")
    (copy / "frontend" / "scss" / "_home.scss").write_text(".a { color: $nowhere }")
    failed = build(copy)
    assert failed.returncode == 1
    assert "nowhere" in failed.stderr
    assert digests(copy / "frontend" / "dist") == before


def test_missing_packages_are_named(copy):
    (copy / "node_modules").unlink()
    failed = build(copy)
    assert failed.returncode == 1
    assert "npm ci" in failed.stderr


def test_pages_stay_within_their_budget_and_carry_no_foreign_brand(copy):
    assert build(copy).returncode == 0
    dist = copy / "frontend" / "dist"
    page = [
        dist / name
        for name in (
            "css/app.css",
            "js/app.mjs",
            "js/desk.mjs",
            "js/govuk-frontend.min.js",
            "js/moj-frontend.min.js",
            "js/htmx.min.js",
        )
    ]
    assert sum(len(gzip.compress(path.read_bytes())) for path in page) < PAGE_BUDGET
    css = (dist / "css" / "app.css").read_text()
    for foreign in ("#1d70b8", "#fd0", "GDS Transport", "crest", "@font-face"):
        assert foreign not in css


def test_the_lock_file_pins_what_the_package_file_asks_for():
    asked = json.loads((ROOT / "package.json").read_text())
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for name, version in {**asked["dependencies"], **asked["devDependencies"]}.items():
        assert locked[f"node_modules/{name}"]["version"] == version
