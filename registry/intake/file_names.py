"""What a user calls a file, fit to be shown: it decides nothing, and never where a file lies. Pure."""

import re
import unicodedata

LONGEST = 200
NAMELESS = "未命名文件"
_FOLDERS = re.compile(r"[/\\]")


def _is_shown(character: str) -> bool:
    # Control, format (which turn the writing round), unpaired and unassigned characters are not.
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


def shown(name: str) -> str:
    """Return the last part of a name without characters that can't be seen, 200 at most.

    A long name keeps its ending.
    """
    last = _FOLDERS.split(name)[-1]
    seen = "".join(filter(_is_shown, last)).strip(" .")
    if len(seen) > LONGEST:
        stem, dot, ending = seen.rpartition(".")
        kept = f"{dot}{ending}" if dot and len(ending) <= 10 else ""
        seen = f"{(stem if kept else seen)[: LONGEST - len(kept)]}{kept}"
    return seen or NAMELESS
