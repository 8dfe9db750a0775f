"""Batches and answers over HTTP, signed both ways; and what a test tells the bank to do.

POST /batches/NUMBER   the batch      202 taken | 409 had it | 422 refused
GET  /batches/NUMBER                  200 known | 404
GET  /outbox?after=ID                 200 the files since
GET  /outbox/ID                       200 the bytes
POST /control/day|mood|calm           200; GET /control/truth: the books
"""

import json
import threading
from collections.abc import Callable
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from refunds.bank import signing
from refunds.fakebank.bank import Bank, Link, Took

LARGEST = 50_000_000
Said = tuple[int, bytes]


class Hangs(Exception):
    """The answer to this request never comes."""


def serve(
    open_bank: Callable[[], Bank], *, key: bytes, port: int = 0, hangs_for: float = 30.0
) -> ThreadingHTTPServer:
    """Return a server on the local machine, not yet running; it opens the bank per request.

    `hangs_for`: how long it keeps a caller waiting before it hangs up without a word.
    """

    class Bound(_Handler):
        pass

    Bound.open_bank = staticmethod(open_bank)
    Bound.key = key
    Bound.hangs_for = hangs_for
    server = ThreadingHTTPServer(("127.0.0.1", port), Bound)
    server.daemon_threads = True
    return server


class _Handler(BaseHTTPRequestHandler):
    open_bank: Callable[[], Bank]
    key: bytes
    hangs_for: float
    protocol_version = "HTTP/1.1"
    stopping = threading.Event()

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def _handle(self, method: str) -> None:
        try:
            length = int(self.headers.get("Content-Length") or 0)
        except ValueError:
            length = -1
        if not 0 <= length <= LARGEST:
            self.close_connection = True
            self._answer(*_say(413, {"reason": "请求太大。"}))
            return
        body = self.rfile.read(length)
        if not self._is_signed(method, body):
            self._answer(*_say(403, {"reason": "签名不对。"}))
            return
        bank = self.open_bank()
        try:
            said = self._do(bank, method, body)
        except Hangs:
            self.stopping.wait(self.hangs_for)
            self.close_connection = True
            return
        except (ValueError, KeyError) as error:
            said = _say(400, {"reason": str(error)})
        finally:
            bank.close()
        self._answer(*said)

    def _is_signed(self, method: str, body: bytes) -> bool:
        """Accept a request of which the body is the one that was signed, for this path."""
        digest = signing.digest_of(body)
        wanted = signing.sign_request(self.key, method=method, path=self.path, digest=digest)
        return signing.same(self.headers.get(signing.DIGEST, ""), digest) and signing.same(
            self.headers.get(signing.SIGNATURE, ""), wanted
        )

    def _do(self, bank: Bank, method: str, body: bytes) -> Said:
        asked = urlsplit(self.path)
        match method, [unquote(part) for part in asked.path.strip("/").split("/")]:
            case "POST", ["batches", number]:
                return _take(bank, number, body)
            case "GET", ["batches", number]:
                return _known(bank, number)
            case "GET", ["outbox"]:
                after = int(parse_qs(asked.query).get("after", ["0"])[0])
                return _outbox(bank, after)
            case "GET", ["outbox", file_id]:
                found = [file for file in bank.outbox() if str(file.id) == file_id]
                return (200, found[0].content) if found else _say(404, {"reason": "没有这个文件。"})
            case "POST", ["control", "day"]:
                bank.go_on_to(date.fromisoformat(json.loads(body)["day"]))
                return _say(200, {"day": bank.day.isoformat()})
            case "POST", ["control", "mood"]:
                bank.set_mood(json.loads(body)["mood"])
                return _say(200, {})
            case "POST", ["control", "calm"]:
                bank.calm_down()
                return _say(200, {})
            case "GET", ["control", "truth"]:
                return _say(200, _truth(bank))
        return _say(404, {"reason": "没有这个地址。"})

    def _answer(self, status: int, content: bytes) -> None:
        digest = signing.digest_of(content)
        signature = signing.sign_response(self.key, status=status, path=self.path, digest=digest)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header(signing.DIGEST, digest)
        self.send_header(signing.SIGNATURE, signature)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the books have it all."""


def _say(status: int, value: dict[str, Any]) -> Said:
    return status, json.dumps(value, ensure_ascii=False).encode()


def _take(bank: Bank, number: str, body: bytes) -> Said:
    taken = bank.receive(body, link=Link.HTTP, number=number)
    if taken.hangs:
        raise Hangs
    if taken.what == Took.REFUSED:
        return _say(422, {"reason": taken.reason})
    return _say(202 if taken.what == Took.ACCEPTED else 409, {"accepted": not taken.reason})


def _known(bank: Bank, number: str) -> Said:
    batch = bank.books.batch(number)
    if batch is None:
        return _say(404, {"reason": "没有收到这个批次。"})
    return _say(200, {"state": "received", "sha256": batch.digest})


def _outbox(bank: Bank, after: int) -> Said:
    files = [
        {"id": file.id, "name": file.name, "sha256": file.sha256}
        for file in bank.outbox(after=after)
    ]
    return _say(200, {"files": files})


def _truth(bank: Bank) -> dict[str, Any]:
    return {
        line_no: {
            "account": truth.account,
            "paid": f"{truth.paid:.2f}",
            "paid_on": f"{truth.paid_on or ''}",
            "returned": f"{truth.returned:.2f}",
            "returned_on": f"{truth.returned_on or ''}",
        }
        for line_no, truth in bank.books.truth().items()
    }
