"""A gateway for text messages with a book of its own, over real HTTP, and its bad moods."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from casework.tell.by_gateway import is_signed

KEY = "shared-key-of-tests"


class Gateway:
    """`book`: what it has sent, by our id; `sent` once more for every text that left it."""

    def __init__(self) -> None:
        self.book: dict[str, dict[str, str]] = {}
        self.sent: list[str] = []
        self.asked: list[str] = []
        self.mood = "good"
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self._signed(body)
                told = json.loads(body)
                if gateway.mood == "refuses":
                    return self._say(422, {"reason": "号码不存在"})
                if gateway.mood == "busy":
                    return self._say(503, {})
                if told["id"] in gateway.book:
                    return self._say(409, {"id": f"G-{told['id'][:8]}"})
                gateway.book[told["id"]] = {**told, "state": "accepted"}
                gateway.sent.append(told["to"])
                if gateway.mood == "sends and says nothing":
                    return self.connection.close()
                return self._say(202, {"id": f"G-{told['id'][:8]}"})

            def do_GET(self) -> None:
                assert self._signed(b"")
                wanted = self.path.rsplit("/", 1)[1]
                gateway.asked.append(wanted)
                known = gateway.book.get(wanted)
                if known is None:
                    return self._say(404, {})
                return self._say(200, {"id": f"G-{wanted[:8]}", "state": known["state"]})

            def _signed(self, body: bytes) -> bool:
                return is_signed(
                    key=KEY,
                    method=self.command,
                    path=self.path,
                    body=body,
                    signed=self.headers["X-Signature"],
                )

            def _say(self, status: int, answer: dict[str, str]) -> None:
                body = json.dumps(answer, ensure_ascii=False).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/sms"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
