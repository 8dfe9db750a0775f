"""Letters: numbered one by one, the same bytes from the same facts, and genuine or not."""

import os
import signal
from hashlib import sha256
from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from casework import letters
from casework import services as casework
from casework.models import Letter
from casework.services.letters import issue_if_new
from tests.casework.lettering import FACTS, TEMPLATE, issue_letter
from tests.factories import AT, make_employer

SHEET = {
    "title": "试写的文书",
    "number": "试字〔2020〕1号",
    "office": "攀枝花市社会保险事务中心",
    "day": "2020年7月20日",
    "check": "ABCD-EFGH-JK",
    "code": letters.qr_code("https://example.invalid/letters/x/"),
}


def compose(**facts):
    return letters.compose(TEMPLATE, sheet=SHEET, facts=FACTS | facts, at=AT)


def test_the_same_facts_make_the_same_bytes():
    assert compose() == compose()
    assert compose().startswith(b"%PDF-")


def test_a_moment_with_fractions_of_a_second_is_a_moment_too():
    at = AT.replace(microsecond=123456)
    assert letters.compose(TEMPLATE, sheet=SHEET, facts=FACTS, at=at) == compose()


def test_other_facts_make_other_bytes():
    assert compose() != compose(pairs=[["日期", "2020年7月21日"]])


def test_a_character_without_a_glyph_is_written_as_its_number():
    assert compose(pairs=[["单位", "𠮷野商店"]]) == compose(pairs=[["单位", "〓（U+20BB7）野商店"]])


def test_a_mistake_in_the_template_stays_loud():
    with pytest.raises(Exception, match="pairs"):
        letters.compose(TEMPLATE, sheet=SHEET, facts={}, at=AT)


def in_a_fork(act):
    """Return what a fork of this process writes down; b"" when it took more than a minute."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        signal.alarm(60)
        try:
            os.write(writing, act())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.wait()
    return said


def test_a_fork_of_a_process_that_has_composed_composes_the_same():
    here = sha256(compose()).digest()
    assert in_a_fork(lambda: sha256(compose()).digest()) == here


def test_a_mistake_in_the_template_is_as_loud_in_a_fork():
    compose()

    def stumble():
        with pytest.raises(RuntimeError, match="pairs"):
            letters.compose(TEMPLATE, sheet=SHEET, facts={}, at=AT)
        return b"told"

    assert in_a_fork(stumble) == b"told"


@pytest.mark.django_db
def test_letters_are_numbered_one_after_the_other():
    assert [issue_letter().number for _ in range(3)] == [
        "试字〔2020〕1号",
        "试字〔2020〕2号",
        "试字〔2020〕3号",
    ]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_two_numbers():
    def issue():
        try:
            issue_letter()
        finally:
            connection.close()

    threads = [Thread(target=issue) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(Letter.objects.values_list("number", flat=True))) == 4


@pytest.mark.django_db(transaction=True)
def test_who_ask_for_the_same_explanation_at_once_get_one_letter():
    employer = make_employer()
    start, got = Barrier(4), []

    def ask():
        try:
            start.wait(timeout=30)
            got.append(
                issue_if_new(
                    kind="try",
                    word="试字",
                    title="试写的文书",
                    template=TEMPLATE,
                    facts=FACTS,
                    employer=employer,
                    matter_kind="try",
                    matter_id=1,
                    by=casework.SYSTEM,
                    at=AT,
                ).number
            )
        finally:
            connection.close()

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [Letter.objects.get().number] * 4


@pytest.mark.django_db
def test_a_letter_is_kept_as_it_left_the_house():
    letter = issue_letter()
    assert letter.sha256 == sha256(bytes(letter.pdf)).hexdigest()
    with pytest.raises(DatabaseError), transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(title="另一个")


@pytest.mark.django_db
def test_who_holds_a_letter_can_ask_whether_it_is_genuine(client):
    letter = issue_letter()
    page = client.get(reverse("letters:check", args=[letter.code]))
    assert letter.number in page.text
    assert letter.sha256 in page.text
    assert "1,234.00" not in page.text


@pytest.mark.django_db
def test_a_code_that_nobody_issued_is_not_found(client):
    assert client.get(reverse("letters:check", args=["WS0000000000"])).status_code == 404
