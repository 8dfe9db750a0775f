"""The bank over HTTP: signed both ways, and asked again after silence."""

import http.client
import json
import threading
from datetime import timedelta

import pytest

from refunds.bank import signing
from refunds.fakebank import http as bank_http
from tests.refunds.fakebank.ordering import DAY, make_bank, order_bytes

KEY = b"a key for tests"
NUMBER = "YL20200720001"


class Caller:
    """One side of the link, as our client is to speak; some words can be said wrongly."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method, path, body=b"", *, headers=None, timeout=5):
        """Return status and body; the answer's signature is looked at."""
        digest = signing.digest_of(body)
        said = {
            signing.DIGEST: digest,
            signing.SIGNATURE: signing.sign_request(KEY, method=method, path=path, digest=digest),
        } | (headers or {})
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            link.request(method, path, body=body, headers=said)
            response = link.getresponse()
            content = response.read()
        finally:
            link.close()
        wanted = signing.sign_response(
            KEY, status=response.status, path=path, digest=signing.digest_of(content)
        )
        assert response.headers[signing.SIGNATURE] == wanted
        return response.status, content

    def json(self, *asked, **about):
        status, content = self.ask(*asked, **about)
        return status, json.loads(content)

    def tell(self, what, **about):
        assert self.ask("POST", f"/control/{what}", json.dumps(about).encode())[0] == 200

    def truth(self):
        return self.json("GET", "/control/truth")[1]


@pytest.fixture
def caller(tmp_path):
    server = bank_http.serve(lambda: make_bank(tmp_path), key=KEY, hangs_for=0.05)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield Caller(server.server_address[1])
    server.shutdown()
    thread.join()
    server.server_close()


def send(caller, body=b"", **about):
    return caller.json("POST", f"/batches/{NUMBER}", body or order_bytes(), **about)


def test_a_batch_is_taken_once_and_known_from_then_on(caller):
    assert caller.json("GET", f"/batches/{NUMBER}")[0] == 404
    assert send(caller) == (202, {"accepted": True})
    truth = caller.truth()
    assert send(caller) == (409, {"accepted": True})
    assert caller.json("GET", f"/batches/{NUMBER}") == (
        200,
        {"state": "received", "sha256": signing.digest_of(order_bytes())},
    )
    assert caller.truth() == truth
    assert len(truth) == 3


def test_another_content_under_the_same_number_is_refused(caller):
    send(caller)
    truth = caller.truth()
    status, said = send(caller, order_bytes(amount="9999.00"))
    assert (status, said["reason"]) == (422, "这个批次号已经送过，内容不同。")
    assert caller.truth() == truth


def test_the_number_must_be_the_one_inside(caller):
    status, said = caller.json("POST", "/batches/YL9", order_bytes())
    assert (status, said["reason"]) == (422, "报盘文件里是另一个批次号。")
    assert caller.truth() == {}


@pytest.mark.parametrize(
    "forged",
    [
        {signing.SIGNATURE: ""},
        {signing.SIGNATURE: "0" * 64},
        {signing.DIGEST: "0" * 64},
        # A signature that was right for something else.
        {
            signing.SIGNATURE: signing.sign_request(
                KEY, method="GET", path=f"/batches/{NUMBER}", digest=signing.digest_of(b"")
            )
        },
        {
            signing.SIGNATURE: signing.sign_request(
                KEY,
                method="POST",
                path="/batches/YL20200720002",
                digest=signing.digest_of(order_bytes()),
            )
        },
        {
            signing.SIGNATURE: signing.sign_request(
                b"another key",
                method="POST",
                path=f"/batches/{NUMBER}",
                digest=signing.digest_of(order_bytes()),
            )
        },
    ],
)
def test_a_bad_signature_is_refused_and_nothing_is_paid(caller, forged):
    assert send(caller, headers=forged)[0] == 403
    assert caller.truth() == {}


def test_a_signed_request_whose_body_was_exchanged_is_refused(caller):
    digest = signing.digest_of(order_bytes())
    path = f"/batches/{NUMBER}"
    signed = {
        signing.DIGEST: digest,
        signing.SIGNATURE: signing.sign_request(KEY, method="POST", path=path, digest=digest),
    }
    assert send(caller, order_bytes(amount="9.00"), headers=signed)[0] == 403
    assert send(caller, order_bytes(), headers=signed)[0] == 202
    assert send(caller, order_bytes(), headers=signed)[0] == 409  # replayed
    assert len(caller.truth()) == 3


@pytest.mark.parametrize(
    ("mood", "kept"),
    [("accepts_times_out", True), ("refuses_times_out", False), ("result_first", True)],
)
def test_after_silence_asking_tells_whether_it_is_there(caller, mood, kept):
    caller.tell("mood", mood=mood)
    with pytest.raises((ConnectionError, http.client.HTTPException, TimeoutError)):
        send(caller)
    assert caller.json("GET", f"/batches/{NUMBER}")[0] == (200 if kept else 404)
    assert bool(caller.truth()) == kept
    files = caller.json("GET", "/outbox?after=0")[1]["files"]
    assert [file["name"][:2] for file in files][:1] == (["回盘"] if mood == "result_first" else [])

    caller.tell("calm")
    assert send(caller)[0] == (409 if kept else 202)
    assert len(caller.truth()) == 3


def test_the_outbox_goes_on_after_an_id_and_gives_the_bytes(caller):
    send(caller)
    caller.tell("day", day=(DAY + timedelta(days=1)).isoformat())
    files = caller.json("GET", "/outbox?after=0")[1]["files"]
    for file in files:
        content = caller.ask("GET", f"/outbox/{file['id']}")[1]
        assert signing.digest_of(content) == file["sha256"]
    rest = caller.json("GET", f"/outbox?after={files[0]['id']}")[1]["files"]
    assert rest == files[1:]
    assert caller.json("GET", f"/outbox?after={files[-1]['id']}")[1]["files"] == []
    assert caller.json("GET", "/outbox/999999")[0] == 404


@pytest.mark.parametrize("path", ["/", "/nothing", "/batches", "/outbox?after=x", "/control/day"])
def test_what_it_does_not_know_is_an_error_not_a_crash(caller, path):
    assert caller.json("GET", path)[0] in {400, 404}
    assert caller.json("POST", path, b"{}")[0] in {400, 404}


def test_the_same_batch_from_eight_callers_at_once_is_paid_once(caller):
    said = []
    threads = [threading.Thread(target=lambda: said.append(send(caller)[0])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == [202, *[409] * 7]
    assert len(caller.truth()) == 3
