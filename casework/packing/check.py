"""Check a case file: python3 check.py, in the folder it was unpacked into.

Says which file was changed, is missing or was added since the case was packed.
"""

import hashlib
import json
import sys
from pathlib import Path


def problems(folder: Path) -> list[str]:
    """Return what doesn't agree with the manifest."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    known = {row["path"]: row["sha256"] for row in manifest["files"]}
    found = []
    for path, digest in sorted(known.items()):
        file = folder / path
        if not file.is_file():
            found.append(f"缺少文件 missing: {path}")
        elif hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            found.append(f"文件已被改动 changed: {path}")
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    added = there - known.keys() - {"manifest.json", "check.py"}
    return found + [f"多出文件 added: {path}" for path in sorted(added)]


if __name__ == "__main__":
    wrong = problems(Path(__file__).resolve().parent)
    sys.stdout.write("\n".join(wrong or ["全部文件与清单一致 all files agree"]) + "\n")
    sys.exit(1 if wrong else 0)
