"""Walk the applications, a person's matter and a wish for another plan, by the real services.

Each walk is one transaction: it has happened as a whole, or not at all and is walked again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO

from django.db import transaction

from casework import letters
from casework.opinions import Verdict
from config.demo.deferring.stories import (
    ANOTHER_PLAN,
    BY_KEY,
    FOUND_TRUE,
    GROUNDS,
    PERSON,
    Goal,
    Walk,
)
from config.demo.deferring.timeline import Timeline, timeline
from config.demo.people import MAIL_DOMAIN, OWNERS
from config.demo.steps import Town, Unexpected
from config.demo.walks import officer_named
from deferral.answers import YES, Step
from deferral.hardship import hardship
from deferral.models import Agreement, Application, PersonMatter, PlanChange
from deferral.queries.standing import standing
from deferral.schedule import monthly, once
from deferral.services import (
    deciding,
    drafting,
    handing_in,
    people,
    plan_changes,
    reviewing,
    taking_in,
)
from deferral.workflow import PersonState
from registry import months
from registry.models import Employer, Membership, Officer
from relief.models import DeclarationLine, Insurance

#: Who works on an application, by whether the unit is the city's: intake, report, opinions.
_OFFICERS: Mapping[bool, Mapping[str, str]] = {
    True: {
        "intake": "city-handler",
        "FINANCE": "finance-bureau",
        "TAX": "tax-bureau",
        "ECONOMY": "economy-bureau",
    },
    False: {
        "intake": "east-hr",
        "report": "east-hr-head",
        "FINANCE": "east-finance",
        "TAX": "east-tax",
        "ECONOMY": "east-economy",
    },
}
_DECIDES = "hr-bureau"


def owner_of(employer: Employer) -> Membership:
    """Return the owner's membership of a unit of these stories."""
    names = [who.username for who in OWNERS if who.story in BY_KEY]
    return Membership.objects.select_related("user", "employer").get(
        employer=employer, user__username__in=names, user__email__endswith=f"@{MAIL_DOMAIN}"
    )


@cache
def _page(title: str, whose: str, day: str) -> bytes:
    at = datetime.fromisoformat(day)
    facts = {"title": title, "from": whose}
    return letters.compose("config/demo/deferring/paper.typ", sheet={}, facts=facts, at=at)


@dataclass
class Apply:
    """Take the application of one unit as far as its story has come."""

    walk: Walk

    @property
    def title(self) -> str:
        return f"缓缴：{BY_KEY[self.walk.story].name}"

    def done(self, town: Town) -> bool:
        employer = town.employers.get(self.walk.story)
        return Application.objects.filter(employer=employer).exists()

    @transaction.atomic
    def do(self, town: Town) -> str:
        way = _Way(self.walk, town.employers[self.walk.story], timeline(town.clock()))
        way.go()
        state = Application.objects.get(pk=way.application.pk).get_state_display()
        return str(state)


class _Way:
    """One application on its way; each step takes the next day of its story."""

    def __init__(self, walk: Walk, employer: Employer, days: Timeline) -> None:
        self.walk, self.employer, self.timeline = walk, employer, days
        self.days = iter(walk.days)
        self.is_city = employer.district.is_city
        self.member = owner_of(employer)
        self.at = days.at(walk.days[0], 9)
        self.application = drafting.begin(member=self.member, at=self.at)

    def officer(self, part: str) -> Officer:
        return officer_named(_OFFICERS[self.is_city][part])

    def next_day(self, hour: int, minute: int = 0) -> datetime:
        self.at = self.timeline.at(next(self.days), hour, minute)
        return self.at

    def go(self) -> None:
        pk, goal = self.application.pk, self.walk.goal
        at = self.next_day(9)
        self.fill_in(at)
        self.application.refresh_from_db()
        handing_in.submit(
            application_id=pk,
            member=self.member,
            version=self.application.version,
            undertaking=hardship().undertaking.version,
            at=self.timeline.at(self.walk.days[0], 10, 20),
        )
        if goal is Goal.SUBMITTED:
            return
        taking_in.accept(application_id=pk, by=self.officer("intake"), at=self.next_day(9, 40))
        asked = {Goal.ASKED: 0, Goal.TWO_OPINIONS: 2}.get(goal, len(GROUNDS))
        for number, kind in enumerate(list(GROUNDS)[:asked]):
            self.opinion(kind, at=self.next_day(14, 10 * number))
        if goal in (Goal.ASKED, Goal.TWO_OPINIONS):
            return
        if not self.is_city:
            reviewing.report(
                application_id=pk, note="", by=self.officer("report"), at=self.next_day(15)
            )
        if goal is Goal.FOR_DECISION:
            return
        deciding.decide(
            application_id=pk,
            grant=True,
            findings={"test": True} | {found.code: True for found in hardship().findings},
            reason=FOUND_TRUE,
            by=officer_named(_DECIDES),
            at=self.next_day(16),
        )
        if goal is Goal.AGREED:
            deciding.sign_agreement(application_id=pk, member=self.member, at=self.next_day(11))

    def fill_in(self, at: datetime) -> None:
        walk, first = self.walk, self.timeline.first
        said = {"test_ground": walk.cash}
        for code, (ground, figure) in (walk.said or {}).items():
            said |= {f"{code}_holds": YES, f"{code}_ground": ground, f"{code}_figure": figure}
        self.save(Step.HARDSHIP, said, at)
        wanted = {
            "insurances": list(Insurance.values),
            "from": months.label(first),
            "to": months.label(self.timeline.month(walk.last)),
            "employee_part": False,
        }
        self.save(Step.MONTHS, wanted, at)
        amount = handing_in.checked(self.application, self.employer, today=at.date()).amount
        ends_on = months.last_day(self.timeline.month(walk.ends))
        next_month = months.after(months.first_of(at.date()))
        rows = (
            once(amount, on=ends_on)
            if walk.plan == "once"
            else monthly(amount, first=next_month, ends_on=ends_on)
        )
        lines = [[row.due_on.isoformat(), str(row.amount)] for row in rows]
        self.save(Step.PLAN, {"kind": walk.plan, "lines": lines}, at)
        for paper in hardship().papers:
            if not paper.only_with_employee_part:
                drafting.attach(
                    application_id=self.application.pk,
                    member=self.member,
                    paper=paper.code,
                    file=BytesIO(_page(paper.title, self.employer.name, at.date().isoformat())),
                    name=f"{paper.title}.pdf",
                    at=at,
                )

    def save(self, step: Step, data: Mapping[str, object], at: datetime) -> None:
        self.application.refresh_from_db()
        drafting.save_step(
            application_id=self.application.pk,
            member=self.member,
            step=step,
            data=data,
            version=self.application.version,
            at=at,
        )
        self.application.refresh_from_db()

    def opinion(self, kind: str, *, at: datetime) -> None:
        by = self.officer(kind)
        day = at.date()
        reviewing.give_opinion(
            application_id=self.application.pk,
            by=by,
            verdict=Verdict.AGREE,
            grounds=GROUNDS[kind],
            conditions="",
            document_number=f"演示函〔{day.year}〕{BY_KEY[self.walk.story].number}号",
            document_date=day,
            file=BytesIO(_page("书面意见", by.agency.name, day.isoformat())),
            file_name="书面意见.pdf",
            at=at,
        )


