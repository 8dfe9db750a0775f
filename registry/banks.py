"""Which bank office a payment code belongs to, and what is odd about an account's bank."""

import unicodedata
from functools import lru_cache

from django.db.models import Q, QuerySet

from registry import seed
from registry.models import BankOffice
from registry.names import plain

#: How many offices a search shows.
MOST_FOUND = 50


@lru_cache
def _classes() -> dict[str, tuple[str, ...]]:
    """Return what people call the bank of each class (the first three digits of a code)."""
    return {entry["code"]: tuple(entry["names"]) for entry in seed.read("banks.toml", "class")}


def office(code: str) -> BankOffice | None:
    """Return what the table says of a code, a closed office too; None: it does not know it."""
    return BankOffice.objects.filter(code=code).in_force().first()


def search(words: str) -> list[BankOffice]:
    """Return the open offices whose name has all the words, or whose code begins so.

    The first 50 by code; none for no words.
    """
    asked = plain(words) and unicodedata.normalize("NFKC", words).split()
    if not asked:
        return []
    named = Q()
    for word in asked:
        named &= Q(name__icontains=word) | Q(code__startswith=word)
    # What was renamed or closed since is not found by what it once was.
    latest: QuerySet[BankOffice] = BankOffice.objects.in_force()
    rows = BankOffice.objects.filter(named, pk__in=latest.values("pk"), state="OPEN")
    return list(rows.order_by("code")[:MOST_FOUND])


def is_complete() -> bool:
    """Whether an agency has brought in a table: what it does not know is odd only then."""
    standing = BankOffice.objects.filter(withdraws__isnull=True, withdrawn_by__isnull=True)
    return standing.filter(source__isnull=False).exists()


def doubts(*, bank: str, code: str) -> list[str]:
    """Return what is odd about a bank's name and its code together, in sentences.

    Nothing here forbids a payment: a person looks.
    """
    known = office(code)
    if known is None:
        found = [f"行号{code}不在行名行号表中，请向开户银行核对。"] if is_complete() else []
    elif known.state == BankOffice.State.CLOSED:
        found = [f"行号{code}（{known.name}）已撤销，请向开户银行询问新的行号。"]
    else:
        found = []
    names = _classes().get(code[:3], ())
    own = [known.name] if known else []
    said = plain(bank)
    if (names or own) and not any(plain(name) in said for name in (*names, *own)):
        belongs = known.name if known else names[0]
        found.append(f"行号{code}属于{belongs}，与开户银行“{bank}”不一致，请核对。")
    return found
