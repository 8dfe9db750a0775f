"""One person, one matter (一人一事): opened, paid, certified; the balance shrinks by that sum."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from casework import services as casework
from casework.receipts import new_receipt
from casework.services import clocks
from casework.services.holidays import calendar
from casework.services.matters import Actor
from casework.workdays import add_working_days
from deferral import offices
from deferral.models import Agreement, PersonLine, PersonMatter, PersonPayment
from deferral.people_data import people
from deferral.queries.people import Free, Place, Shares, following, free_vouchers, shares
from deferral.services.moving import IllegalMove, NotYours, locked
from deferral.services.plan_changes import agreement_of
from deferral.services.taking_in import NoReason
from deferral.workflow import PersonState
from registry import months
from registry.models import Employer, Membership, Officer
from registry.money import ZERO

RECEIPT_PREFIX = "RY"
KIND = PersonMatter.KIND
STEP = "certify"
#: Matters looked at in one transaction.
CHUNK = 100
_LONGEST_TERM = 60


class NotInvolved(Exception):
    """The person has nothing among the deferred months that the matter needs."""


class NotAssessed(Exception):
    """A month of the person isn't assessed, so nobody can say what it comes to."""


@transaction.atomic
def begin(
    *,
    application_id: int,
    kind: str,
    person_id: str,
    happened_on: date,
    by: Membership | Officer,
    at: datetime,
) -> PersonMatter:
    """Open a person's matter, with the exact amounts to be paid for that person first.

    Where nothing has to be paid (injury, or everything is waived) it goes on at once. Opening
    the same matter twice gives the same one.

    :param by: a member of the unit, or an officer of the office that looks after the agreement.
    :raises NotYours: if it is neither.
    :raises LookupError: if there is no such kind.
    :raises NotInvolved: if none of the person's months that the matter needs is deferred.
    :raises NotAssessed: if one of them isn't assessed yet.
    """
    application = locked(application_id)
    agreement = agreement_of(application)
    _check_hands(agreement, by)
    rule = people().kind(kind)
    person_id = person_id.strip().upper()
    pending = agreement.people.filter(
        person_id=person_id, kind=kind, state__in=[PersonState.TO_PAY, PersonState.PAID]
    )
    if known := pending.first():
        return known
    today = timezone.localdate(at)
    every = shares(
        agreement,
        person_id=person_id,
        insurances=rule.insurances or tuple(people_insurances()),
        day=today,
    )
    if not every.name:
        raise NotInvolved("缓缴的月份里没有申报这位职工，不用先缴款，请直接办理。")
    found = every if rule.insurances else Shares(every.name, (), every.open_before)
    if rule.insurances and not found.rows:
        raise NotInvolved("这位职工在缓缴月份里没有这一事项要先缴的金额，请直接办理。")
    _check_assessed(found)
    matter = PersonMatter(
        receipt=new_receipt(RECEIPT_PREFIX),
        agreement=agreement,
        employer=application.employer,
        kind=kind,
        person_id=person_id,
        person_name=found.name,
        happened_on=happened_on,
        state=PersonState.TO_PAY if rule.insurances else PersonState.CERTIFIED,
        opened_by_member=by if isinstance(by, Membership) else None,
        opened_by_officer=by if isinstance(by, Officer) else None,
        opened_at=at,
        pay_by=_pay_by(today) if found.amount else None,
        moved_at=at,
    )
    matter.save()
    _write_lines(matter, found)
    _log(matter, f"提出：{rule.label}", before="", by=_actor(by), at=at)
    if not rule.insurances:
        _tell(matter, "不用先缴款，照常办理。" + rule.clause + "。", at=at)
    else:
        settle(matter_ids=[matter.pk], at=at)
        matter.refresh_from_db()
        if matter.state == PersonState.TO_PAY:
            _tell(
                matter,
                f"请在 {matter.pay_by:%Y-%m-%d} 前缴清其本人的 {found.amount:,.2f} 元，"
                "到账后马上办结。缓缴余额会减少同样的金额。",
                at=at,
            )
    return matter


def people_insurances() -> list[str]:
    """Return every insurance that any matter asks for."""
    return sorted({each for kind in people().kinds for each in kind.insurances})


def _check_hands(agreement: Agreement, by: Membership | Officer) -> None:
    if isinstance(by, Membership):
        if by.employer_id != agreement.application.employer_id or not by.active:
            raise NotYours("这份协议不属于贵单位。")
    elif not offices.works_at(by, agreement.application.employer, following(agreement)):
        raise NotYours("一人一事由负责这份协议的经办机构办理。")


def _check_assessed(found: Shares) -> None:
    if found.unknown:
        named = "、".join(months.label(month) for month in found.unknown)
        raise NotAssessed(f"{named}还没有核定，算不出这位职工的金额。请先申报并等核定。")


