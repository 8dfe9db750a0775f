"""A case as one zip that proves itself: every file with its digest, and a script that checks. Pure.

Same entries, same bytes. The script needs nothing but Python.
"""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

MANIFEST, CHECK = "manifest.json", "check.py"
_SCRIPT = Path(__file__).parent / CHECK
#: The zip format's own beginning: when something was put in says the manifest's facts.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_PATH = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


@dataclass(frozen=True)
class Entry:
    """One file of a case; `says` is what it is, for whoever reads the manifest."""

    path: str
    data: bytes
    says: str


def as_json(facts: Any) -> bytes:
    """Return facts as readable JSON, the same bytes for the same facts."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, indent=1, default=str).encode()


def pack(entries: Iterable[Entry], *, about: Mapping[str, str]) -> bytes:
    """Return the zip of a case.

    :param about: what the case is: number, unit, when it was packed and by whom.
    :raises ValueError: if a path isn't plain, or occurs twice.
    """
    files = sorted(entries, key=lambda entry: entry.path)
    paths = [entry.path for entry in files]
    if len(set(paths)) < len(paths) or not all(_PATH.fullmatch(path) for path in paths):
        raise ValueError("paths of a case are plain and occur once")
    if any(".." in path or path in (MANIFEST, CHECK) for path in paths):
        raise ValueError("paths of a case stay inside it")
    manifest = {
        "about": dict(about),
        "files": [
            {
                "path": entry.path,
                "says": entry.says,
                "bytes": len(entry.data),
                "sha256": hashlib.sha256(entry.data).hexdigest(),
            }
            for entry in files
        ],
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path, data in (
            (MANIFEST, as_json(manifest)),
            (CHECK, _SCRIPT.read_bytes()),
            *((entry.path, entry.data) for entry in files),
        ):
            info = zipfile.ZipInfo(path, _MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            bundle.writestr(info, data)
    return out.getvalue()
