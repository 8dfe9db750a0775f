"""What a hostile file is: how it is made, and the one code it is refused with."""

from collections.abc import Callable
from dataclasses import dataclass

HEADER = ("统一社会信用代码", "单位名称", "划型", "数据日期")
ROW = ("91510402MA62A0001Q", "攀枝花市东区样例建材有限公司", "小型", "2020-06-30")
#: A good workbook of the kind `sizes`, as text.
CSV = (",".join(HEADER) + "\n" + ",".join(ROW) + "\n").encode()


@dataclass(frozen=True)
class Hostile:
    """A file made by code; `code` was written down by hand, before anybody ran it."""

    name: str
    code: str
    make: Callable[[], bytes]


def named(code: str, **files: bytes | Callable[[], bytes]) -> list[Hostile]:
    """Return the files of one code; small ones as they are, large ones as what makes them."""
    return [
        Hostile(name, code, made if callable(made) else lambda made=made: made)
        for name, made in files.items()
    ]
