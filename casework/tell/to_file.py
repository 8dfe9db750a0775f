"""The adapter of a house without connections: each message becomes a file to be looked at."""

import os
from pathlib import Path

from casework.tell.interface import Outgoing, Said, Verdict


class ToFile:
    """Writes `<id>.txt` into a folder, whole or not at all; the same message, the same file."""

    name = "file"
    repeats_safely = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, message: Outgoing) -> Path:
        return self.folder / f"{message.id}.txt"

    def send(self, message: Outgoing) -> Said:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = self._path(message)
            draft = path.with_suffix(f".{os.getpid()}.part")
            text = f"收件：{message.to}\n标题：{message.subject}\n\n{message.text}\n"
            draft.touch(mode=0o600)
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as failure:
            return Said(Verdict.LATER, reason=f"写不进发件文件夹（{failure.strerror}）。")
        return Said(Verdict.TAKEN, provider_id=path.name)

    def ask(self, message: Outgoing) -> Said | None:
        path = self._path(message)
        return Said(Verdict.TAKEN, provider_id=path.name) if path.exists() else None
