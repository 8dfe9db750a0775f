"""Letters (文书): facts in, a PDF out. Pure: same facts, same moment, same bytes.

A letter is a Typst template that stands on `base.typ` and reads `facts`; the fonts come with
the program, so that a letter looks the same on every machine. The file is PDF/A-2a for the
archive and PDF/UA-1 for screen readers.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import typst
from pylopdf_fonts_zh_cn import sans_path

ROOT = Path(__file__).resolve().parent.parent.parent
STANDARDS = ["a-2a", "ua-1"]
#: More characters than this without a glyph mean that something else is wrong.
_MOST_WITHOUT_GLYPH = 40
_WITHOUT_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed')
_at_once = threading.Lock()


@cache
def _compiler() -> typst.Compiler:
    """Return the one compiler: it keeps its fonts, so that a letter takes milliseconds."""
    fonts = [str(Path(str(sans_path())).parent)]
    return typst.Compiler(root=str(ROOT), font_paths=fonts, ignore_system_fonts=True)


@cache
def _home() -> int:
    """Return the process that composed first: its threads are the compiler's."""
    return os.getpid()


def qr_code(text: str) -> str:
    """Return a QR code as SVG text, for `sheet.code`."""
    buffer = BytesIO()
    segno.make(text, error="m").save(buffer, kind="svg", scale=3, border=1)
    return buffer.getvalue().decode()


def compose(
    template: str, *, sheet: Mapping[str, Any], facts: Mapping[str, Any], at: datetime
) -> bytes:
    """Return a letter as PDF.

    :param template: the template's path below the project's folder.
    :param sheet: what `base.typ` writes around it: title, number, office, day, check, code.
    :param facts: what the template reads; texts, numbers written as text, lists, mappings.
    :param at: the moment the file says it was made.

    A character for which the font has no glyph is written as 〓 with its number, since a file
    for the archive may hold no empty boxes.

    The compiler works with threads, which a fork doesn't inherit: it would wait for them for
    ever. A process forked off one that has composed therefore lets a fresh one compose.
    """
    if _home() != os.getpid():
        return _elsewhere(template, sheet, facts, at)
    where = sheet | {"date": [at.year, at.month, at.day]}
    text = json.dumps({"sheet": where, **facts}, ensure_ascii=False)
    for _ in range(_MOST_WITHOUT_GLYPH):
        try:
            with _at_once:
                return bytes(
                    _compiler().compile(
                        input=str(ROOT / template),
                        format="pdf",
                        sys_inputs={"facts": text},
                        pdf_standards=STANDARDS,
                        timestamp=at.astimezone(UTC).replace(microsecond=0),
                    )
                )
        except typst.TypstError as problem:
            found = _WITHOUT_GLYPH.search(str(problem))
            if found is None:
                raise
            for character in set(found[1]):
                if ord(character) > 0x7F:
                    text = text.replace(character, f"〓（U+{ord(character):04X}）")
    raise ValueError(f"{template}: too many characters without a glyph")


def _elsewhere(
    template: str, sheet: Mapping[str, Any], facts: Mapping[str, Any], at: datetime
) -> bytes:
    """Compose in a fresh process; raise RuntimeError with what it complained of."""
    asked = {"template": template, "sheet": sheet, "facts": facts, "at": at.isoformat()}
    done = subprocess.run(
        [sys.executable, "-m", "casework.letters"],
        input=json.dumps(asked, ensure_ascii=False).encode(),
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{template}: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout
