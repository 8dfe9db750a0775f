"""What goes to the bank, and what its answers may and may not do."""

import json
import random
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.core.management import call_command
from openpyxl import load_workbook

from refunds.models import Attempt, BankAnswerLine, BankFile, Batch, Obligation
from refunds.services import bank
from relief.models import PaidBack
from tests.refunds.making import HEADER, clock, put_down, row

pytestmark = pytest.mark.django_db


@pytest.fixture
def obligation(cast):
    return cast.bring("AT_BANK")


def attempt_of(obligation):
    return Attempt.objects.filter(obligation=obligation).latest("number")


def findings():
    return list(BankAnswerLine.objects.order_by("pk").values_list("finding", flat=True))


def nothing_moved(obligation):
    obligation.refresh_from_db()
    return obligation.state == "AT_BANK" and not PaidBack.objects.exists()


def test_the_banks_workbook_to_the_letter(cast):
    first, second = cast.bring("APPROVED"), cast.bring("APPROVED", amount="250.50")
    batch = cast.seal()
    bank.exchange(clock=clock)

    path = bank.folder("out") / f"{batch.number}.xlsx"
    rows = list(load_workbook(path).worksheets[0].iter_rows(values_only=True))
    assert rows == [
        (
            "批次号",
            "业务流水号",
            "付款账号",
            "收款户名",
            "收款账号",
            "收款银行",
            "收款行号",
            "金额",
            "用途",
        ),
        *[
            (
                batch.number,
                f"{batch.number}{place:06d}",
                "22100000000000",
                found.employer.name,
                "6222020000000001",
                "中国工商银行攀枝花分行",
                "102665002000",
                amount,
                "减免政策退养老保险费202002",
            )
            for place, (found, amount) in enumerate([(first, 1000), (second, 250.5)], start=1)
        ],
        ("合计", 2, None, None, None, None, None, 1250.5, None),
    ]


def test_a_batch_is_sent_once_and_always_the_same_bytes(cast):
    cast.bring("APPROVED")
    batch = cast.seal()
    assert bank.exchange(clock=clock).sent == 1
    path = bank.folder("out") / batch.file_name
    first = path.read_bytes()
    path.unlink()
    assert bank.exchange(clock=clock).sent == 0
    assert not path.exists()
    assert bank.write_file(Batch.objects.get()).read_bytes() == first
    assert bank.note_sent(batch_id=batch.pk, at=clock()) is False


def test_success_is_paid_and_posted_by_month(obligation, cast):
    done = cast.answer(obligation)
    assert done.as_json() == {
        "sent": 0,
        "read": 1,
        "refused": 0,
        "paid": 1,
        "bounced": 0,
        "unknown": 0,
    }
    obligation.refresh_from_db()
    assert obligation.state == "PAID"
    posted = PaidBack.objects.get()
    assert (posted.amount, f"{posted.on}") == (Decimal("1000.00"), "2020-07-18")
    assert Batch.objects.get().state == "ANSWERED"
    assert [path.name for path in bank.folder("done").iterdir()]
    assert not list(bank.folder("in").iterdir())


def test_the_same_file_again_has_no_effect(obligation):
    path = put_down([row(attempt_of(obligation))])
    content = path.read_bytes()
    bank.exchange(clock=clock)
    for name in ["again.xlsx", "once more.xlsx"]:
        (bank.folder("in") / name).write_bytes(content)
        assert bank.exchange(clock=clock).read == 0
    assert BankFile.objects.count() == 1
    assert PaidBack.objects.count() == 1


def test_the_same_answer_in_another_file_has_no_effect(obligation, cast):
    cast.answer(obligation)
    done = cast.answer(obligation, reason="重发")
    assert (done.read, done.paid, done.unknown) == (1, 0, 0)
    assert findings() == ["paid", "repeated"]
    assert PaidBack.objects.count() == 1


