"""What is overpaid today becomes an obligation, and the enterprise hears of it unasked.

Always today's picture: a run for an earlier as-of date changes nothing here, because what
is in force today decides. Running it again, or twice at once, changes nothing either.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from casework import services as casework
from refunds import (
    ledger_source,
    letters,
    letters_offset,
    queries,
    queries_offset,
    queries_projects,
)
from refunds.models import Obligation, OfferWork
from refunds.services import book, offsets, opening, reconfirm
from refunds.services.locking import hold_money
from refunds.services.opening import Fund, fund_of
from refunds.workflow import CLOSED, IN_THE_BANKS_HANDS, UNDECIDED, Action, State
from registry import bulk
from registry import work as leases
from registry.models import Employer, WorkState
from registry.money import ZERO, total
from relief.ledger import services as ledger
from relief.ledger.services import Account
from relief.models import Assessment, Payment, Run

#: Employers worked through in one transaction.
CHUNK = 500


def mark_due(
    *,
    at: datetime,
    run_id: int | None = None,
    employer_ids: Sequence[int] = (),
    reason: str,
) -> int:
    """Record that some employers (none named: all) must be looked at; return the work's id.

    A run is recorded once, however often it reports its end.
    """
    fields = {"employer_ids": list(employer_ids), "reason": reason, "created_at": at}
    if run_id is None:
        return OfferWork.objects.create(**fields).pk
    found, _ = OfferWork.objects.get_or_create(run_id=run_id, defaults=fields)
    return found.pk


def mark_finished_runs() -> None:
    """Record every finished run that nobody has recorded: its news died with its process."""
    heard = OfferWork.objects.filter(run=OuterRef("pk"))
    unheard = Run.objects.filter(~Exists(heard), state=WorkState.DONE, finished_at__isnull=False)
    for run in unheard.exclude(ledger_work__state__in=leases.OPEN):  # not in the book yet
        mark_run(run_id=run.pk)


def mark_run(*, run_id: int) -> None:
    """Record that the employers of a finished run must be looked at."""
    run = Run.objects.get(pk=run_id)
    if run.finished_at is None:
        return
    mark_due(
        run_id=run.pk, employer_ids=run.employer_ids, reason=f"核定{run.pk}", at=run.finished_at
    )


def mark_payments(*, import_id: int, at: datetime) -> bool:
    """Record that employers must be looked at whose payments came in for an assessed month.

    Returns whether there are any.
    """
    assessed = Assessment.objects.filter(
        employer=OuterRef("employer"),
        month=OuterRef("month"),
        insurance=OuterRef("insurance"),
        run__state=WorkState.DONE,
    )
    paid = Payment.objects.filter(Exists(assessed), source=import_id)
    employers = sorted(set(paid.values_list("employer", flat=True)))
    if employers:
        mark_due(at=at, employer_ids=employers, reason=f"缴费到账（导入{import_id}）")
    return bool(employers)


@dataclass
class Offered:
    """How much came of one or more rounds of looking."""

    opened: int = 0
    superseded: int = 0
    amount: Decimal = ZERO

    def add(self, other: "Offered") -> None:
        self.opened += other.opened
        self.superseded += other.superseded
        self.amount += other.amount


def work_due(*, clock: Callable[[], datetime], at_most: timedelta | None = None) -> Offered:
    """Do all the work that is due and that nobody else is doing, or begin with it.

    `clock` tells the time: the work may take minutes and keeps its lease alive. After
    `at_most` what is left is given back for whoever comes next.
    """
    done = Offered()
    until = clock() + at_most if at_most else None
    mark_finished_runs()
    for work_id in list(leases.due(OfferWork, at=clock()).values_list("pk", flat=True)):
        done.add(offer_refunds(work_id=work_id, clock=clock, until=until))
    return done


def any_due(*, at: datetime) -> bool:
    """Return whether work waits that nobody is doing."""
    return leases.due(OfferWork, at=at).exists()


def offer_refunds(
    *, work_id: int, clock: Callable[[], datetime], until: datetime | None = None
) -> Offered:
    """Do one piece of work, 500 employers at a time; each time is whole by itself.

    Killed in the middle, or stopped at `until`, the next one goes on where it stopped.
    """
    done = Offered()
    work = leases.claim(OfferWork, work_id, at=clock())
    if work is None:
        return done
    ids = work.employer_ids or list(Employer.objects.order_by("pk").values_list("pk", flat=True))
    try:
        for start in range(work.steps_done, len(ids), CHUNK):
            if until and clock() >= until:
                _give_back(work)
                return done
            chunk = ids[start : start + CHUNK]
            done.add(settle(employer_ids=chunk, at=clock()))
            reconfirm.send_back(employer_ids=chunk, at=clock())
            leases.keep(work, at=clock(), steps_done=start + len(chunk), steps_total=len(ids))
        leases.end(work, WorkState.DONE, at=clock(), steps_done=len(ids))
    except leases.LeaseLost:
        # Somebody else has taken over; what is settled is settled.
        return done
    return done


def _give_back(work: OfferWork) -> None:
    """Let go of the lease, so that the next one needn't wait for its end."""
    OfferWork.objects.filter(pk=work.pk, lease_token=work.lease_token).update(lease_until=None)


