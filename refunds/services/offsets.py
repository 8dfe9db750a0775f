"""Overpayments that pay other months of the same fund: used, undone where a correction needs it.

Everything here happens inside the caller's transaction, which holds the money lock
(`locking.hold_money`) and posts the entries it gets back as its last write.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from casework import services as casework
from casework.models import Move
from refunds import letters_offset, offsetting, queries, queries_offset
from refunds.letters_offset import Told
from refunds.models import Obligation, OffsetUse
from refunds.queries_offset import Fund
from refunds.services import book
from refunds.workflow import Action, State
from registry import bulk
from registry.money import ZERO
from relief.ledger import services as ledger
from relief.ledger.services import Account, Entry
from relief.models import PaidBack


@dataclass
class Offset:
    """What one transaction did: what it must still post, and tell."""

    entries: list[Entry] = field(default_factory=list)
    told: dict[int, list[Told]] = field(default_factory=lambda: defaultdict(list))
    #: By fund the months from which money came free again that the enterprise wants offset.
    freed: dict[Fund, set[date]] = field(default_factory=lambda: defaultdict(set))

    def messages(self) -> list[casework.Message]:
        """Return one letter for each employer: everything that was used and undone."""
        return [letters_offset.used(found) for found in self.told.values()]


def undo_what_no_longer_fits(*, employer_ids: Sequence[int], at: datetime) -> Offset:
    """Undo uses whose month has too much now, or whose source has too little; no more than that."""
    done = Offset()
    standing: dict[Fund, list[tuple[OffsetUse, Decimal]]] = defaultdict(list)
    rows = OffsetUse.objects.filter(obligation__employer__in=employer_ids, undoes__isnull=True)
    undone_of = Coalesce(Sum("undoings__amount"), ZERO)
    rows = rows.annotate(stands=F("amount") + undone_of).filter(stands__gt=0)
    for use in rows.select_related("item", "obligation").order_by("-pk"):
        standing[use.obligation.employer_id, use.obligation.insurance].append((use, use.stands))
    if not standing:
        return done
    employers = {fund[0] for fund in standing}
    day = queries.picture_day(at=at, employer_ids=employers)
    lacks = queries_offset.open_due(as_of=day, employer_ids=employers)
    undoings = []
    for fund, uses in sorted(standing.items()):
        known = {use.pk: use for use, _ in uses}
        undone = offsetting.unwind(
            lacks.get(fund, {}),
            [offsetting.Used(u.pk, u.item.month, u.to_month, stands) for u, stands in uses],
        )
        used = _sums({use.obligation_id for use, _ in uses})
        for pk, amount in undone.items():
            use = known[pk]
            undoings.append(_undoing(use, amount, at=at))
            # Used to the last fen, so the enterprise's wish still stands for what came free.
            if use.obligation.state == State.OFFSETTING or (
                used[use.obligation_id] == use.obligation.amount
            ):
                done.freed[fund].add(use.item.month)
    _store(done, undoings, at=at)
    return done


def _undoing(use: OffsetUse, amount: Decimal, *, at: datetime) -> OffsetUse:
    return OffsetUse(
        obligation=use.obligation,
        item=use.item,
        to_month=use.to_month,
        amount=-amount,
        undoes=use,
        on=timezone.localdate(at),
        at=at,
    )


def _sums(obligation_ids: Collection[int]) -> dict[int, Decimal]:
    rows = OffsetUse.objects.filter(obligation__in=obligation_ids)
    sums = rows.order_by().values_list("obligation").annotate(Sum("amount"))
    return defaultdict(lambda: ZERO, dict(sums))


def use_what_is_left(done: Offset, *, employer_ids: Sequence[int], at: datetime) -> None:
    """Let every refund that is being offset pay the oldest months that lack something, the
    oldest refund first; end those that are used up. Doing it again changes nothing."""
    rows = queries_offset.offsetting_now().filter(employer__in=employer_ids)
    open_ones = list(rows.order_by("pk").prefetch_related("items"))
    if not open_ones:
        return
    today = timezone.localdate(at)
    used = queries_offset.used_of(each.pk for each in open_ones)
    employers = {each.employer_id for each in open_ones}
    day = queries.picture_day(at=at, employer_ids=employers)
    lacks = queries_offset.open_due(as_of=day, employer_ids=employers)
    by_fund: dict[Fund, list[Obligation]] = defaultdict(list)
    for obligation in open_ones:
        by_fund[obligation.employer_id, obligation.insurance].append(obligation)
    uses = []
    for fund, obligations in sorted(by_fund.items()):
        items = {item.pk: (each, item) for each in obligations for item in each.items.all()}
        sources = [
            source for each in obligations for source in queries_offset.sources_of(each, used)
        ]
        for use in offsetting.fill(lacks.get(fund, {}), sources):
            obligation, item = items[use.key]
            uses.append(
                OffsetUse(
                    obligation=obligation,
                    item=item,
                    to_month=use.to_month,
                    amount=use.amount,
                    on=today,
                    at=at,
                )
            )
    _store(done, uses, at=at)
    _end_used_up(open_ones, at=at)


def _end_used_up(obligations: Sequence[Obligation], *, at: datetime) -> None:
    used = _sums([each.pk for each in obligations])
    ended = [each for each in obligations if used[each.pk] == each.amount]
    moves = [
        each.prepare(Action.END_OFFSET, by=casework.SYSTEM, at=at, note="已全部用于冲抵")
        for each in ended
    ]
    bulk.change(ended, Obligation.MOVED)
    Move.objects.bulk_create(moves)


def _store(done: Offset, uses: Sequence[OffsetUse], *, at: datetime) -> None:
    """Number and store uses with the money of both months; collect what must be posted."""
    if not uses:
        return
    last: dict[int, int] = dict(
        OffsetUse.objects.filter(obligation__in={use.obligation_id for use in uses})
        .order_by()
        .values_list("obligation")
        .annotate(Max("number"))
    )
    for use in uses:
        use.number = last[use.obligation_id] = last.get(use.obligation_id, 0) + 1
    OffsetUse.objects.bulk_create(uses, batch_size=2000)
    PaidBack.objects.bulk_create(
        [row for use in uses for row in _money(use)],
        batch_size=2000,
    )
    for use in uses:
        obligation = use.obligation
        done.entries.append(_entry(use))
        done.told[obligation.employer_id].append(
            Told(
                use_id=use.pk,
                employer_id=obligation.employer_id,
                insurance=obligation.insurance,
                receipt=obligation.receipt,
                from_month=use.item.month,
                to_month=use.to_month,
                amount=use.amount,
            )
        )


def _money(use: OffsetUse) -> tuple[PaidBack, PaidBack]:
    def row(month: date, amount: Decimal, way: str) -> PaidBack:
        return PaidBack(
            kind=PaidBack.Kind.OFFSET,
            employer_id=use.obligation.employer_id,
            insurance=use.obligation.insurance,
            month=month,
            amount=amount,
            on=use.on,
            reference=f"{use.reference}.{way}",
        )

    return row(use.item.month, use.amount, "out"), row(use.to_month, -use.amount, "in")


def _entry(use: OffsetUse) -> Entry:
    """Return what a use posts. What comes back to a closed refund isn't to be refunded yet: it
    stands with the receivable until it is offered anew."""
    obligation = use.obligation
    if use.amount > 0 or obligation.state == State.OFFSETTING:
        source = Account.OVERPAID
    else:
        source = Account.RECEIVABLE
    amount = abs(use.amount)
    out = {use.item.month: amount}
    into = {use.to_month: amount}
    if use.amount > 0:
        legs = (
            *ledger.move(debit=source, credit=Account.OFFSET, amounts=out),
            *ledger.move(debit=Account.OFFSET, credit=Account.RECEIVABLE, amounts=into),
        )
    else:
        legs = (
            *ledger.move(debit=Account.RECEIVABLE, credit=Account.OFFSET, amounts=into),
            *ledger.move(debit=Account.OFFSET, credit=source, amounts=out),
        )
    return Entry(
        employer_id=obligation.employer_id,
        insurance=obligation.insurance,
        value_on=use.on,
        reason="多缴冲抵其他月份" if use.amount > 0 else "撤回冲抵",
        legs=legs,
        document=obligation.receipt,
        reference=use.reference,
    )


def end(
    obligations: Iterable[Obligation], *, by: casework.Actor, at: datetime, reason: str
) -> list[Entry]:
    """End the offset of some refunds, their rows locked; return what must be posted.

    What of them is not used is owed no longer by them: the caller lets it be offered anew.

    :raises IllegalMove: if one of them isn't being offset.
    """
    ended = list(obligations)
    used = queries_offset.used_of(each.pk for each in ended)
    moves = [each.prepare(Action.END_OFFSET, by=by, at=at, reason=reason) for each in ended]
    bulk.change(ended, Obligation.MOVED)
    Move.objects.bulk_create(moves)
    return rest_back(ended, used, at=at)


def rest_back(
    obligations: Iterable[Obligation], used: dict[int, Decimal], *, at: datetime
) -> list[Entry]:
    """Return the entries that take what is not used of refunds back to the receivable."""
    entries = []
    for obligation in obligations:
        rest = {source.month: source.left for source in queries_offset.sources_of(obligation, used)}
        if any(rest.values()):
            entries.append(
                Entry(
                    employer_id=obligation.employer_id,
                    insurance=obligation.insurance,
                    value_on=timezone.localdate(at),
                    reason=book.REASONS[Account.OVERPAID, Account.RECEIVABLE],
                    legs=ledger.move(
                        debit=Account.OVERPAID, credit=Account.RECEIVABLE, amounts=rest
                    ),
                    document=obligation.receipt,
                    reference=f"{obligation.receipt}.END_OFFSET",
                )
            )
    return entries


def has_any(employer_ids: Sequence[int]) -> bool:
    """Return whether some employers offset, or ever did."""
    return Obligation.objects.filter(
        Q(state=State.OFFSETTING) | Q(uses__isnull=False), employer__in=employer_ids
    ).exists()
