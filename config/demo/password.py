"""The one password of the demo accounts: given by DEMO_PASSWORD, or drawn and kept."""

import os
import secrets
from pathlib import Path

#: Letters and digits that nobody takes for one another.
_CLEAR = "abcdefghjkmnpqrstuvwxyz23456789"


def drawn() -> str:
    """Return a new password, easy to read aloud and to type."""
    parts = ("".join(secrets.choice(_CLEAR) for _ in range(4)) for _ in range(3))
    return "-".join(parts)


def kept(folder: Path) -> str | None:
    """Return the password that the accounts have, or None before the first start."""
    path = folder / "demo_password"
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def wanted(folder: Path) -> str:
    """Return the password the accounts should have: DEMO_PASSWORD, the one kept, or a new one."""
    return os.environ.get("DEMO_PASSWORD") or kept(folder) or drawn()


def keep(folder: Path, password: str) -> None:
    """Write the password down, for this account of the operating system only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"demo_password.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(password + "\n", encoding="utf-8")
    draft.replace(folder / "demo_password")
