"""One cell: what is understood, what is refused, and that reading never loses a fen."""

import datetime as dt
import math
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from registry.numbers import resident_id
from registry.workbook.cells import NULL, Memo, Refusal
from registry.workbook.schema import Column, Kind

RATE = Column("rate", "费率", Kind.RATE, limits=("0.05", "5"))
SIZES = {"大型": "LARGE", "事业单位（企业养老）": "PUBLIC"}
CHOICE = Column("size", "划型", Kind.CHOICE, choices=SIZES)


def read(kind, cell, **details):
    return Memo(Column("it", "它", kind, **details))[cell]


def refused(kind, cell, **details):
    value = read(kind, cell, **details)
    assert isinstance(value, Refusal), value
    return value.code


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        (3236.0, "3236.00"),
        (3236, "3236.00"),
        (3000.1 + 0.2, "3000.30"),  # 3000.2999999999997 in the file
        (0.1 + 0.2, "0.30"),
        (0.0, "0.00"),
        (-0.0, "0.00"),
        (99999999.99, "99999999.99"),
        ("3236", "3236.00"),
        ("3236.5", "3236.50"),
        ("3236.500", "3236.50"),
        ("+3236", "3236.00"),
        (".5", "0.50"),
        ("5.", "5.00"),
        ("007", "7.00"),
        ("12,345.67", "12345.67"),
        ("1,234,567", "1234567.00"),
        ("３２３６．５０", "3236.50"),
        ("１２，３４５", "12345.00"),
        (" 3 236\u3000.50\u00a0", "3236.50"),
        ("3236\u200b", "3236.00"),
        ("\ufeff3236\t", "3236.00"),
        ("-0", "0.00"),
    ],
)
def test_an_amount_is_understood(cell, amount):
    assert read(Kind.MONEY, cell) == amount


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("", "required"),
        ("  \u3000", "required"),
        ("三千", "not_a_number"),
        ("3236元", "not_a_number"),
        ("1,23", "not_a_number"),
        ("1,2345", "not_a_number"),
        ("3.2.1", "not_a_number"),
        (".", "not_a_number"),
        ("-", "not_a_number"),
        ("1e3", "not_a_number"),
        (True, "not_a_number"),
        (False, "not_a_number"),
        (dt.date(2020, 2, 1), "not_a_number"),
        (dt.timedelta(days=1), "not_a_number"),
        ("NaN", "not_finite"),
        ("-Infinity", "not_finite"),
        (math.inf, "not_finite"),
        (math.nan, "not_finite"),
        (-0.01, "negative"),
        ("-3236", "negative"),
        ("\u22125", "negative"),
        ("－５", "negative"),
        ("0.001", "too_many_decimals"),
        (3236.005, "too_many_decimals"),
        (1e-7, "too_many_decimals"),
        (100000000, "too_large"),
        ("100,000,000.00", "too_large"),
        (1e300, "too_large"),
    ],
)
def test_an_amount_is_refused(cell, code):
    assert refused(Kind.MONEY, cell) == code


@given(st.decimals("0", "99999999.99", places=2, allow_nan=False, allow_infinity=False))
def test_every_amount_survives_as_number_and_as_text(amount):
    written = f"{amount:.2f}"
    assert read(Kind.MONEY, float(amount)) == written
    assert read(Kind.MONEY, written) == written
    assert read(Kind.MONEY, f"{amount:,.2f}") == written
    wide = written.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789.,"})
    assert read(Kind.MONEY, wide) == written
    assert Decimal(read(Kind.MONEY, f"\u3000{written} ")) == amount


@given(st.text(max_size=30))
def test_no_text_makes_a_reader_stumble(text):
    for kind in Kind:
        value = Memo(Column("it", "它", kind, choices=SIZES, limits=("0.05", "5")))[text]
        assert isinstance(value, str | Refusal)
        if isinstance(value, str):
            assert not set("\t\n\r") & set(value)


@given(st.floats() | st.integers() | st.booleans() | st.dates() | st.datetimes() | st.times())
def test_no_other_cell_makes_a_reader_stumble(cell):
    for kind in Kind:
        value = Memo(Column("it", "它", kind, choices=SIZES, limits=("0.05", "5")))[cell]
        assert isinstance(value, str | Refusal)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=0, max_value=99_999_999))
def test_a_numeric_cell_is_taken_at_fifteen_digits_or_refused(value):
    taken = read(Kind.MONEY, value)
    exact = Decimal(format(value, ".15g"))
    if exact == exact.quantize(Decimal("0.01")):
        assert Decimal(taken) == exact
    else:
        assert taken.code == "too_many_decimals"


@pytest.mark.parametrize(
    ("cell", "ratio"),
    [
        (0.4, "0.004"),
        ("0.4", "0.004"),
        ("0.4%", "0.004"),
        ("０.４％", "0.004"),
        (0.16, "0.0016"),
        (5, "0.05"),
        ("0.05", "0.0005"),
        ("1.9%", "0.019"),
    ],
)
def test_a_rate_is_read_as_percent_and_stored_as_ratio(cell, ratio):
    assert Decimal(Memo(RATE)[cell]) == Decimal(ratio)


@pytest.mark.parametrize("cell", [0.004, "0.004", 5.01, 40, 0, "-0.4"])
def test_a_rate_outside_its_limits_is_refused(cell):
    assert Memo(RATE)[cell].code == "rate_out_of_range"


