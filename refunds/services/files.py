"""Files that others read: there whole or not at all, and still there after a power cut."""

import os
from pathlib import Path
from secrets import token_hex


def put(target: Path, content: bytes) -> Path:
    """Write a file under its name once all of it is on the disk.

    :raises OSError: if it can't be written; then nothing of it is left.
    """
    draft = target.with_name(f".{target.name}.{token_hex(6)}")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        draft.unlink(missing_ok=True)  # half of it would only fill the disk further
        raise
    sync(target.parent)
    return target


def sync(path: Path) -> None:
    """Make a rename in a folder survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
