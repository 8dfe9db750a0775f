"""How we and a bank prove to each other who speaks: HMAC-SHA256 with a shared key. Pure.

What is signed is one line each of what must not be changed: nothing can move from one
signature's field into another's, because none of them may hold a line break.
"""

import hmac
from hashlib import sha256

DIGEST, SIGNATURE = "X-Digest", "X-Signature"
#: A signed file has its signature beside it, in a file of the same name and this ending.
BESIDE = ".sig"


def digest_of(content: bytes) -> str:
    """Return the digest that is sent and signed for a body or a file."""
    return sha256(content).hexdigest()


def sign_request(key: bytes, *, method: str, path: str, digest: str) -> str:
    """Return the signature of a request; `path` as asked for, with its query."""
    return _sign(key, "request", method, path, digest)


def sign_response(key: bytes, *, status: int, path: str, digest: str) -> str:
    """Return the signature of the answer to a request for `path`."""
    return _sign(key, "response", str(status), path, digest)


def sign_file(key: bytes, *, name: str, digest: str) -> str:
    """Return the signature of a file: it holds for this name only."""
    return _sign(key, "file", name, digest)


def same(one: str, other: str) -> bool:
    """Compare two signatures in a time that does not tell how much of them agrees."""
    return hmac.compare_digest(one.encode(), other.encode())


def _sign(key: bytes, *parts: str) -> str:
    if any("\n" in part or "\r" in part for part in parts):
        raise ValueError("a signed part may not hold a line break")
    return hmac.new(key, "\n".join(parts).encode(), sha256).hexdigest()
