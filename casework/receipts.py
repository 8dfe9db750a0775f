"""Receipt numbers (办件编号): easy to read out on the telephone, hopeless to guess. Pure."""

import secrets

# Crockford's alphabet: without I, L, O and U nobody mistakes a letter for a digit.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: 5 bits a character: 60 random bits, more than the contract's 40.
LENGTH = 12


def new_receipt(prefix: str) -> str:
    """Return a new receipt number: two letters for the kind of matter, then random characters."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def as_typed(text: str) -> str:
    """Return a receipt number as stored, from what somebody typed: O is 0, I and L are 1."""
    plain = "".join(text.split()).replace("-", "").upper()
    head, tail = plain[:2], plain[2:]
    return head + tail.translate(str.maketrans("OIL", "011"))
