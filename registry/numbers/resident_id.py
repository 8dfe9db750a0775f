"""公民身份号码 (GB 11643-1999): district, birthday, sequence, check character.

The district is not looked up (decision D17): people keep the code of a county that has
been merged or renamed since, or was named after their birth year. That is why
python-stdnum's `cn.ric`, which insists on it, isn't used.
"""

import re
from datetime import date

from registry.numbers import BadCheckDigit, BadForm

_BODY = re.compile(r"[1-9][0-9]{16}")
_FORM = re.compile(r"[1-9][0-9]{16}[0-9X]")


class BadBirthday(ValueError):
    """Places 7 to 14 name no day of the calendar."""


def compute_check_digit(body: str) -> str:
    """Return the 18th character for the first 17.

    The standard weighs place i with 2^(18-i) modulo 11. As 13 is 2 modulo 11, reading the
    digits as a number to base 13 gives half that sum in one step.

    :raises BadForm: if the body isn't 17 digits that begin with no zero.
    """
    if not _BODY.fullmatch(body):
        raise BadForm(body)
    return "0123456789X"[(1 - 2 * int(body, 13)) % 11]


def birthday(number: str) -> date:
    """Return the birthday a number names.

    :raises BadBirthday: if the calendar has no such day.
    """
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise BadBirthday(number[6:14]) from error


def check(number: str) -> None:
    """Accept a resident's number in its plain form.

    :raises BadForm: if it isn't 17 digits and a digit or X.
    :raises BadBirthday: if its birthday is no day.
    :raises BadCheckDigit: if the last character is wrong.
    """
    if not _FORM.fullmatch(number):
        raise BadForm(number)
    birthday(number)
    expected = compute_check_digit(number[:17])
    if number[17] != expected:
        raise BadCheckDigit(expected)