def test_a_csv_in_gb18030_is_read_too(obligation):
    put_down([row(attempt_of(obligation), outcome="失败", reason="账户已冻结")], name="回盘.csv")
    assert bank.exchange(clock=clock).bounced == 1
    obligation.refresh_from_db()
    assert obligation.reason == "账户已冻结"


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"line": "YL20200720009000009"}, "unknown_line"),
        ({"batch": "YL20200720009"}, "other_batch"),
        ({"amount": "1000.01"}, "wrong_amount"),
        ({"amount": "0"}, "wrong_amount"),
        ({"account": "6222020000000009"}, "wrong_account"),
        ({"account": "222020000000001"}, "wrong_account"),
        ({"on": "2020-07-21"}, "wrong_date"),
        ({"on": "昨天"}, "bad_cell"),
        ({"outcome": "处理中"}, "bad_cell"),
        ({"amount": "一千元"}, "bad_cell"),
        ({"amount": "-1000.00"}, "bad_cell"),
        ({"line": ""}, "bad_cell"),
    ],
)
def test_a_wrong_line_changes_no_money_and_is_kept(obligation, cast, changes, finding):
    done = cast.answer(obligation, **changes)
    assert nothing_moved(obligation)
    assert (done.read, done.paid, done.bounced, done.unknown) == (1, 0, 0, 1)
    line = BankAnswerLine.objects.get()
    assert line.finding == finding
    assert line.detail

    cast.answer(obligation)  # the bank puts it right
    obligation.refresh_from_db()
    assert obligation.state == "PAID"


def test_an_answer_that_does_not_fit_blocks_another_attempt(obligation, cast):
    cast.answer(obligation, amount="999.99")
    assert attempt_of(obligation).state == "UNKNOWN"
    assert Batch.objects.get().state == "SENT"


def test_failure_after_success_is_for_people(obligation, cast):
    cast.answer(obligation)
    done = cast.answer(obligation, outcome="失败", on="2020-07-19")
    assert done.unknown == 1
    assert findings()[-1] == "contradiction"
    obligation.refresh_from_db()
    assert obligation.state == "PAID"


def test_success_after_a_return_is_for_people(obligation, cast):
    cast.answer(obligation, outcome="失败")
    assert cast.answer(obligation, on="2020-07-19").unknown == 1
    obligation.refresh_from_db()
    assert obligation.state == "BOUNCED"
    assert not PaidBack.objects.exists()


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_success_and_return_end_alike_in_every_order(obligation, together, turned):
    attempt = attempt_of(obligation)
    said = [row(attempt), row(attempt, outcome="退票", reason="账户已销户", on="2020-07-19")]
    if turned:
        said.reverse()
    if together:
        put_down(said)
        bank.exchange(clock=clock)
    else:
        for one in said:
            put_down([one])
            bank.exchange(clock=clock)
    obligation.refresh_from_db()
    assert obligation.state == "BOUNCED"
    assert sum(back.amount for back in PaidBack.objects.all()) == 0
    assert not set(findings()) - {"paid", "bounced", "returned", "overtaken"}


def test_shuffled_repeated_split_and_merged_files_end_alike(cast):
    obligations = [cast.bring("APPROVED") for _ in range(12)]
    cast.seal()
    bank.exchange(clock=clock)
    attempts = [attempt_of(found) for found in obligations]
    truth = [
        row(attempt, outcome="失败", reason="账号与户名不符") if place % 3 == 0 else row(attempt)
        for place, attempt in enumerate(attempts)
    ]
    dice = random.Random(20200720)
    for _ in range(10):
        part = dice.sample(truth, dice.randint(1, len(truth))) + dice.sample(truth, 2)
        dice.shuffle(part)
        put_down(part)
        bank.exchange(clock=clock)
    put_down(truth)
    bank.exchange(clock=clock)

    assert Obligation.objects.filter(state="BOUNCED").count() == 4
    assert Obligation.objects.filter(state="PAID").count() == 8
    assert sum(back.amount for back in PaidBack.objects.all()) == Decimal("8000.00")
    assert not set(findings()) - {"paid", "bounced", "repeated"}


