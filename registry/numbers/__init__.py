"""Numbers that carry their own check digit: one small module per number. Pure.

Each module has `check(number)`, which raises one of the two exceptions below, and
`compute_check_digit(body)`, which completes a number. Numbers come in their plain form:
no blanks, half-width, upper case.
"""


class BadForm(ValueError):
    """The number has the wrong length or a character that can't stand where it stands."""


class BadCheckDigit(ValueError):
    """The check digit does not fit the rest.

    `expected` is the one that would; when the rest was typed right, it is the mistake.
    """

    def __init__(self, expected: str) -> None:
        super().__init__(expected)
        self.expected = expected
