"""What lies in the bank's outbox: every file once, and a damaged one holds up none of the others."""

import json
from pathlib import Path

import pytest
from django.conf import settings

from refunds.bank import link
from refunds.bank.signing import digest_of
from refunds.services import outbox


class Bank:
    """A direct link with files, some of which can't be had."""

    def __init__(self, *damaged):
        self.contents = {number: f"file {number}".encode() for number in range(1, 7)}
        self.damaged = set(damaged)
        self.asked = []

    def files(self, *, after):
        return [
            link.Offered(number, f"answer-{number}.xml", digest_of(content))
            for number, content in self.contents.items()
            if number > after
        ]

    def fetch(self, file):
        self.asked.append(file.id)
        if file.id in self.damaged:
            raise link.NoAnswer(f"回盘文件{file.id}取不到，或与清单不符。")
        return self.contents[file.id]


@pytest.fixture
def folder(tmp_path, settings):
    settings.BANK_DIR = tmp_path
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def come(folder):
    return sorted(int(path.name.split("-")[0]) for path in folder.iterdir())


def note():
    return Path(settings.BANK_DIR) / "outbox-after.txt"


def test_each_file_is_fetched_once(folder):
    bank = Bank()
    assert outbox.fetch(bank, into=folder) == 6
    assert outbox.fetch(bank, into=folder) == 0
    assert bank.asked == come(folder) == [1, 2, 3, 4, 5, 6]
    assert json.loads(note().read_text()) == {"after": 6, "beyond": []}


def test_a_damaged_file_holds_up_none_of_the_others_and_is_asked_for_again(folder):
    bank = Bank(1, 4)
    assert outbox.fetch(bank, into=folder) == 4
    assert come(folder) == [2, 3, 5, 6]
    assert json.loads(note().read_text()) == {"after": 0, "beyond": [2, 3, 5, 6]}

    bank.damaged, bank.asked = {4}, []
    assert outbox.fetch(bank, into=folder) == 1
    assert bank.asked == [1, 4]
    assert json.loads(note().read_text()) == {"after": 3, "beyond": [5, 6]}

    bank.damaged = set()
    assert outbox.fetch(bank, into=folder) == 1
    assert come(folder) == [1, 2, 3, 4, 5, 6]
    assert json.loads(note().read_text()) == {"after": 6, "beyond": []}


def test_a_bank_that_gives_nothing_is_asked_later(folder):
    bank = Bank(1, 2, 3, 4, 5, 6)
    assert outbox.fetch(bank, into=folder) == 0
    assert bank.asked == [1, 2, 3]


@pytest.mark.parametrize(("said", "first"), [("4", 5), ("nonsense", 1), ('{"after": "x"}', 1)])
def test_a_note_as_it_was_written_before_is_read_and_a_spoilt_one_begins_anew(folder, said, first):
    note().write_text(said)
    bank = Bank()
    outbox.fetch(bank, into=folder)
    assert bank.asked == list(range(first, 7))