@dataclass
class _Plan:
    """What one transaction will write."""

    #: By item how much of it stands in other months.
    used: dict[int, Decimal]
    dropped: list[tuple[Obligation, bool]] = field(default_factory=list)
    wanted: dict[Fund, dict[date, queries.Overpayment]] = field(default_factory=dict)
    former: dict[Fund, Obligation] = field(default_factory=dict)


@transaction.atomic
def settle(*, employer_ids: Sequence[int], at: datetime) -> Offered:
    """Bring what is offered to some employers into line with what is in force today.

    What the bank holds is never touched. What the enterprise has chosen stays while every
    month of it is still owed, and the rest becomes a new offer; otherwise it is replaced.
    Offsets that no longer fit are undone first; what is being offset pays what is open last.
    A project's money is looked at with all contractors that it ever had.
    """
    hold_money()
    employer_ids = queries_projects.with_fellows(employer_ids)
    offset = offsets.undo_what_no_longer_fits(employer_ids=employer_ids, at=at)
    found: dict[Fund, dict[date, queries.Overpayment]] = defaultdict(dict)
    day = queries.picture_day(at=at, employer_ids=employer_ids)
    for row in queries.overpayments(as_of=day, employer_ids=employer_ids):
        found[row.employer_id, row.insurance, row.project_id or 0][row.month] = row
    open_ones: dict[Fund, list[Obligation]] = defaultdict(list)
    rows = Obligation.objects.filter(employer__in=employer_ids).exclude(state__in=CLOSED)
    for obligation in rows.select_for_update().order_by("pk").prefetch_related("items"):
        open_ones[fund_of(obligation)].append(obligation)

    plan = _Plan(used=queries_offset.used_among(chain.from_iterable(open_ones.values())))
    for fund in sorted({*found, *open_ones}):
        _plan_fund(plan, fund, found.get(fund, {}), open_ones.get(fund, []))
    written, shifts = _write(plan, offset, at=at)
    offsets.use_what_is_left(offset, employer_ids=employer_ids, at=at)
    casework.send_notices(offset.messages(), at=at)
    # The book last: it takes the locks of its chains (`registry.locks`).
    for shift in shifts:
        shift()
    ledger.post(entries=offset.entries, at=at)
    return written


def _plan_fund(
    plan: _Plan,
    fund: Fund,
    overpaid: dict[date, queries.Overpayment],
    open_ones: list[Obligation],
) -> None:
    """Decide what happens to one employer's open refunds of one fund, or of one project."""
    left = {month: row.overpaid for month, row in overpaid.items()}

    def owed(obligation: Obligation) -> dict[date, Decimal]:
        # What is used has left its month already.
        return {
            item.month: item.amount - plan.used.get(item.pk, ZERO)
            for item in obligation.items.all()
        }

    def take(obligation: Obligation) -> None:
        for month, amount in owed(obligation).items():
            left[month] = left.get(month, ZERO) - amount

    for obligation in open_ones:
        if obligation.state in IN_THE_BANKS_HANDS:
            take(obligation)
    decided = IN_THE_BANKS_HANDS | UNDECIDED
    for obligation in open_ones:
        if obligation.state in decided:
            continue
        if all(left.get(month, ZERO) >= amount for month, amount in owed(obligation).items()):
            take(obligation)
        else:
            plan.dropped.append((obligation, True))
            plan.former[fund] = obligation

    rest = {month: amount for month, amount in left.items() if amount > 0}
    undecided = [obligation for obligation in open_ones if obligation.state in UNDECIDED]
    if len(undecided) == 1 and rest == {
        item.month: item.amount for item in undecided[0].items.all()
    }:
        return
    for obligation in undecided:
        plan.dropped.append((obligation, False))
        plan.former[fund] = obligation
    if rest:
        plan.wanted[fund] = {
            month: overpaid[month].reduced_to(amount) for month, amount in sorted(rest.items())
        }


