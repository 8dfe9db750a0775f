"""The direct link to a bank (银企直连): our side of the HTTP contract. No Django, no database.

Every answer is signed by the bank; what isn't counts as no answer at all. Silence is no
answer either: nobody may conclude from it that the bank does not have the batch.
"""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlsplit

from refunds.bank import signing

LARGEST = 50_000_000
PATIENCE = 20.0  # seconds for one request


class NoAnswer(Exception):
    """The bank said nothing, or nothing that can be believed; the message says what in Chinese."""


class Refused(Exception):
    """The bank won't take the batch; the message is its reason."""


@dataclass(frozen=True)
class Offered:
    """A file in the bank's outbox."""

    id: int
    name: str
    sha256: str


@dataclass(frozen=True)
class Link:
    """One bank's address and the key we share with it. Paths are signed as they stand after it."""

    url: str
    key: bytes
    patience: float = PATIENCE

    def knows(self, number: str) -> str:
        """Return the digest of the batch that the bank has under a number, "" if it has none.

        :raises NoAnswer: if it can't be told.
        """
        status, content = self._ask("GET", f"/batches/{quote(number)}")
        if status == 404:
            return ""
        if status != 200:
            raise NoAnswer(f"查询批次时银行返回{status}。")
        return str(_said(content, "sha256"))

    def hand_in(self, number: str, content: bytes) -> None:
        """Give the bank a batch; it has it when this returns.

        :raises NoAnswer: if it may or may not have it.
        :raises Refused: if it won't have it.
        """
        status, said = self._ask("POST", f"/batches/{quote(number)}", content)
        if status == 422:
            raise Refused(str(_said(said, "reason")))
        if status not in {202, 409}:
            raise NoAnswer(f"送盘时银行返回{status}。")

    def files(self, *, after: int) -> list[Offered]:
        """Return what lies in the bank's outbox since a file, oldest first.

        :raises NoAnswer: if it can't be told.
        """
        status, content = self._ask("GET", f"/outbox?after={after}")
        if status != 200:
            raise NoAnswer(f"查询回盘文件时银行返回{status}。")
        found = _said(content, "files")
        try:
            return [Offered(int(one["id"]), str(one["name"]), str(one["sha256"])) for one in found]
        except (KeyError, TypeError, ValueError) as error:
            raise NoAnswer("银行的文件清单无法识别。") from error

    def fetch(self, file: Offered) -> bytes:
        """Return a file's bytes, as the outbox promised them.

        :raises NoAnswer: if they can't be had, or are others.
        """
        status, content = self._ask("GET", f"/outbox/{file.id}")
        if status != 200 or signing.digest_of(content) != file.sha256:
            raise NoAnswer(f"回盘文件{file.id}取不到，或与清单不符。")
        return content

    def _ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        address = urlsplit(self.url)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=self.patience)
        digest = signing.digest_of(body)
        signature = signing.sign_request(self.key, method=method, path=path, digest=digest)
        headers = {signing.DIGEST: digest, signing.SIGNATURE: signature}
        try:
            connection.request(method, address.path.rstrip("/") + path, body, headers)
            response = connection.getresponse()
            content = response.read(LARGEST + 1)
        except (OSError, HTTPException) as error:
            raise NoAnswer("银行没有答复（连接失败或超时），不能确定是否送到。") from error
        finally:
            connection.close()
        wanted = signing.sign_response(
            self.key, status=response.status, path=path, digest=signing.digest_of(content)
        )
        if not signing.same(response.headers.get(signing.SIGNATURE, ""), wanted):
            raise NoAnswer("答复没有银行的有效签名，不予采信。")
        return response.status, content


def _said(content: bytes, key: str) -> Any:
    """Return one value of the bank's JSON.

    :raises NoAnswer: if it isn't there.
    """
    try:
        return json.loads(content)[key]
    except (ValueError, KeyError, TypeError) as error:
        raise NoAnswer("银行的答复无法识别。") from error
