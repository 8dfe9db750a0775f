"""统一社会信用代码 (GB 32100-2015): registering office, kind, district, organisation, check.

python-stdnum's `cn.uscc` wants a digit in the first two places and so refuses codes that
the standard gives out (N1… for rural collectives, Y1… for others); hence our own.
"""

import re

from registry.numbers import BadCheckDigit, BadForm

#: Digits and capitals without I, O, S, V and Z, which look like others.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
#: Powers of 3 modulo 31.
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_FORM = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")


def compute_check_digit(body: str) -> str:
    """Return the 18th character for the first 17.

    :raises BadForm: if the body isn't 17 characters of the alphabet.
    """
    if len(body) != 17 or any(character not in _VALUES for character in body):
        raise BadForm(body)
    weighed = sum(
        _VALUES[character] * weight for character, weight in zip(body, _WEIGHTS, strict=True)
    )
    return ALPHABET[-weighed % 31]


def check(number: str) -> None:
    """Accept a credit code in its plain form.

    :raises BadForm: if it has not the form of the standard.
    :raises BadCheckDigit: if the last character is wrong.
    """
    if not _FORM.fullmatch(number):
        raise BadForm(number)
    expected = compute_check_digit(number[:17])
    if number[17] != expected:
        raise BadCheckDigit(expected)
