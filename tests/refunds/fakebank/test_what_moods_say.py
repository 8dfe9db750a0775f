"""Each mood's files are what they claim to be, and the same for the same seed."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from refunds import bank as formats
from refunds.bank import ADAPTERS, Acknowledgement, Answer, FileRefused
from refunds.fakebank.moods import FOURTEEN, MIXED, SILENT, Mood, eaten
from tests.refunds.fakebank.ordering import DAY, make_bank, make_order, order_bytes

SEEDS = range(1, 7)


def said(bank, folder):
    """Return what the bank's files say: messages, or why they can't be read."""
    found = []
    for file in bank.outbox():
        path = folder / file.name
        path.write_bytes(file.content)
        try:
            found.append(formats.read(path))
        except FileRefused as refusal:
            found.append(str(refusal))
    return found


def answers(bank, folder):
    return [message for message in said(bank, folder) if isinstance(message, Answer)]


def heard(folder, *, mood, seed, channel="workbook"):
    bank = make_bank(folder / f"{mood}-{seed}-{channel}", mood=mood, seed=seed)
    bank.receive(order_bytes(channel))
    return bank


def told(answer):
    return {row.line_no: (row.amount, row.outcome, row.settled) for row in answer.rows}


def is_true(answer, bank):
    truth = bank.books.truth()
    return (
        answer.declared_count == len(answer.rows)
        and answer.declared_total == sum(row.amount for row in answer.rows)
        and all(
            (row.amount, row.outcome, row.account)
            == (truth[row.line_no].paid, "成功", truth[row.line_no].account)
            for row in answer.rows
        )
        and {row.line_no for row in answer.rows} == set(truth)
    )


def test_there_are_fourteen():
    assert len(FOURTEEN) == 14


@pytest.mark.parametrize("channel", ADAPTERS)
def test_an_honest_bank_says_the_truth_and_follows_the_account_numbers(tmp_path, channel):
    bank = make_bank(tmp_path)
    accounts = ["6222020000000001", "6222020000000000", "6222020000009999", "6222020000008888"]
    bank.receive(order_bytes(channel, accounts=accounts))
    (answer,) = answers(bank, tmp_path)
    assert [(row.outcome, row.reason) for row in answer.rows] == [
        ("成功", ""),
        ("失败", "账号与户名不符"),
        ("退票", "账户已销户"),
        ("失败", "收款账户状态异常（冻结）"),
    ]
    assert sum(line.stayed for line in bank.books.truth().values()) == Decimal("1000.11")
    entries = bank.books.statement("22100000000000", DAY).entries
    assert [entry.kind for entry in entries] == ["付款", "付款", "退回"]


@pytest.mark.parametrize("mood", [*FOURTEEN, MIXED])
def test_the_same_seed_gives_the_same_bytes_in_the_same_order(tmp_path, mood):
    files = []
    for folder in ["first", "second"]:
        bank = make_bank(tmp_path / folder, mood=mood, seed=7, by_chance=True)
        for place in range(1, 6):
            bank.receive(order_bytes(number=f"YL2020072000{place}"))
        bank.go_on_to(DAY + timedelta(days=31))
        bank.calm_down()
        files.append([(file.name, file.content) for file in bank.outbox()])
    assert files[0] == files[1]


@pytest.mark.parametrize("channel", ADAPTERS)
@pytest.mark.parametrize("mood", FOURTEEN)
@pytest.mark.parametrize("seed", SEEDS)
def test_calmed_down_it_has_said_the_whole_truth(tmp_path, mood, seed, channel):
    bank = heard(tmp_path, mood=mood, seed=seed, channel=channel)
    before = {file.id for file in bank.outbox()}
    bank.calm_down()
    after = [file for file in bank.outbox() if file.id not in before]
    path = tmp_path / after[0].name
    path.write_bytes(after[0].content)
    message = formats.read(path)
    if mood == Mood.REFUSES_TIMES_OUT:
        assert not any(line.paid for line in bank.books.truth().values())
        if isinstance(message, Answer):
            assert {row.outcome for row in message.rows} == {"失败"}
        else:
            assert isinstance(message, Acknowledgement)
            assert not message.accepted
    else:
        assert is_true(message, bank)


@pytest.mark.parametrize("channel", ADAPTERS)
@pytest.mark.parametrize("mood", sorted(SILENT))
def test_silent_moods_say_nothing_till_asked(tmp_path, mood, channel):
    bank = heard(tmp_path, mood=mood, seed=1, channel=channel)
    bank.go_on_to(DAY + timedelta(days=3))
    assert not answers(bank, tmp_path)
    paid = any(line.paid for line in bank.books.truth().values())
    assert paid == (mood != Mood.REFUSES_TIMES_OUT)


@pytest.mark.parametrize("seed", SEEDS)
def test_returns_come_on_one_of_thirty_days(tmp_path, seed):
    bank = heard(tmp_path, mood="returns_later", seed=seed)
    assert is_true(answers(bank, tmp_path)[0], bank)
    for days in range(1, 31):
        bank.go_on_to(DAY + timedelta(days=days))
    returned = {
        line_no: line.returned_on for line_no, line in bank.books.truth().items() if line.returned
    }
    assert returned
    assert all(1 <= (day - DAY).days <= 30 for day in returned.values())
    said_so = {
        row.line_no: row.settled
        for answer in answers(bank, tmp_path)
        for row in answer.rows
        if row.outcome == "退票"
    }
    assert said_so == returned


@pytest.mark.parametrize("channel", ADAPTERS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("mood", ["wrong_amount", "one_fen"])
def test_one_amount_is_wrong(tmp_path, mood, seed, channel):
    bank = heard(tmp_path, mood=mood, seed=seed, channel=channel)
    (answer,) = answers(bank, tmp_path)
    truth = bank.books.truth()
    off = [
        row.amount - truth[row.line_no].paid
        for row in answer.rows
        if row.amount != truth[row.line_no].paid
    ]
    assert len(off) == 1
    assert (abs(off[0]) == Decimal("0.01")) == (mood == "one_fen")


@pytest.mark.parametrize("channel", ADAPTERS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_wrong_total_agrees_with_no_rows(tmp_path, seed, channel):
    (answer,) = answers(heard(tmp_path, mood="wrong_total", seed=seed, channel=channel), tmp_path)
    total = sum(row.amount for row in answer.rows)
    assert (answer.declared_count, answer.declared_total) != (len(answer.rows), total)


@pytest.mark.parametrize("channel", ADAPTERS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_truncated_file_is_refused_or_does_not_agree_with_itself(tmp_path, seed, channel):
    bank = heard(tmp_path, mood="truncated", seed=seed, channel=channel)
    for message in said(bank, tmp_path):
        if isinstance(message, Answer):
            assert message.declared_count != len(message.rows)


@pytest.mark.parametrize("mood", ["duplicate", "renamed"])
def test_a_file_comes_again(tmp_path, mood):
    bank = heard(tmp_path, mood=mood, seed=1)
    bank.go_on_to(DAY + timedelta(days=6))
    files = [file for file in bank.outbox() if not file.name.startswith(("对账单", "受理"))]
    assert max(Counter(file.sha256 for file in files).values()) == 2 + (mood == "renamed")
    assert len({file.name for file in files}) == (2 if mood == "duplicate" else 3)


@pytest.mark.parametrize("seed", SEEDS)
def test_lines_of_another_batch_are_among_them(tmp_path, seed):
    (answer,) = answers(heard(tmp_path, mood="other_batch", seed=seed), tmp_path)
    number = make_order().batch_number
    assert len([row for row in answer.rows if row.batch_number != number]) == 1
    assert len([row for row in answer.rows if not row.line_no.startswith(number)]) == 1


def test_encodings_are_of_three_kinds_and_all_readable(tmp_path):
    heads = set()
    for seed in range(1, 13):
        bank = heard(tmp_path, mood="encodings", seed=seed)
        assert all(is_true(answer, bank) for answer in answers(bank, tmp_path))
        told = next(file for file in bank.outbox() if not file.name.startswith("受理"))
        heads.add(told.content[:3])
        assert len(answers(bank, tmp_path)) == 1
    assert heads == {"批次".encode("gbk")[:3], "批".encode(), b"\xef\xbb\xbf"}


@pytest.mark.parametrize(
    ("account", "left"),
    [
        ("0622020000000002", "622020000000002"),
        ("6222020000000001", "6222020000000000"),
        ("6222020000000000019", "6222020000000000000"),
        ("12345678", "12345678"),
    ],
)
def test_a_spreadsheet_eats_digits(account, left):
    assert eaten(account) == left


def test_eaten_accounts_are_not_those_we_sent(tmp_path):
    bank = heard(tmp_path, mood="eaten_zeros", seed=1)
    (answer,) = answers(bank, tmp_path)
    truth = bank.books.truth()
    assert [row.account == truth[row.line_no].account for row in answer.rows] == [False] * 3


@pytest.mark.parametrize("mood", ["honest", "statement_missing", "statement_late"])
@pytest.mark.parametrize("channel", ADAPTERS)
def test_statements_come_when_they_should_late_or_when_asked(tmp_path, mood, channel):
    from refunds.bank.interface import Statement
    from refunds.bank.replies import WRITERS

    bank = heard(tmp_path, mood=mood, seed=1, channel=channel)
    came_on = None
    for days in range(1, 6):
        bank.go_on_to(DAY + timedelta(days=days))
        if came_on is None and any(
            "20200720" in file.name for file in bank.outbox() if "对账单" in file.name
        ):
            came_on = days
    if (channel, Statement) not in WRITERS:
        assert came_on is None
        return
    assert came_on == {"honest": 1, "statement_missing": None, "statement_late": 3}[mood]
    bank.calm_down()
    assert any(file.name.startswith("对账单-22100000000000-20200720") for file in bank.outbox())
