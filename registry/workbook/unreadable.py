"""Why a file as a whole can't be read."""


class Unreadable(Exception):
    """The file as a whole can't be read; `code` says why, `hint` fills its sentences."""

    def __init__(self, code: str, **hint: str) -> None:
        super().__init__(code)
        self.code = code
        self.hint = hint
