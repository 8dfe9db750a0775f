"""Public look-up by receipt number and credit code, throttled in the database: Redis may be away."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from casework import receipts
from casework.lookup import Progress, finder_of
from casework.models import LookupTry

#: So many look-ups from one address, and of one number, in so long.
MOST_BY_ADDRESS, BY_ADDRESS_IN = 20, timedelta(minutes=10)
MOST_OF_RECEIPT, OF_RECEIPT_IN = 30, timedelta(days=1)
_KEPT = timedelta(days=1)


class TooOften(Exception):
    """Too many look-ups from here, or of this number."""


class NotFound(Exception):
    """No matter has this number and this credit code; which of them is wrong isn't said."""


def look_up(*, receipt: str, uscc: str, address: str, at: datetime) -> Progress:
    """Return where a matter is.

    Known and unknown numbers are counted alike and take the same way.

    :param address: where the question comes from; only its digest is kept.
    :raises TooOften: if the limit is reached.
    :raises NotFound: if the two numbers don't belong together.
    """
    number = receipts.as_typed(receipt)[:20]
    code = "".join(uscc.split()).upper()
    _count(number, address, at=at)
    finder = finder_of(number)
    found = finder(number, code) if finder is not None else None
    if found is None:
        raise NotFound("没有查到。请核对办件编号和统一社会信用代码，两项要属于同一单位。")
    return found


@transaction.atomic
def _count(receipt: str, address: str, *, at: datetime) -> None:
    digest = hashlib.sha256(address.encode()).hexdigest()
    LookupTry.objects.filter(at__lt=at - _KEPT).delete()
    by_address = LookupTry.objects.filter(address=digest, at__gt=at - BY_ADDRESS_IN).count()
    of_receipt = LookupTry.objects.filter(receipt=receipt, at__gt=at - OF_RECEIPT_IN).count()
    if by_address >= MOST_BY_ADDRESS or of_receipt >= MOST_OF_RECEIPT:
        raise TooOften("查询太频繁，请过十分钟再试；急需了解的，请打参保地社保经办机构的电话。")
    LookupTry.objects.create(address=digest, receipt=receipt, at=at)
