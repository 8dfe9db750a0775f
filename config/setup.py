"""`make setup`: the virtual environment, the packages, the front end. Starts nothing.

Run as a file by any Python from 3.11, before anything is installed. What is done already
and whose sources have not changed is not done again.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
#: Packages of which only data files are read: none of what they depend on is wanted.
SCHEMAS = ROOT / "requirements-schemas.txt"
LOCK = ROOT / "package-lock.json"


def say(message: str) -> None:
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


def run(*command: object) -> None:
    """Run a command; its failure ends the setup with its own message."""
    # Nobody's own settings of Python or of pip's target may reach into the environment.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL"))}
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    environment["PIP_ROOT_USER_ACTION"] = "ignore"
    done = subprocess.run([str(part) for part in command], cwd=ROOT, env=environment, check=False)
    if done.returncode:
        sys.exit(f"安装没有完成：{command[0]} 失败（{done.returncode}）。")


def digest(paths: list[Path]) -> str:
    """Return one hash over the names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def is_done(stamp: Path, wanted: str) -> bool:
    return stamp.is_file() and stamp.read_text() == wanted


def make_environment() -> None:
    """Make `.venv`, also where Debian's python3-venv is missing, and again where it broke."""
    if (
        PYTHON.exists()
        and not subprocess.run(
            [str(PYTHON), "-m", "pip", "--version"], capture_output=True
        ).returncode
    ):
        return
    say("正在建立 Python 环境……")
    if VENV.is_dir() and not VENV.is_symlink():
        shutil.rmtree(VENV)
    if importlib.util.find_spec("ensurepip"):
        run(sys.executable, "-m", "venv", VENV)
        return
    if not importlib.util.find_spec("pip"):
        sys.exit("缺少 pip：Debian 上请安装 python3-venv（apt-get install python3-venv）。")
    run(sys.executable, "-m", "venv", "--without-pip", VENV)
    run(sys.executable, "-m", "pip", "--python", PYTHON, "install", "--quiet", "pip")


def install_packages() -> str:
    wanted = digest([*REQUIREMENTS, SCHEMAS])
    stamp = VENV / "relief.requirements"
    if not is_done(stamp, wanted):
        say("正在安装 Python 包……")
        run(PYTHON, "-m", "pip", "install", "--quiet", "-r", REQUIREMENTS[-1])
        run(PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "-r", SCHEMAS)
        stamp.write_text(wanted)
    return wanted


def build_front_end() -> str:
    """Fetch the locked npm packages and compile style sheets, with the wheel's own Node."""
    packages = digest([LOCK])
    stamp = ROOT / "node_modules" / ".relief.packages"
    if not is_done(stamp, packages):
        say("正在安装前端包……")
        options = ("--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts", "--silent")
        run(PYTHON, VENV / "bin" / "npm", "ci", *options)
        stamp.write_text(packages)
    dist = ROOT / "frontend" / "dist"
    sources = [
        path
        for path in (ROOT / "frontend").rglob("*")
        if path.is_file()
        and not path.relative_to(ROOT / "frontend").parts[0].startswith((".", "dist"))
    ]
    wanted = digest([*sources, LOCK])
    stamp = dist / ".relief.sources"
    if not is_done(stamp, wanted):
        say("正在编译前端……")
        run(PYTHON, VENV / "bin" / "node", "frontend/build.mjs")
        stamp.write_text(wanted)
    return wanted


def collect_static(packages: str, front_end: str) -> None:
    own = [path for path in ROOT.glob("*/static/**/*") if path.is_file()]
    wanted = f"{packages} {front_end} {digest(own)}"
    stamp = ROOT / "static" / ".relief.sources"
    if not is_done(stamp, wanted):
        run(PYTHON, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity", "0")
        stamp.write_text(wanted)


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - an older one may read this file
        sys.exit("需要 Python 3.11 或更高版本；可用 make setup PYTHON=/路径/python3.11 指定。")
    make_environment()
    packages = install_packages()
    front_end = build_front_end()
    collect_static(packages, front_end)


if __name__ == "__main__":
    main()
