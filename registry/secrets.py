"""Words drawn by chance that people read from paper and type: passwords, activation codes."""

import hashlib
import secrets
import unicodedata

#: Digits and capitals that can't be taken for one another; 32 of them, so 5 bits each.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_GROUP = 4


def draw(groups: int) -> str:
    """Return random groups of four, `K7QM-2XWD-…`: 20 bits for each group."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(_GROUP)) for _ in range(groups))


def plain(typed: str) -> str:
    """Return a drawn word without what people add or change when typing: full-width
    characters, small letters, blanks and dashes."""
    text = unicodedata.normalize("NFKC", typed).upper()
    return "".join(character for character in text if character.isalnum())


def digest(word: str, *, salt: str) -> str:
    """Return what may be stored of a drawn word. Its own randomness makes guessing hopeless,
    so a fast hash is enough."""
    return hashlib.sha256(f"{salt}:{plain(word)}".encode()).hexdigest()
