"""Numbers with a check digit: published ones are right, every slip of one digit is found."""

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.numbers import BadCheckDigit, BadForm, cnaps, resident_id, uscc


def test_the_standards_own_example_has_its_check_character():
    uscc.check("91350100M000100Y43")


def test_a_rural_collectives_code_begins_with_a_letter():
    body = "N2510402MF0000001"
    uscc.check(body + uscc.compute_check_digit(body))


@pytest.mark.parametrize(
    "number",
    ["", "91350100M000100Y4", "91350100M000100Y433", "9135010OM000100Y43", "91350100I000100Y43"],
)
def test_a_credit_code_of_another_form_is_refused(number):
    with pytest.raises(BadForm):
        uscc.check(number)


@given(
    head=st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=2, max_size=2),
    district=st.text(string.digits, min_size=6, max_size=6),
    rest=st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9),
    place=st.integers(8, 16),
    shift=st.integers(1, 30),
)
def test_one_wrong_character_in_a_credit_code_is_always_found(head, district, rest, place, shift):
    body = head + district + rest
    number = body + uscc.compute_check_digit(body)
    uscc.check(number)
    other = uscc.ALPHABET[(uscc.ALPHABET.index(number[place]) + shift) % 31]
    with pytest.raises(BadCheckDigit):
        uscc.check(number[:place] + other + number[place + 1 :])


def test_a_wrong_check_character_comes_with_the_right_one():
    with pytest.raises(BadCheckDigit) as refusal:
        uscc.check("91350100M000100Y44")
    assert refusal.value.expected == "3"


def test_the_standards_own_resident_number_is_right():
    resident_id.check("11010519491231002X")
    assert resident_id.birthday("11010519491231002X") == date(1949, 12, 31)


def test_a_district_that_never_existed_is_no_error():
    body = "99999919900101123"
    resident_id.check(body + resident_id.compute_check_digit(body))


@pytest.mark.parametrize(
    "number", ["11010519491231002x", "1101051949123100", "A1010519491231002X", "01010519491231002X"]
)
def test_a_resident_number_of_another_form_is_refused(number):
    with pytest.raises(BadForm):
        resident_id.check(number)


def test_a_birthday_that_is_no_day_is_refused_before_its_check_digit():
    with pytest.raises(resident_id.BadBirthday):
        resident_id.check("11010519490231002X")


@given(st.dates(date(1900, 1, 1), date(2025, 12, 31)), st.integers(0, 999), st.integers(0, 17))
def test_one_wrong_digit_in_a_resident_number_is_always_found(born, sequence, place):
    body = f"510402{born:%Y%m%d}{sequence:03d}"
    number = body + resident_id.compute_check_digit(body)
    resident_id.check(number)
    slipped = "1" if number[place] != "1" else "2"
    with pytest.raises(ValueError):
        resident_id.check(number[:place] + slipped + number[place + 1 :])


@pytest.mark.parametrize(
    "number", ["102100099996", "103100000026", "104100000004", "105100000017", "308584000013"]
)
def test_published_bank_codes_are_right(number):
    cnaps.check(number)
    assert cnaps.compute_check_digit(number[:11]) == number[11]


def test_a_bank_code_names_the_digit_that_would_fit():
    with pytest.raises(BadCheckDigit) as refusal:
        cnaps.check("102100099997")
    assert refusal.value.expected == "6"


@pytest.mark.parametrize("number", ["10210009999", "1021000999960", "10210009999X"])
def test_a_bank_code_of_another_form_is_refused(number):
    with pytest.raises(BadForm):
        cnaps.check(number)


@pytest.mark.parametrize("module", [uscc, resident_id, cnaps])
def test_a_body_of_the_wrong_length_has_no_check_digit(module):
    with pytest.raises(BadForm):
        module.compute_check_digit("123")
