"""Names as they are compared."""

import unicodedata


def plain(name: str) -> str:
    """Return a name by NFKC and without blanks, as names are compared everywhere."""
    return "".join(unicodedata.normalize("NFKC", name).split())
