"""支付系统行号 (大额支付行号): bank, place, branch, check digit; twelve digits.

The check digit is that of ISO 7064 MOD 11,10, which python-stdnum has.
"""

import re

from stdnum.iso7064 import mod_11_10

from registry.numbers import BadCheckDigit, BadForm

_BODY = re.compile(r"[0-9]{11}")
_FORM = re.compile(r"[0-9]{12}")


def compute_check_digit(body: str) -> str:
    """Return the 12th digit for the first 11.

    :raises BadForm: if the body isn't 11 digits.
    """
    if not _BODY.fullmatch(body):
        raise BadForm(body)
    digit: str = mod_11_10.calc_check_digit(body)
    return digit


def check(number: str) -> None:
    """Accept a bank code in its plain form.

    :raises BadForm: if it isn't twelve digits.
    :raises BadCheckDigit: if the last digit is wrong.
    """
    if not _FORM.fullmatch(number):
        raise BadForm(number)
    expected = compute_check_digit(number[:11])
    if number[11] != expected:
        raise BadCheckDigit(expected)