def test_a_ratio_entered_as_rate_is_told_its_percent():
    assert Memo(RATE)[0.004].hint["as_percent"] == "0.4"


def test_a_rate_finer_than_any_is_refused():
    assert Memo(RATE)["0.40001"].code == "rate_too_fine"


@pytest.mark.parametrize(
    "cell",
    [
        "2020-02",
        "202002",
        202002.0,
        202002,
        "２０２０－０２",
        " 2020 - 02 ",
        dt.date(2020, 2, 1),
        dt.datetime(2020, 2, 29, 13, 0),  # noqa: DTZ001 - a spreadsheet knows no time zone
    ],
)
def test_a_month_is_understood(cell):
    assert read(Kind.MONTH, cell) == "2020-02-01"


@pytest.mark.parametrize("cell", ["2020-13", "2020", "2020年2月", "2020-2", 2020.2, 43862.0, True])
def test_a_month_is_refused(cell):
    assert refused(Kind.MONTH, cell) == "not_a_month"


@pytest.mark.parametrize("cell", ["2020-02-29", "２０２０-02-29", dt.date(2020, 2, 29)])
def test_a_date_is_understood(cell):
    assert read(Kind.DATE, cell) == "2020-02-29"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("2019-02-29", "no_such_day"),
        ("2020-13-01", "no_such_day"),
        ("2020/02/01", "not_a_date"),
        ("20200201", "not_a_date"),
        (43862.0, "not_a_date"),
        (dt.time(13, 0), "not_a_date"),
    ],
)
def test_a_date_is_refused(cell, code):
    assert refused(Kind.DATE, cell) == code


def test_codes_lose_their_blanks_and_become_capitals():
    assert read(Kind.RESIDENT_ID, " 110105 19491231\u3000002ｘ") == "11010519491231002X"
    assert read(Kind.USCC, "９１350100m000100y43") == "91350100M000100Y43"
    assert read(Kind.CODE, " pz-2020 001 ", length=(1, 60)) == "PZ-2020001"
    assert read(Kind.CNAPS, 102100099996.0) == "102100099996"


@pytest.mark.parametrize(
    ("kind", "cell", "code"),
    [
        (Kind.RESIDENT_ID, 510402199001011234, "lost_digits"),
        (Kind.RESIDENT_ID, 5.10402199001011e17, "lost_digits"),
        (Kind.RESIDENT_ID, "5.10402E+17", "lost_digits"),
        (Kind.RESIDENT_ID, 110105491231002.0, "id_form"),
        (Kind.RESIDENT_ID, "110105194912310021", "id_check"),
        (Kind.RESIDENT_ID, "11010519490231002X", "id_birthday"),
        (Kind.USCC, "91350100M000100Y4", "uscc_form"),
        (Kind.USCC, "91350100M000100Y44", "uscc_check"),
        (Kind.USCC, 911101050000000000.0, "lost_digits"),
        (Kind.CNAPS, "12345", "bank_code_form"),
        (Kind.CNAPS, "102100099995", "bank_code_check"),
        (Kind.DIGITS, 6222020000000000000.0, "lost_digits"),
        (Kind.DIGITS, "6222-02", "bad_digits"),
        (Kind.CODE, "一" * 300, "text_too_long"),
        (Kind.TEXT, "一" * 300, "text_too_long"),
        (Kind.TEXT, "a\x00b", "bad_character"),
        (Kind.TEXT, "\u3000", "required"),
    ],
)
def test_a_code_or_name_is_refused(kind, cell, code):
    assert refused(kind, cell) == code


def test_a_name_is_stored_as_written():
    assert read(Kind.TEXT, "\u3000买买提·阿卜杜拉 （甲）\t") == "买买提·阿卜杜拉 （甲）"
    assert read(Kind.TEXT, 123.0) == "123"
    assert read(Kind.TEXT, "甲\\乙\n丙") == "甲\\\\乙\\n丙"  # as COPY reads it


def test_a_listed_value_is_compared_after_nfkc_on_both_sides():
    assert Memo(CHOICE)["事业单位(企业养老)"] == "PUBLIC"
    assert Memo(CHOICE)[" 大 型 "] == "LARGE"
    assert Memo(CHOICE)["巨型"].code == "not_listed"
    assert read(Kind.CHOICE, 510402.0, choices={"510402": "510402"}) == "510402"


def test_a_blank_cell_is_null_where_it_may_be():
    assert read(Kind.TEXT, "\u3000", may_be_empty=True) == NULL
    assert read(Kind.MONTH, "", optional=True) == NULL


def test_true_is_not_read_as_the_one_before_it():
    memo = Memo(Column("base", "基数", Kind.MONEY))
    assert memo[1.0] == "1.00"
    assert memo[True].code == "not_a_number"


def test_the_memory_of_a_column_is_bounded(monkeypatch):
    monkeypatch.setattr(Memo, "LARGEST", 10)
    memo = Memo(Column("base", "基数", Kind.MONEY))
    for amount in range(2, 100):
        assert memo[amount] == f"{amount}.00"
    assert len(memo) <= 10


@given(st.dates(dt.date(1930, 1, 1), dt.date(2010, 12, 31)), st.integers(0, 999))
def test_a_resident_number_kept_as_number_is_never_taken(born, sequence):
    body = f"510402{born:%Y%m%d}{sequence:03d}"
    number = body + resident_id.compute_check_digit(body)
    assume(number.isdigit())
    assert refused(Kind.RESIDENT_ID, float(number)) == "lost_digits"
