"""The size criteria a second time, in the words of 工信部联企业〔2011〕300号, knowing nothing of the program.

Each industry is a sentence: below one of the first bounds it isn't large; of the rest, medium where
all the second bounds are reached, small where all the third are, else micro.
"""

from decimal import Decimal

# (codes, [(indicator, not large below, medium from, small from), …]); X persons, Y and Z in 万元.
SENTENCES = [
    ("01 02 03 04 05", [("Y", 20000, 500, 50)]),
    (
        "06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36"
        " 37 38 39 40 41 42 43 44 45 46",
        [("X", 1000, 300, 20), ("Y", 40000, 2000, 300)],
    ),
    ("47 48 49 50", [("Y", 80000, 6000, 300), ("Z", 80000, 5000, 300)]),
    ("51", [("X", 200, 20, 5), ("Y", 40000, 5000, 1000)]),
    ("52", [("X", 300, 50, 10), ("Y", 20000, 500, 100)]),
    ("54 55 56 57 58 591", [("X", 1000, 300, 20), ("Y", 30000, 3000, 200)]),
    ("592 593 594 595 596 599 59", [("X", 200, 100, 20), ("Y", 30000, 1000, 100)]),
    ("60", [("X", 1000, 300, 20), ("Y", 30000, 2000, 100)]),
    ("61", [("X", 300, 100, 10), ("Y", 10000, 2000, 100)]),
    ("62", [("X", 300, 100, 10), ("Y", 10000, 2000, 100)]),
    ("63 64", [("X", 2000, 100, 10), ("Y", 100000, 1000, 100)]),
    ("65", [("X", 300, 100, 10), ("Y", 10000, 1000, 50)]),
    ("701", [("Y", 200000, 1000, 100), ("Z", 10000, 5000, 2000)]),
    ("702", [("X", 1000, 300, 100), ("Y", 5000, 1000, 500)]),
    ("71 72", [("X", 300, 100, 10), ("Z", 120000, 8000, 100)]),
    (
        "73 74 75 76 77 78 79 80 81 82 85 86 87 88 89 90 703 709",
        [("X", 300, 100, 10)],
    ),
]


def size(code: str, persons: Decimal, revenue: Decimal, assets: Decimal) -> str | None:
    """Return the size in Chinese, or None for an industry that the criteria don't name."""
    given = {"X": persons, "Y": revenue, "Z": assets}
    for codes, sentence in SENTENCES:
        if code not in codes.split():
            continue
        not_large = False
        medium = small = True
        for name, large_from, medium_from, small_from in sentence:
            if given[name] < large_from:
                not_large = True
            if given[name] < medium_from:
                medium = False
            if given[name] < small_from:
                small = False
        if not not_large:
            return "大型"
        if medium:
            return "中型"
        return "小型" if small else "微型"
    return None