class Retire:
    """Open the matter of somebody who retires while their unit defers."""

    title = "一人一事：一位职工退休"

    def done(self, town: Town) -> bool:
        return PersonMatter.objects.filter(employer=town.employers.get(PERSON[0])).exists()

    def do(self, town: Town) -> str:
        employer = town.employers[PERSON[0]]
        days = timeline(town.clock())
        lines = DeclarationLine.objects.filter(
            employer=employer, month=days.first, replaced_by__isnull=True
        )
        # The number holds the day of birth: the eldest.
        eldest = min(lines, key=lambda line: line.person_id[6:14])
        matter = people.begin(
            application_id=Application.objects.get(employer=employer).pk,
            kind=Insurance.PENSION.value,
            person_id=eldest.person_id,
            happened_on=days.days[PERSON[1]],
            by=owner_of(employer),
            at=days.at(PERSON[1], 9, 30),
        )
        return f"{matter.receipt}，{matter.get_state_display()}"


class Settle:
    """Make the payment over to the matter that waits for it, as the worker does."""

    title = "一人一事：款项到账"

    def _matter(self, town: Town) -> PersonMatter | None:
        """The matter of the story: one that a visitor opens later waits for its own money."""
        rows = PersonMatter.objects.filter(employer=town.employers.get(PERSON[0]))
        return rows.order_by("pk").first()

    def done(self, town: Town) -> bool:
        matter = self._matter(town)
        # Once paid, people take it on: also back to waiting for other amounts.
        return matter is not None and (
            matter.state != PersonState.TO_PAY or matter.payments.exists()
        )

    def do(self, town: Town) -> str:
        matter = self._matter(town)
        assert matter is not None
        at = timeline(town.clock()).at(PERSON[3], 9, 10)
        if people.settle(matter_ids=[matter.pk], at=at) != 1:
            raise Unexpected("一人一事的缴款没有匹配上")
        return "待办结"


class AskForAnotherPlan:
    """Ask for monthly instalments instead of one payment at the end."""

    title = "缓缴：申请变更补缴计划"

    def done(self, town: Town) -> bool:
        employer = town.employers.get(ANOTHER_PLAN[0])
        return PlanChange.objects.filter(agreement__application__employer=employer).exists()

    def do(self, town: Town) -> str:
        employer = town.employers[ANOTHER_PLAN[0]]
        at = timeline(town.clock()).at(ANOTHER_PLAN[1], 10)
        agreement = Agreement.objects.select_related("application").get(
            application__employer=employer
        )
        [now] = standing([agreement], at.date())
        next_month = months.after(months.first_of(at.date()))
        change = plan_changes.ask(
            application_id=agreement.application_id,
            member=owner_of(employer),
            plan=monthly(now.open, first=next_month, ends_on=agreement.ends_on),
            reason=ANOTHER_PLAN[2],
            at=at,
        )
        return f"{len(change.lines)} 期"