def _actor(by: Membership | Officer) -> Actor:
    return casework.member(by) if isinstance(by, Membership) else casework.officer(by)


def _pay_by(today: date) -> date:
    days = calendar(today, date.fromordinal(today.toordinal() + _LONGEST_TERM))
    return add_working_days(today, people().pay_within, days).due


def _write_lines(matter: PersonMatter, found: Shares) -> None:
    PersonLine.objects.bulk_create(
        PersonLine(
            matter=matter,
            round=matter.round,
            month=row.month,
            insurance=row.insurance,
            base=row.base,
            gross=row.gross,
            relief=row.relief,
            employer_part=row.employer_part,
            employee_part=row.employee_part,
        )
        for row in found.rows
    )


def _log(matter: PersonMatter, action: str, *, before: str, by: Actor, at: datetime) -> None:
    casework.record_move(
        kind=KIND,
        matter_id=matter.pk,
        action=action,
        before=before,
        after=matter.state,
        by=by,
        at=at,
        note=matter.reason,
    )


def _tell(matter: PersonMatter, body: str, *, at: datetime) -> None:
    rule = people().kind(matter.kind)
    casework.send_notice(
        at=at,
        employer_id=matter.employer_id,
        key=f"deferral:person:{matter.pk}:{matter.round}:{matter.state}",
        title=f"{matter.person_name}（{rule.label}）：{matter.get_state_display()}",
        body=body,
        path=reverse("portal_deferrals:person", args=[matter.receipt]),
    )


def _move(
    matter: PersonMatter, state: PersonState, action: str, *, by: Actor, at: datetime
) -> None:
    before, matter.state, matter.moved_at = matter.state, state, at
    matter.save()
    _log(matter, action, before=before, by=by, at=at)


def follow(*, clock: Callable[[], datetime]) -> int:
    """Look at every matter that waits for money; return how many have it. Safe to repeat."""
    waiting = PersonMatter.objects.filter(state=PersonState.TO_PAY).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True))
    return sum(
        settle(matter_ids=ids[first : first + CHUNK], at=clock())
        for first in range(0, len(ids), CHUNK)
    )


@transaction.atomic
def settle(*, matter_ids: Sequence[int], at: datetime) -> int:
    """Make arrived payments over to the matters that wait for them; return how many are paid.

    Only what arrived since the matter was opened counts, whole: a matter is paid all at once. Of
    a voucher no fen is counted for two persons.
    """
    rows = PersonMatter.objects.filter(pk__in=matter_ids, state=PersonState.TO_PAY)
    employers = sorted(set(rows.values_list("employer", flat=True)))
    # One at a time for each employer: two matters may want the same voucher.
    list(Employer.objects.filter(pk__in=employers).order_by("pk").select_for_update(no_key=True))
    today = timezone.localdate(at)
    paid = 0
    for matter in rows.order_by("opened_at", "pk").select_for_update(of=("self",)):
        since = timezone.localdate(matter.opened_at)
        taken = _taken(matter, free_vouchers(matter.employer_id, since, today), at=at)
        if taken is None:
            continue
        PersonPayment.objects.bulk_create(taken)
        _move(matter, PersonState.PAID, "款项已到账", by=casework.SYSTEM, at=at)
        office = following(matter.agreement)
        clocks.start(
            kind=KIND,
            matter_id=matter.pk,
            step=STEP,
            agency_id=offices.of_office(matter.employer, office).pk,
            working_days=people().certify_within,
            clause=people().terms_clause,
            at=at,
        )
        paid += 1
    return paid


def _taken(
    matter: PersonMatter, free: dict[Place, list[Free]], *, at: datetime
) -> list[PersonPayment] | None:
    """Return what is made over to a matter, or None while it isn't enough."""
    taken = []
    for line in matter.lines.filter(round=matter.round):
        employer, employee = line.employer_part, line.employee_part
        for voucher in free.get((line.month, line.insurance), []):
            if voucher.employer_part < 0 or voucher.employee_part < 0:
                continue  # taken back after it was made over: nothing of it is free
            parts = min(employer, voucher.employer_part), min(employee, voucher.employee_part)
            if parts == (ZERO, ZERO):
                continue
            employer, employee = employer - parts[0], employee - parts[1]
            taken.append(
                PersonPayment(
                    matter=matter,
                    round=matter.round,
                    employer_id=matter.employer_id,
                    month=line.month,
                    insurance=line.insurance,
                    voucher=voucher.voucher,
                    employer_part=parts[0],
                    employee_part=parts[1],
                    at=at,
                )
            )
        if employer or employee:
            return None
    return taken


