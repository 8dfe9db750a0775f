"""Whatever happens to an agreement in whatever order, the sums hold and the fees are a day-by-day count."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deferral.models import Agreement
from deferral.queries.standing import Standing
from deferral.schedule import Instalment
from deferral.services import early_ends, following, people, plan_changes
from deferral.workflow import AgreementState, PersonState
from registry import months
from relief.models import DeclarationLine, Insurance, LaterDueDate, Payment
from relief.queries import late_fees
from tests import soaking
from tests.deferral.builders import COUNTY, MARCH, Walk
from tests.deferral.test_early_ends import handler
from tests.deferral.test_following import now, on
from tests.relief.builders import declare, make_size, pay, post_facts, recalculate

pytestmark = pytest.mark.django_db

LAST = date(2020, 8, 1)
#: The day on which the relief of large units was prolonged from June to December 2020.
EXTENDED = date(2020, 7, 20)
DAILY = Decimal("0.0005")
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["pay", "size", "declare", "person", "plan", "extend", "end", "again"]),
        st.integers(1, 250_000),
        st.sampled_from(Insurance.values),
    ),
    min_size=1,
    max_size=8,
)


class Story:
    """An agreement over six months, with the day it is."""

    def __init__(self) -> None:
        self.walk = Walk(first="2020-03", last="2020-08").to_decision().decide()
        self.agreement: Agreement = self.walk.agree()
        self.employer = self.walk.application.employer
        self.day = date(2020, 4, 2)
        self.taken_out = 0

    def month(self, size: int) -> date:
        past = [m for m in months.span(MARCH, LAST) if m < self.day.replace(day=1)]
        return past[size % len(past)]

    def happens(self, kind: str, size: int, fund: str) -> None:
        before = now(self.agreement, self.day)
        getattr(self, f"_{kind}")(size, fund, before)
        self.agreement.refresh_from_db()
        self.day += timedelta(days=6)

    def _pay(self, size: int, fund: str, _before: Standing) -> None:
        pay(
            self.employer,
            str(Decimal(size) / 100),
            insurance=fund,
            month=self.month(size),
            arrived_on=self.day,
        )

    def _size(self, size: int, _fund: str, _before: Standing) -> None:
        make_size(self.employer, "SMALL" if size % 2 else "LARGE", dated=self.day)
        recalculate(self.day)

    def _declare(self, size: int, _fund: str, _before: Standing) -> None:
        declare(self.employer, self.month(size), (f"{4000 + size % 9000}.37", "5000.00"))
        recalculate(self.day)

    def _extend(self, _size: int, _fund: str, _before: Standing) -> None:
        if self.day < EXTENDED:
            self.day = EXTENDED + timedelta(days=5)
        recalculate(self.day)

    def _again(self, _size: int, _fund: str, before: Standing) -> None:
        at = on(self.day)
        following.settle(agreement_ids=[self.agreement.pk], at=at)
        following.settle(agreement_ids=[self.agreement.pk], at=at)
        assert now(self.agreement, self.day).lines == before.lines

    def _plan(self, size: int, _fund: str, before: Standing) -> None:
        if self.agreement.state != AgreementState.IN_FORCE or not before.open:
            return
        first = before.open * (size % 100) / 100
        first = first.quantize(Decimal("0.01"))
        rows = [
            Instalment(date(2020, 11, 15), first),
            Instalment(self.agreement.ends_on, before.open - first),
        ]
        change = plan_changes.ask(
            application_id=self.walk.application.pk,
            member=self.walk.member,
            plan=rows,
            reason="另排",
            at=on(self.day),
        )
        plan_changes.decide(
            change_id=change.pk, grant=True, answer="", by=handler(), at=on(self.day)
        )
        after = now(self.agreement, self.day)
        assert (after.due, after.paid, after.open) == (before.due, before.paid, before.open)

    def _person(self, size: int, _fund: str, before: Standing) -> None:
        line = (
            DeclarationLine.objects.filter(employer=self.employer, replaced_by__isnull=True)
            .order_by("month", "row")
            .last()
        )
        assert line is not None
        try:
            matter = people.begin(
                application_id=self.walk.application.pk,
                kind="transfer" if size % 2 else "pension",
                person_id=line.person_id,
                happened_on=self.day,
                by=self.walk.member,
                at=on(self.day),
            )
        except (people.NotInvolved, people.NotAssessed):
            return
        asked = Decimal(0)
        for row in matter.lines.filter(round=matter.round):
            asked += row.employer_part + row.employee_part
            if row.employer_part:
                Payment.objects.create(
                    employer=self.employer,
                    month=row.month,
                    insurance=row.insurance,
                    employer_amount=row.employer_part,
                    employee_amount=0,
                    arrived_on=self.day,
                    voucher=f"P{matter.pk}-{row.pk}",
                )
        post_facts(self.employer)
        people.settle(matter_ids=[matter.pk], at=on(self.day))
        matter.refresh_from_db()
        assert matter.state in (PersonState.PAID, PersonState.CERTIFIED)
        assert before.open - now(self.agreement, self.day).open == asked
        self.taken_out += 1

    def _end(self, _size: int, _fund: str, before: Standing) -> None:
        if self.agreement.state not in (AgreementState.IN_FORCE, AgreementState.OVERDUE):
            return
        shown = early_ends.preview(self.agreement, "asked", day=self.day)
        end = early_ends.propose(
            application_id=self.walk.application.pk,
            ground="asked",
            reason="自愿",
            document="1号",
            successor=None,
            content=shown.content,
            by=handler(),
            at=on(self.day),
        )
        early_ends.decide(
            early_end_id=end.pk, grant=True, answer="", by=self.walk.decider, at=on(self.day)
        )
        assert shown.open == before.open


def check(story: Story, as_of: date) -> None:
    found = now(story.agreement, as_of)
    assert found.due == found.paid + found.open
    assert sum(row.amount for row in found.instalments) == found.due
    assert sum(row.paid for row in found.instalments) == found.paid
    fees: dict[tuple[date, str], Decimal] = {}
    for fee in late_fees.late_fees(as_of, employer_ids=[story.employer.pk]):
        key = fee.month, fee.insurance.value
        fees[key] = fees.get(key, Decimal(0)) + fee.fee
    for line in found.lines:
        key = line.month, line.insurance
        counted = day_by_day(story, line.month, line.insurance, line.employer_due, as_of)
        # One rounding for each part that was late: parts here, days there.
        assert abs(fees.get(key, Decimal(0)) - counted) <= Decimal("0.05")


def day_by_day(story: Story, month: date, insurance: str, due: Decimal, as_of: date) -> Decimal:
    """Count what is open at the end of each late day, with nothing of the program's own counting."""
    later = (
        LaterDueDate.objects.filter(
            employer=story.employer, month=month, insurance=insurance, decided_on__lte=as_of
        )
        .order_by("pk")
        .last()
    )
    until = later.due_on if later is not None and later.due_on else months.last_day(month)
    paid = [
        (row.arrived_on, row.employer_amount)
        for row in Payment.objects.filter(employer=story.employer, month=month, insurance=insurance)
    ]
    fee = Decimal(0)
    day = until + timedelta(days=1)
    while day <= as_of:
        open_ = due - sum((amount for arrived, amount in paid if arrived <= day), Decimal(0))
        if open_ > 0:
            fee += open_ * DAILY
        day += timedelta(days=1)
    return fee.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.timeout(600)
@settings(max_examples=soaking.times(400, 10), deadline=None)
@given(events=EVENTS, asked_after=st.integers(0, 300))
def test_whatever_happens_the_book_the_plan_and_the_fees_agree(events, asked_after):
    story = Story()
    for kind, size, fund in events:
        story.happens(kind, size, fund)
    check(story, story.day + timedelta(days=asked_after))
    assert story.employer.district_id == COUNTY
