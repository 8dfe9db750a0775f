"""What banks say in the ways that our own writers don't."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refunds import bank as formats
from refunds.bank import Acknowledgement, Answer, FileRefused, Statement, iso20022, pipe
from refunds.bank.interface import FAILED, PAID, PAYMENT
from refunds.bank.iso20022.reasons import REASONS
from refunds.bank.replies import WRITERS, write
from refunds.fakebank import orders
from tests.refunds.bank.test_golden_orders import order
from tests.refunds.bank.test_hostile_files import ANSWER, MESSAGES, row

GOLDEN = Path(__file__).parent / "golden"
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=40
)


def pain_002(inside: str, *, status: str = "") -> bytes:
    group = f"<GrpSts>{status}</GrpSts>" if status else ""
    return (
        "<Document><CstmrPmtStsRpt><GrpHdr><CreDtTm>2020-07-20T10:00:00</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>B1</OrgnlMsgId>{group}</OrgnlGrpInfAndSts>"
        f"<OrgnlPmtInfAndSts>{inside}</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


def status_of(line: str, status: str, code: str = "") -> str:
    reason = f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" if code else ""
    return (
        f"<TxInfAndSts><OrgnlEndToEndId>{line}</OrgnlEndToEndId><TxSts>{status}</TxSts>{reason}"
        "<OrgnlTxRef><Amt><InstdAmt Ccy='CNY'>12.30</InstdAmt></Amt>"
        "<CdtrAcct><Id><Othr><Id>00123</Id></Othr></Id></CdtrAcct></OrgnlTxRef></TxInfAndSts>"
    )


@pytest.mark.parametrize(("channel", "kind"), WRITERS)
def test_a_reply_is_written_as_ever(channel, kind):
    content = write(channel, MESSAGES[kind])

    assert content == (GOLDEN / f"{channel}-{kind.__name__.lower()}").read_bytes()


@pytest.mark.parametrize("channel", formats.ADAPTERS)
def test_an_order_is_the_golden_file(channel):
    assert formats.write(channel, order()) == (GOLDEN / f"{channel}-order").read_bytes()


@pytest.mark.parametrize("status", ["ACTC", "ACCP", "ACSP", "ACSC", "PART", "RCVD", "PDNG"])
def test_a_batch_in_any_of_these_states_is_taken_over(status):
    found = iso20022.read(pain_002("", status=status))

    assert isinstance(found, Acknowledgement)
    assert (found.batch_number, found.accepted, found.on) == ("B1", True, date(2020, 7, 20))


def test_a_refused_block_is_the_refused_batch():
    said = "<PmtInfSts>RJCT</PmtInfSts><StsRsnInf><Rsn><Cd>AM04</Cd></Rsn></StsRsnInf>"
    found = iso20022.read(pain_002(said))

    assert isinstance(found, Acknowledgement)
    assert not found.accepted
    assert found.reason == "付款账户余额不足（AM04）"


def test_only_a_line_with_its_last_word_is_an_answer():
    said = [status_of(f"L{at}", word) for at, word in enumerate(["ACSP", "PDNG", "ACCP", "ACSC"])]
    found = iso20022.read(pain_002("".join([*said, status_of("L9", "RJCT", "AC04")])))

    assert isinstance(found, Acknowledgement)
    told = [(line.line_no, line.outcome, line.reason, line.amount) for line in found.lines]
    assert told == [
        ("L3", PAID, "", Decimal("12.30")),
        ("L9", FAILED, "收款账户已销户（AC04）", Decimal("12.30")),
    ]


def test_a_refused_batch_with_a_paid_line_is_for_people():
    with pytest.raises(FileRefused, match="自相矛盾"):
        iso20022.read(pain_002(status_of("L1", "ACSC"), status="RJCT"))


def test_an_unknown_code_is_shown_as_it_came():
    found = iso20022.read(pain_002(status_of("L1", "RJCT", "ZZ99")))

    assert isinstance(found, Acknowledgement)
    assert found.lines[0].reason == "银行原因代码ZZ99"


@pytest.mark.parametrize("code", REASONS)
def test_a_code_is_said_in_chinese_and_written_back_as_itself(code):
    refused = row(1, FAILED, f"{REASONS[code]}（{code}）")
    content = write("iso20022", Answer((refused,)))

    assert f"<Cd>{code}</Cd>".encode() in content
    found = iso20022.read(content)
    assert isinstance(found, Answer)
    assert found.rows[0].reason == refused.reason


def camt_054(amounts: list[str], *, declared: int, named: str = "") -> bytes:
    parts = "".join(
        f"<TxDtls><Refs><PmtInfId>B1</PmtInfId><EndToEndId>L{at}</EndToEndId></Refs><AmtDtls>"
        f"<TxAmt><Amt Ccy='CNY'>{amount}</Amt></TxAmt></AmtDtls><RltdPties><CdtrAcct><Id><Othr>"
        f"<Id>0012{at}</Id></Othr></Id></CdtrAcct></RltdPties></TxDtls>"
        for at, amount in enumerate(amounts)
    )
    btch = f"<Btch><NbOfTxs>{named}</NbOfTxs></Btch>" if named else ""
    return (
        "<Document><BkToCstmrDbtCdtNtfctn><Ntfctn><TxsSummry><TtlNtries>"
        f"<NbOfNtries>{declared}</NbOfNtries><Sum>30.00</Sum></TtlNtries></TxsSummry>"
        "<Ntry><Amt Ccy='CNY'>30.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts>"
        f"<BookgDt><Dt>2020-07-20</Dt></BookgDt><NtryDtls>{btch}{parts}</NtryDtls></Ntry>"
        "</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def test_an_entry_of_several_payments_is_several_answers():
    found = iso20022.read(camt_054(["10.00", "20.00"], declared=1))

    assert isinstance(found, Answer)
    assert [(line.line_no, line.account, line.amount, line.problem) for line in found.rows] == [
        ("L0", "00120", Decimal("10.00"), ""),
        ("L1", "00121", Decimal("20.00"), ""),
    ]
    assert (found.declared_count, found.declared_total) == (2, Decimal("30.00"))


@pytest.mark.parametrize(("declared", "named"), [(2, ""), (1, "3")])
def test_entries_or_payments_that_are_missing_show_in_the_count(declared, named):
    found = iso20022.read(camt_054(["10.00", "20.00"], declared=declared, named=named))

    assert isinstance(found, Answer)
    assert found.declared_count == 3


def test_a_pipe_file_is_read_in_either_width():
    text = "TFDZ|１|０１２３|２０２０-０７-２０|１００．００|９０．００|１\r\n"
    text += "1|L1|-10.00|2020-07-20|付款|甲｜乙|R1|退费\r\nEND|1\r\n"

    found = pipe.read(text.encode("utf-8-sig"))

    assert isinstance(found, Statement)
    assert (found.account, found.closing) == ("0123", Decimal("90.00"))
    assert [(e.kind, e.counterparty) for e in found.entries] == [(PAYMENT, "甲｜乙")]


def test_a_pipe_file_that_lost_lines_in_the_middle_is_refused():
    lines = write("pipe", ANSWER).split(b"\r\n")

    with pytest.raises(FileRefused, match="结束行写明3行，实际2行"):
        pipe.read(b"\r\n".join(lines[:2] + lines[3:]))


def test_a_file_of_more_than_fifty_megabytes_is_not_opened(tmp_path):
    path = tmp_path / "file.xml"
    with path.open("wb") as file:
        file.write(b"<Document>")
        file.truncate(formats.LARGEST + 1)

    with pytest.raises(FileRefused, match="50MB"):
        formats.read(path)


@pytest.mark.parametrize("channel", ["pipe", "iso20022"])
@settings(max_examples=60, deadline=None)
@given(holder=TEXTS, account=st.from_regex("[0-9]{1,32}", fullmatch=True))
def test_the_bank_reads_the_names_and_accounts_that_we_wrote(channel, holder, account):
    plain = order()
    line = replace(plain.lines[0], holder=holder, account=account)

    asked = orders.read(formats.write(channel, replace(plain, lines=(line,))))

    assert asked.lines[0].account == account
    said = holder.replace("|", "｜") if channel == "pipe" else holder
    assert asked.lines[0].holder == said.replace("\ufffe", "").replace("\uffff", "")