_CHANGED = "重新核定后应退金额有变动"


def _write(
    plan: _Plan, offset: offsets.Offset, *, at: datetime
) -> tuple[Offered, list[Callable[[], None]]]:
    """Store what was planned; return how much it was, and the postings for the end."""
    dropped = [obligation for obligation, _ in plan.dropped]
    partly = [each for each in dropped if any(item.pk in plan.used for item in each.items.all())]
    replaced = [each for each in dropped if each not in partly]
    stood: dict[Account, list[Obligation]] = defaultdict(list)
    for each in replaced:
        stood[ledger_source.ACCOUNTS[State(each.state)]].append(each)
    for each in dropped:
        if each.state == State.OFFSETTING:
            # The enterprise's wish stands for what is left of it.
            freed = offset.freed[each.employer_id, each.insurance]
            freed.update(item.month for item in each.items.all())
    offset.entries += offsets.end(partly, by=casework.SYSTEM, at=at, reason=_CHANGED)
    moves = [
        each.prepare(Action.SUPERSEDE, by=casework.SYSTEM, at=at, reason=_CHANGED)
        for each in replaced
    ]
    bulk.change(replaced, Obligation.MOVED)
    opened = opening.store(plan.wanted, plan.former, at=at)
    moves += [opening.as_move(obligation, at=at) for obligation in opened]
    carried = _carried_on(plan, offset, opened, at=at)
    moves += [
        each.prepare(Action.CHOOSE_OFFSET, by=casework.SYSTEM, at=at, note="延续单位此前冲抵的选择")
        for each in carried
    ]
    bulk.change(carried, Obligation.MOVED)
    bulk.store(moves)
    told = [each for each in opened if each not in carried]
    casework.send_notices(_messages(plan, told), at=at)
    casework.send_notices([letters_offset.goes_on(each) for each in carried], at=at)
    shifts = [partial(book.dropped, stood, at=at), partial(book.opened, opened, at=at)]
    written = Offered(
        opened=len(opened),
        superseded=len(plan.dropped),
        amount=total(obligation.amount for obligation in opened),
    )
    return written, shifts


def _carried_on(
    plan: _Plan, offset: offsets.Offset, opened: Sequence[Obligation], *, at: datetime
) -> list[Obligation]:
    """Return what need not be chosen again: money that only came back from an offset."""
    if not offset.freed or queries_offset.is_over(today=timezone.localdate(at)):
        return []
    merged = {
        (each.employer_id, each.insurance)
        for each, decided in plan.dropped
        if not decided and each.project_id is None
    }
    return [
        each
        for each in opened
        if each.project_id is None
        and (each.employer_id, each.insurance) not in merged
        and set(plan.wanted[fund_of(each)])
        <= offset.freed.get((each.employer_id, each.insurance), set())
    ]


def _messages(plan: _Plan, opened: Iterable[Obligation]) -> Iterable[casework.Message]:
    by_employer: dict[int, list[Obligation]] = defaultdict(list)
    for obligation in opened:
        by_employer[obligation.employer_id].append(obligation)
    for obligations in by_employer.values():
        clauses = {
            row.clause
            for obligation in obligations
            for row in plan.wanted[fund_of(obligation)].values()
        }
        replaces = any(obligation.supersedes_id for obligation in obligations)
        yield letters.offered(obligations, clauses=clauses, replaces=replaces)
    for obligation, _ in plan.dropped:
        if fund_of(obligation) not in plan.wanted and obligation.state == State.SUPERSEDED:
            yield letters.withdrawn_by_change(obligation)
