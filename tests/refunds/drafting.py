"""Refunds approved in bulk, and drafts of batches with them: for tests of audit's sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from casework.models import Move
from refunds.models import (
    Approval,
    Attempt,
    Batch,
    Obligation,
    ObligationItem,
    SampleDraw,
    Submission,
)
from refunds.queries_approval import standings
from refunds.services import batch_lines, sampling
from refunds.workflow import AttemptState, BatchState, State
from registry.models import BankAccount, Employer, Officer
from relief.models import Assessment, Insurance, Payment, Run
from tests import factories
from tests.factories import AT
from tests.refunds.making import CLAUSE, FEBRUARY, TODAY, make_run


@dataclass(frozen=True)
class Wanted:
    """One approved refund as a test wants it."""

    amount: str
    first: Officer
    second: Officer
    third: Officer | None = None
    account: str = ""
    #: How long ago the unit changed to the account; None where it always had it.
    changed_days: int | None = None
    employer: Employer | None = None


def _employers(wanted: Sequence[Wanted]) -> list[Employer]:
    return [line.employer or factories.make_employer(account="") for line in wanted]


def approved(wanted: Sequence[Wanted], *, at: datetime = AT) -> list[Obligation]:
    """Return refunds that every level has agreed to, made a step at a time for all of them."""
    employers, run = _employers(wanted), make_run()
    numbers = [line.account or f"62220211{place:08d}" for place, line in enumerate(wanted)]
    _accounts(wanted, employers, numbers, at)
    _payments(wanted, employers)
    assessments = _assessments(wanted, employers, run)
    refunds = Obligation.objects.bulk_create(
        Obligation(
            receipt=f"TF2020{Obligation.objects.count() + place:08d}",
            employer=employer,
            insurance=Insurance.PENSION,
            round=1,
            amount=Decimal(line.amount),
            state=State.CHOSEN,
            as_of=TODAY,
            opened_at=at,
            moved_at=at,
        )
        for place, (line, employer) in enumerate(zip(wanted, employers, strict=True))
    )
    ObligationItem.objects.bulk_create(
        ObligationItem(
            obligation=refund, month=FEBRUARY, amount=refund.amount, assessment=found, run=run
        )
        for refund, found in zip(refunds, assessments, strict=True)
    )
    member = factories.make_member()
    choices = Submission.objects.bulk_create(
        Submission(
            obligation=refund,
            number=1,
            kind=Submission.Kind.CHOICE,
            holder=employer.name,
            bank="中国工商银行攀枝花分行",
            bank_code="102665002000",
            account=number,
            by_user_id=member.user_id,
            by_name=member.name,
            at=at,
        )
        for refund, employer, number in zip(refunds, employers, numbers, strict=True)
    )
    _agree(wanted, refunds, choices, at)
    return refunds


def _accounts(
    wanted: Sequence[Wanted], employers: Sequence[Employer], numbers: Sequence[str], at: datetime
) -> None:
    def row(employer: Employer, number: str, recorded_at: datetime) -> BankAccount:
        return BankAccount(
            employer=employer,
            holder=employer.name,
            bank="中国工商银行攀枝花分行",
            bank_code="102665002000",
            number=number,
            origin=BankAccount.Origin.IMPORTED,
            recorded_at=recorded_at,
        )

    rows = []
    for line, employer, number in zip(wanted, employers, numbers, strict=True):
        if line.changed_days is None:
            rows.append(row(employer, number, at - timedelta(days=400)))
        else:
            rows.append(row(employer, f"9{number[1:]}", at - timedelta(days=400)))
            rows.append(row(employer, number, at - timedelta(days=line.changed_days)))
    BankAccount.objects.bulk_create(rows)


def _payments(wanted: Sequence[Wanted], employers: Sequence[Employer]) -> None:
    Payment.objects.bulk_create(
        Payment(
            employer=employer,
            month=FEBRUARY,
            insurance=Insurance.PENSION,
            employer_amount=Decimal(line.amount),
            employee_amount=Decimal("0.00"),
            arrived_on=FEBRUARY,
            voucher=f"B{employer.pk}",
        )
        for line, employer in zip(wanted, employers, strict=True)
    )


def _assessments(
    wanted: Sequence[Wanted], employers: Sequence[Employer], run: Run
) -> list[Assessment]:
    return Assessment.objects.bulk_create(
        Assessment(
            employer=employer,
            month=FEBRUARY,
            insurance=Insurance.PENSION,
            as_of=TODAY,
            run=run,
            headcount=1,
            base_total=Decimal("6250.00"),
            gross_due=Decimal(line.amount),
            relief_fraction=Decimal(1),
            relief=Decimal(line.amount),
            net_due=Decimal(0),
            employee_due=Decimal(0),
            employer_class="sme",
            clause=CLAUSE,
        )
        for line, employer in zip(wanted, employers, strict=True)
    )


def _agree(
    wanted: Sequence[Wanted],
    refunds: Sequence[Obligation],
    choices: Sequence[Submission],
    at: datetime,
) -> None:
    known = standings(choice.pk for choice in choices)
    levels = [
        (Approval.Level.FIRST, [line.first for line in wanted]),
        (Approval.Level.SECOND, [line.second for line in wanted]),
        (Approval.Level.THIRD, [line.third for line in wanted]),
    ]
    for level, officers in levels:
        asked = [
            (refund, choice, officer)
            for refund, choice, officer in zip(refunds, choices, officers, strict=True)
            if level in known[choice.pk].levels
        ]
        Approval.objects.bulk_create(
            Approval(
                submission=choice,
                level=level,
                granted=True,
                officer=officer,
                amount=refund.amount,
                content_sha256=known[choice.pk].content_sha256,
                at=at,
            )
            for refund, choice, officer in asked
        )
        for refund, choice, _ in asked:
            last = known[choice.pk].levels[-1] == level
            refund.state = (
                State.APPROVED
                if last
                else {"FIRST": State.CHECKED, "SECOND": State.ENDORSED}[level.value]
            )
        Obligation.objects.bulk_update([refund for refund, _, _ in asked], ["state"])


def draft(refunds: Sequence[Obligation], *, officer: Officer, at: datetime = AT) -> Batch:
    """Return a draft with these refunds, before its sample is drawn."""
    sampling.stand_by(at=at)
    number = f"YL20200720{Batch.objects.count() + 1:03d}"
    batch = Batch.objects.create(
        number=number,
        insurance=Insurance.PENSION,
        state=BatchState.DRAFT,
        count=0,
        total=0,
        payer_account="22100000000000",
        drafted_by=officer,
        drafted_at=at,
    )
    lines(batch, refunds, at=at)
    return batch_lines.recount(batch)


def lines(batch: Batch, refunds: Sequence[Obligation], *, at: datetime = AT) -> list[Attempt]:
    """Put refunds into a draft."""
    choices = {
        row.obligation_id: row
        for row in Submission.objects.filter(obligation__in=refunds).order_by("number")
    }
    begun = batch.attempts.count()
    made = Attempt.objects.bulk_create(
        Attempt(
            obligation=refund,
            number=refund.attempts.count() + 1,
            submission=choices[refund.pk],
            batch=batch,
            line_no=f"{batch.number}{begun + place:06d}",
            holder=choices[refund.pk].holder,
            bank=choices[refund.pk].bank,
            bank_code=choices[refund.pk].bank_code,
            account=choices[refund.pk].account,
            amount=refund.amount,
            purpose="减免政策退养老保险费202002",
            state=AttemptState.QUEUED,
            sealed_at=at,
        )
        for place, refund in enumerate(refunds, start=1)
    )
    Obligation.objects.filter(pk__in=[refund.pk for refund in refunds]).update(state=State.IN_BATCH)
    return made


def drawn(refunds: Sequence[Obligation], *, officer: Officer, at: datetime = AT) -> SampleDraw:
    """Return the sample of a draft with these refunds."""
    return sampling.draw(batch=draft(refunds, officer=officer, at=at), at=at)


def moves_of(refund: Obligation) -> list[str]:
    """Return where a refund has been, as its timeline tells."""
    rows = Move.objects.filter(matter_kind="refund", matter_id=refund.pk).order_by("pk")
    return list(rows.values_list("after", flat=True))
