"""The adapter for a text message gateway over HTTP.

POST {url}/messages {"id", "to", "text"} -> 200 or 202 {"id": theirs} | 409 has it already (fine)
    | another 4xx {"reason"}: refused | 429 or 5xx: later
GET {url}/messages/{id} -> 200 {"id", "state": "accepted" | "delivered" | "failed", "reason"} | 404
Both carry `X-Digest`, the SHA-256 of the body, and `X-Signature`, HMAC-SHA256 by the shared key
over method, path and digest. Their receipts come to us signed in the same way (`views.telling`).
"""

import hashlib
import hmac
import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlsplit

from casework.tell.interface import Outgoing, Said, Verdict

_MOST_BYTES = 64 * 1024
_TAKEN = frozenset({200, 202, 409})


def signature(*, key: str, method: str, path: str, body: bytes) -> tuple[str, str]:
    """Return the digest of a body and the signature of the call that carries it."""
    digest = hashlib.sha256(body).hexdigest()
    said = f"{method}\n{path}\n{digest}".encode()
    return digest, hmac.new(key.encode(), said, hashlib.sha256).hexdigest()


def is_signed(*, key: str, method: str, path: str, body: bytes, signed: str) -> bool:
    """Return whether a call was signed with the shared key."""
    _, right = signature(key=key, method=method, path=path, body=body)
    return bool(key) and hmac.compare_digest(right.encode(), signed.encode())


class _NotReached(Exception):
    """The connection was never made: nothing can have been taken."""


class ByGateway:
    """Hands messages to a gateway that keeps a book of our ids."""

    name = "http"
    repeats_safely = True

    def __init__(self, *, url: str, key: str, timeout: int) -> None:
        self.parts = urlsplit(url.rstrip("/"))
        self.key = key
        self.timeout = timeout

    def send(self, message: Outgoing) -> Said:
        told = {"id": message.id, "to": message.to, "text": message.text}
        try:
            status, answer = self._call("POST", "/messages", told)
        except _NotReached as failure:
            return Said(Verdict.LATER, reason=f"连不上短信平台（{failure}）。")
        except (OSError, HTTPException) as failure:
            return Said(Verdict.UNSURE, reason=f"短信平台没有答复（{type(failure).__name__}）。")
        if status in _TAKEN:
            return Said(Verdict.TAKEN, provider_id=str(answer.get("id", ""))[:80])
        if 400 <= status < 500 and status != 429:
            return Said(Verdict.REFUSED, reason=_reason(answer, "短信平台拒收", status))
        if status in {429, 503}:
            return Said(Verdict.LATER, reason=f"短信平台暂时不收（{status}）。")
        # Something broke on their side, perhaps after they had sent it.
        return Said(Verdict.UNSURE, reason=f"短信平台出错（{status}）。")

    def ask(self, message: Outgoing) -> Said | None:
        try:
            status, answer = self._call("GET", f"/messages/{quote(message.id)}", None)
        except (_NotReached, OSError, HTTPException):
            return Said(Verdict.UNSURE, reason="短信平台查询不到，稍后再问。")
        if status == 404:
            return None
        if status != 200:
            return Said(Verdict.UNSURE, reason=f"短信平台查询出错（{status}）。")
        theirs = str(answer.get("id", ""))[:80]
        match answer.get("state"):
            case "delivered":
                return Said(Verdict.DELIVERED, provider_id=theirs)
            case "failed":
                reason = _reason(answer, "短信没有送达", None)
                return Said(Verdict.REFUSED, provider_id=theirs, reason=reason)
        return Said(Verdict.TAKEN, provider_id=theirs)

    def _call(
        self, method: str, path: str, told: dict[str, str] | None
    ) -> tuple[int, dict[str, Any]]:
        body = b"" if told is None else json.dumps(told, ensure_ascii=False).encode()
        whole = f"{self.parts.path}{path}"
        digest, signed = signature(key=self.key, method=method, path=whole, body=body)
        headers = {
            "Content-Type": "application/json",
            "X-Digest": digest,
            "X-Signature": signed,
        }
        kind = HTTPSConnection if self.parts.scheme == "https" else HTTPConnection
        connection = kind(self.parts.netloc, timeout=self.timeout)
        try:
            try:
                connection.connect()
            except OSError as failure:
                raise _NotReached(type(failure).__name__) from failure
            connection.request(method, whole, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, _read(answer.read(_MOST_BYTES))
        finally:
            connection.close()


def _read(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _reason(answer: dict[str, Any], otherwise: str, status: int | None) -> str:
    said = str(answer.get("reason", "")).strip()[:120]
    code = f"（{status}）" if status else ""
    return f"{otherwise}{code}：{said}" if said else f"{otherwise}{code}。"
