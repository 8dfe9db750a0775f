"""Batches and answers as files: reads `out`, puts into `in`, whole or not at all."""

import os
from itertools import count
from pathlib import Path

from refunds.bank import signing
from refunds.fakebank.bank import Bank, Taken
from refunds.fakebank.books import File


class Folder:
    """The bank's end of an exchange of files. With a `key` each file gets its signature first."""

    def __init__(self, path: Path, *, key: bytes = b"") -> None:
        self.path = path
        self.key = key

    def once(self, bank: Bank) -> tuple[list[Taken], int]:
        """Take every batch that lies there and put down what is due; return what was done."""
        taken = [bank.receive(path.read_bytes()) for path in self.batches()]
        return taken, bank.hand_out(self.put)

    def batches(self) -> list[Path]:
        """Return the files we sent, drafts left out, by name."""
        folder = self.path / "out"
        folder.mkdir(parents=True, exist_ok=True)
        return [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]

    def put(self, file: File) -> None:
        """Put a file down; one of the same name that still lies there is not written over."""
        folder = self.path / "in"
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / file.name
        for number in count(1):
            if not target.exists():
                break
            target = folder / f"{Path(file.name).stem} ({number}){target.suffix}"
        if self.key:
            signature = signing.sign_file(self.key, name=target.name, digest=file.sha256)
            self._write(target.with_name(target.name + signing.BESIDE), signature.encode())
        self._write(target, file.content)

    @staticmethod
    def _write(target: Path, content: bytes) -> None:
        draft = target.with_name(f".{target.name}.part")
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
