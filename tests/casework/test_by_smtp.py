"""The adapter for e-mail against a mail server that speaks just enough, in its moods."""

import socketserver
import threading

import pytest

from casework.tell.by_smtp import BySmtp
from casework.tell.interface import Outgoing, Verdict

MAIL = Outgoing("7d0e", "zhao@qq.com", "有一笔钱要退给您", "请登录网上办理。")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Talk)
        self.mood, self.mails = "good", []


class Talk(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(f"{line}\r\n".encode())

    def handle(self):
        self.say("220 ready")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say("354 go on")
                mail = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    mail += part
                self.server.mails.append(mail)
                if self.server.mood == "silent":
                    return
                self.say({"full": "452 full", "no": "554 no"}.get(self.server.mood, "250 taken"))
            elif word == b"RCPT" and self.server.mood == "unknown":
                self.say("550 nobody of that name")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")


@pytest.fixture
def server():
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.02,))
        thread.start()
        yield found
        found.shutdown()
        thread.join()


def adapter(port):
    return BySmtp(host="127.0.0.1", port=port, sender="社保 <no-reply@pzh.gov.cn>", timeout=2)


@pytest.mark.parametrize(
    ("mood", "verdict"),
    [
        ("good", Verdict.TAKEN),
        ("unknown", Verdict.REFUSED),
        ("no", Verdict.REFUSED),
        ("full", Verdict.LATER),
        ("silent", Verdict.UNSURE),
    ],
)
def test_what_a_mail_server_says_is_understood(server, mood, verdict):
    server.mood = mood

    assert adapter(server.server_address[1]).send(MAIL).verdict == verdict


def test_the_mail_carries_our_id(server):
    adapter(server.server_address[1]).send(MAIL)

    (mail,) = server.mails
    assert b"Message-ID: <7d0e@pzh.gov.cn>" in mail
    assert b"To: zhao@qq.com" in mail


def test_a_server_that_is_away_has_surely_taken_nothing():
    assert adapter(9).send(MAIL).verdict == Verdict.LATER


def test_an_address_that_is_none_is_refused(server):
    bad = Outgoing("1", "赵\n会计@qq.com", "标题", "x")

    assert adapter(server.server_address[1]).send(bad).verdict == Verdict.REFUSED
