"""How a clause names what a result rests on beside the law that waives."""

#: What a result's clause may be long.
LONGEST = 120
#: Stand before the document of a class, and before the law that lets a month be assessed.
CLASSED_BY = "（归类依据："
ASSESSED_BY = "（未申报核定："
END = "）"


def with_ground(clause: str, before: str, ground: str) -> str:
    """Return a clause with what it rests on as well; of the two the clause gives way.

    :param before: `CLASSED_BY` or `ASSESSED_BY`.
    """
    said = f"{before}{ground}{END}"
    return clause[: LONGEST - len(said)] + said


def with_ground_sql(clause: str, before: str, ground: str) -> str:
    """Return the same for SQL expressions; where the ground is NULL the clause stays as it is."""
    room = LONGEST - len(before) - len(END)
    return (
        f"CASE WHEN {ground} IS NULL THEN {clause} ELSE left({clause}, {room} - length({ground}))"
        f" || '{before}' || {ground} || '{END}' END"
    )