def _locked(matter_id: int) -> PersonMatter:
    rows = PersonMatter.objects.select_for_update(of=("self",)).select_related(
        "agreement__application__employer__district", "employer__district"
    )
    return rows.get(pk=matter_id)


@transaction.atomic
def certify(*, matter_id: int, by: Officer, at: datetime) -> PersonMatter:
    """Confirm that the person's part is paid: the matter goes on, with a certificate.

    :raises NotYours: if the officer's office doesn't look after the agreement.
    :raises IllegalMove: if it isn't paid, or a payment was taken back meanwhile: then it waits
        for money again.
    """
    matter = _locked(matter_id)
    _check_hands(matter.agreement, by)
    if matter.state != PersonState.PAID:
        raise IllegalMove(f"这件事项{matter.get_state_display()}，请刷新后再看。")
    if why := why_not_certify(matter, day=timezone.localdate(at)):
        raise IllegalMove(why)
    matter.certified_by = by
    _move(matter, PersonState.CERTIFIED, "办结", by=casework.officer(by), at=at)
    clocks.stop(kind=KIND, matter_id=matter.pk, at=at)
    _tell(matter, "其本人的缓缴金额已缴清，证明已开具，可以继续办理。", at=at)
    return matter


def why_not_certify(matter: PersonMatter, *, day: date) -> str:
    """Return why what was paid isn't enough as of a day; empty where it is."""
    covered = free_vouchers(matter.employer_id, date.min, day)
    short = [
        voucher.voucher
        for key in matter.payments.filter(round=matter.round).values_list("month", "insurance")
        for voucher in covered.get(key, [])
        if voucher.employer_part < 0 or voucher.employee_part < 0
    ]
    if short:
        return f"凭证 {short[0]} 的款项已被冲销，请按现在的情况更新金额，等单位重新缴款。"
    if _renewed(matter, day=day) is not None:
        return "核定的金额有变化，请先更新金额。"
    return ""


def _renewed(matter: PersonMatter, *, day: date) -> Shares | None:
    """Return the person's amounts as of a day where they are others than the round's."""
    found = shares(
        matter.agreement,
        person_id=matter.person_id,
        insurances=people().kind(matter.kind).insurances,
        day=day,
        matter=matter,
    )
    before = {
        (row.month, row.insurance): (row.gross, row.relief)
        for row in matter.lines.filter(round=matter.round)
    }
    after = {(row.month, row.insurance): (row.gross, row.relief) for row in found.rows}
    return None if before == after else found


@transaction.atomic
def renew(*, matter_id: int, by: Officer, at: datetime) -> PersonMatter:
    """Count a matter's amounts and payments anew: assessments changed, or money went back.

    :raises NotYours: if the officer's office doesn't look after the agreement.
    :raises IllegalMove: if it is over.
    :raises NotAssessed: if a month isn't assessed.
    """
    matter = _locked(matter_id)
    _check_hands(matter.agreement, by)
    if matter.state not in (PersonState.TO_PAY, PersonState.PAID):
        raise IllegalMove(f"这件事项{matter.get_state_display()}，不用更新。")
    today = timezone.localdate(at)
    found = shares(
        matter.agreement,
        person_id=matter.person_id,
        insurances=people().kind(matter.kind).insurances,
        day=today,
        matter=matter,
    )
    _check_assessed(found)
    matter.round += 1
    matter.pay_by = _pay_by(today) if found.amount else None
    clocks.stop(kind=KIND, matter_id=matter.pk, at=at)
    _write_lines(matter, found)
    _move(matter, PersonState.TO_PAY, "更新金额", by=casework.officer(by), at=at)
    settle(matter_ids=[matter.pk], at=at)
    matter.refresh_from_db()
    if matter.state == PersonState.TO_PAY:
        _tell(matter, f"金额已更新，请缴清其本人的 {found.amount:,.2f} 元。", at=at)
    return matter


@transaction.atomic
def withdraw(
    *, matter_id: int, reason: str, by: Membership | Officer, at: datetime
) -> PersonMatter:
    """Take a matter back before it is certified; what was paid stays paid for the unit.

    :raises NotYours: if it isn't in these hands.
    :raises IllegalMove: if it is over.
    :raises NoReason: if it doesn't say why.
    """
    matter = _locked(matter_id)
    _check_hands(matter.agreement, by)
    if matter.state not in (PersonState.TO_PAY, PersonState.PAID):
        raise IllegalMove(f"这件事项{matter.get_state_display()}，不能撤回。")
    if not reason.strip():
        raise NoReason("请写明为什么撤回。")
    matter.reason = reason.strip()[:300]
    clocks.stop(kind=KIND, matter_id=matter.pk, at=at)
    _move(matter, PersonState.WITHDRAWN, "撤回", by=_actor(by), at=at)
    return matter
