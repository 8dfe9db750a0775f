"""Shared reads about accounts: who may be paid already, changes on their way, shared accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from refunds import accounts, queries
from refunds.models import AccountChange, Obligation, ObligationItem, Submission
from refunds.workflow import IN_APPROVAL, State
from registry import scope
from registry.models import BankAccount, Employer, Post
from relief.models import Payment

#: Who is shown which units use one account.
SEES_SHARED = frozenset({Post.AUDIT, Post.HEAD, Post.FUND_FINANCE})
#: Where it matters that an account may not be paid to yet.
WAITS_FOR_BATCH = IN_APPROVAL | {State.APPROVED, State.CORRECTED}


_APPROVED = """
SELECT id FROM refunds_obligation
WHERE state = 'APPROVED' AND insurance = %(fund)s AND id > %(after)s
ORDER BY id LIMIT %(at_most)s FOR UPDATE
"""
# The function that the door to the bank asks (`guards_accounts`).
_PAYABLE = """
SELECT o.id FROM unnest(%(ids)s::bigint[]) o(id)
CROSS JOIN LATERAL (
    SELECT s.id FROM refunds_submission s WHERE s.obligation_id = o.id
    ORDER BY s.number DESC LIMIT 1
) s
CROSS JOIN LATERAL refunds_payable_row(s.id) p
WHERE p.begins <= %(at)s ORDER BY o.id
"""


def lock_payable(*, fund: str, at: datetime, at_most: int) -> list[int]:
    """Return the approved refunds of a fund whose account may be paid to, the oldest first.

    They stay locked until the transaction ends.
    """
    found: list[int] = []
    after = 0
    with connection.cursor() as cursor:
        while len(found) < at_most:
            cursor.execute(_APPROVED, {"fund": fund, "after": after, "at_most": at_most})
            approved = [key for (key,) in cursor.fetchall()]
            if not approved:
                break
            after = approved[-1]
            cursor.execute(_PAYABLE, {"ids": approved, "at": at})
            found += [key for (key,) in cursor.fetchall()]
    return found[:at_most]


@dataclass(frozen=True)
class Waiting:
    """An account that is not paid to yet: until when, or None as long as nothing changes."""

    until: datetime | None


def waiting_of(submission: Submission, *, at: datetime) -> Waiting | None:
    """Return how long the account of a submission waits; None where it may be paid to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v = 'infinity', CASE WHEN isfinite(v) THEN v END, v > %s"
            " FROM refunds_payable_from(%s) v",
            [at, submission.pk],
        )
        never, until, waits = cursor.fetchone()
    if not waits:
        return None
    return Waiting(None if never else until)


def changes_for(viewer: scope.Viewer) -> QuerySet[AccountChange]:
    """Return the changes of account that the viewer may see, the newest first."""
    rows = AccountChange.objects.select_related(
        "employer__district", "former", "checked_by", "confirmed_by", "submission__obligation"
    )
    return scope.limit(rows, viewer).order_by(F("id").desc())


def differences(case: AccountChange) -> list[dict[str, str]]:
    """Return what a change of account changes (`parts_changed`)."""
    return parts_changed(
        case.former,
        holder=case.holder,
        bank=case.bank,
        bank_code=case.bank_code,
        number=case.number,
    )


def parts_changed(
    former: BankAccount | None, *, holder: str, bank: str, bank_code: str, number: str
) -> list[dict[str, str]]:
    """Return the four parts of an account that differ from the registered one, before and
    after; all of them where there was none."""
    pairs = (
        ("户名", former.holder if former else "", holder),
        ("开户银行", former.bank if former else "", bank),
        ("开户行行号", former.bank_code if former else "", bank_code),
        ("银行账号", former.number if former else "", number),
    )
    return [
        {"label": label, "before": before, "after": after}
        for label, before, after in pairs
        if before != after
    ]


def sharers_of(number: str, *, besides: int) -> int:
    """Return how many other units have an account registered, or want to be paid to it."""
    registered = BankAccount.objects.standing().filter(number=number).values("employer")
    proposed = AccountChange.objects.filter(number=number).values("employer")
    chosen = Submission.objects.filter(account=number).values("obligation__employer")
    rows = Employer.objects.filter(Q(pk__in=registered) | Q(pk__in=proposed) | Q(pk__in=chosen))
    return rows.exclude(pk=besides).count()


def shared_for(viewer: scope.Viewer) -> QuerySet[BankAccount]:
    """Return the standing accounts that another unit has too, by number; of the units only those
    the viewer may see. `units`: how many there are altogether."""
    standing = BankAccount.objects.standing()
    units = standing.filter(number=OuterRef("number")).order_by().values("number")
    counted = units.annotate(n=Count("employer", distinct=True)).values("n")
    numbers = (
        standing.order_by()
        .values("number")
        .annotate(n=Count("employer", distinct=True))
        .filter(n__gt=1)
        .values("number")
    )
    rows = standing.filter(number__in=numbers).select_related("employer__district")
    return scope.limit(rows.annotate(units=Subquery(counted)), viewer).order_by("number", "pk")


@dataclass(frozen=True)
class Paying:
    """The account that contributions came from; its bank and code "" where nothing says them."""

    holder: str
    number: str
    bank: str
    bank_code: str


def paying_account(
    employer: Employer, obligations: Iterable[Obligation], *, today: date
) -> Paying | None:
    """Return the account that paid the months of some refunds of a unit: of those in its own name
    the one whose payment arrived last. Its bank comes from a registered account of that number.
    """
    ids = [obligation.pk for obligation in obligations]
    of_refund = ObligationItem.objects.filter(
        obligation__in=ids,
        obligation__project=None,  # of a project nobody has said from where it was paid
        month=OuterRef("month"),
        obligation__insurance=OuterRef("insurance"),
    )
    rows = Payment.objects.filter(
        Exists(of_refund), employer=employer, reverses__isnull=True, payment__isnull=True
    ).exclude(payer_number="")
    kind = queries.unit_type(employer.pk, today=today)
    payers = rows.order_by("-arrived_on", "-pk").values_list("payer_holder", "payer_number")
    for holder, number in payers[:100]:
        try:
            accounts.check_holder(
                holder,
                employer_name=employer.name,
                legal_person=employer.legal_person,
                unit_type=kind,
            )
            accounts.check_number(number)
        except accounts.BadAccount:
            continue
        known = BankAccount.objects.filter(employer=employer, number=number).in_force(today).first()
        return Paying(
            holder=holder,
            number=number,
            bank=known.bank if known else "",
            bank_code=known.bank_code if known else "",
        )
    return None