def test_a_line_the_bank_does_not_mention_stays_waiting(cast):
    first, second = cast.bring("APPROVED"), cast.bring("APPROVED")
    cast.seal()
    bank.exchange(clock=clock)
    cast.answer(first)
    second.refresh_from_db()
    assert second.state == "AT_BANK"
    assert Batch.objects.get().state == "SENT"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("broken.xlsx", b"PK\x03\x04 not a workbook", "打不开"),
        ("empty.csv", b"", "打不开"),
        ("other.csv", "姓名,金额\n王,1\n".encode("gb18030"), "缺少列"),
        ("only-header.csv", ",".join(HEADER).encode("gb18030"), "没有一行"),
        ("twice.csv", ",".join([*HEADER, "金额"]).encode("gb18030"), "重复"),
    ],
)
def test_a_file_that_is_no_answer_is_refused_with_its_reason(obligation, name, content, reason):
    for _ in range(2):
        (bank.folder("in") / name).write_bytes(content)
        bank.exchange(clock=clock)
    assert nothing_moved(obligation)
    assert reason in BankFile.objects.get().refused
    assert reason in (bank.folder("refused") / f"{name}.txt").read_text("utf-8")
    assert not list(bank.folder("in").iterdir())


def test_total_lines_empty_rows_and_loose_dates_are_understood(obligation):
    said = row(attempt_of(obligation), on="20200718", amount="1,000.00")
    blank = dict.fromkeys(said, "")
    put_down([blank, said, {**blank, "batch": "合计", "line": "1", "amount": "1000"}])
    assert bank.exchange(clock=clock).paid == 1


def test_the_command_prints_one_object_and_3_for_refused_files(obligation):
    put_down([row(attempt_of(obligation))])
    out = StringIO()
    call_command("exchange_bank", "--once", "--format", "json", stdout=out)
    assert json.loads(out.getvalue())["paid"] == 1
    (bank.folder("in") / "no.csv").write_bytes(b"a,b\n1,2\n")
    out = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("exchange_bank", "--format", "json", stdout=out)
    assert end.value.code == 3
    assert json.loads(out.getvalue())["refused"] == 1


def test_the_demo_bank_bounces_by_the_account_number(cast):
    good, bad = cast.bring("OFFERED"), cast.bring("OFFERED")
    cast.choose(good)
    cast.choose(bad, number="6222020000000000")
    for found in [good, bad]:
        cast.check(found)
        cast.approve(found)
        cast.cool(found)
    cast.seal()
    bank.exchange(clock=clock)
    call_command("demo_bank", stdout=StringIO())
    call_command("demo_bank", stdout=StringIO())
    # Its receipt and its answer, once each.
    assert len(list(bank.folder("in").iterdir())) == 2
    call_command("exchange_bank", stdout=StringIO())
    for found in [good, bad]:
        found.refresh_from_db()
    assert (good.state, bad.state, bad.reason) == ("PAID", "BOUNCED", "账号与户名不符")


def test_the_exported_table(cast):
    from registry.slots import tables

    cast.bring("BOUNCED")
    cast.bring("OFFERED", insurance="injury")
    from django.db import connection

    sql, parameters = tables()["refunds"].rows(clock().date())
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows = cursor.fetchall()
    assert tables()["refunds"].columns == (
        "refund",
        "uscc",
        "insurance",
        "amount",
        "state",
        "batch",
        "line",
        "account",
        "reason",
    )
    by_insurance = {found[2]: found[3:] for found in rows}
    assert by_insurance["injury"] == (Decimal("1000.00"), "OFFERED", "", "", "", "")
    amount, state, batch, line, account, reason = by_insurance["pension"]
    assert (state, batch, line) == ("BOUNCED", "YL20200720001", "YL20200720001000001")
    assert (account, amount) == ("6222020000000001", Decimal("1000.00"))
    assert "账号与户名不符" in reason


def test_a_holder_that_looks_like_a_formula_stays_text(cast):
    from refunds.bank import workbook

    line = workbook.PaymentLine(
        "YL1", "YL1000001", "1", "=1+1", "007", "@bank", "102665002000", Decimal("1.00"), "+x"
    )
    sheet = load_workbook(BytesIO(workbook.write([line]))).worksheets[0]
    cells = next(iter(sheet.iter_rows(min_row=2, max_row=2)))
    assert [cell.data_type for cell in cells] == ["s"] * 7 + ["n", "s"]
