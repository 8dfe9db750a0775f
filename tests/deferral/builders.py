"""Units that can't pay, and applications walked to where a test begins."""

from datetime import date, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

from casework.opinions import Verdict
from deferral.answers import Step
from deferral.hardship import hardship
from deferral.models import Agreement, Application
from deferral.services import deciding, drafting, handing_in, reviewing, taking_in
from registry.models import Agency, Employer, Membership, Officer, Post
from relief.models import Insurance
from tests.factories import make_agency, make_member, make_officer
from tests.relief.builders import declare, recalculate, sized_employer

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: A Friday: March is due at its end, so March can still be deferred.
AT = datetime(2020, 3, 20, 10, 0, tzinfo=SHANGHAI)
TODAY = date(2020, 3, 20)
MARCH, MAY = date(2020, 3, 1), date(2020, 5, 1)
EVERY_FINDING = {"test": True} | {found.code: True for found in hardship().findings}
CITY, COUNTY = "510400", "510402"


def pdf(text: str = "x") -> BytesIO:
    return BytesIO(f"%PDF-1.4\n{text}\n%%EOF\n".encode())


def unit(district: str = COUNTY, *, size: str = "LARGE") -> Employer:
    """A unit with March declared and assessed: large, so half of it is left to be paid."""
    employer = sized_employer(size, district=district)
    declare(employer, MARCH, ("10000.00", "10000.00"))
    recalculate(date(2020, 3, 20))
    return employer


def office(kind: str, district: str, *, post: str = Post.OPINION) -> Officer:
    return make_officer(post, agency=agency(kind, district))


def agency(kind: str, district: str) -> Agency:
    return make_agency(kind, district=district)


def fill_in(
    application: Application,
    member: Membership,
    *,
    at: datetime = AT,
    first: str = "2020-03",
    last: str = "2020-05",
    employee_part: bool = False,
    insurances: tuple[str, ...] = tuple(Insurance.values),
    ends_on: date = date(2020, 12, 31),
) -> Application:
    """Answer every step and put in every paper that follows from the answers."""
    rules = hardship()
    found = {
        f"{each.code}_{key}": value
        for each in rules.findings
        for key, value in (("holds", "yes"), ("ground", "疫情停工"), ("figure", "10"))
    }
    steps = {
        Step.HARDSHIP: {"test_ground": "账上只够发一个月工资", **found},
        Step.MONTHS: {
            "insurances": list(insurances),
            "from": first,
            "to": last,
            "employee_part": employee_part,
        },
    }
    for step, data in steps.items():
        application.refresh_from_db()
        drafting.save_step(
            application_id=application.pk,
            member=member,
            step=step,
            data=data,
            version=application.version,
            at=at,
        )
    application.refresh_from_db()
    checked = handing_in.checked(application, application.employer, today=at.date())
    drafting.save_step(
        application_id=application.pk,
        member=member,
        step=Step.PLAN,
        data={"kind": "once", "lines": [[ends_on.isoformat(), str(checked.amount)]]},
        version=application.version,
        at=at,
    )
    papers = [
        paper.code for paper in rules.papers if employee_part or not paper.only_with_employee_part
    ]
    for code in papers:
        drafting.attach(
            application_id=application.pk,
            member=member,
            paper=code,
            file=pdf(code),
            name=f"{code}.pdf",
            at=at,
        )
    application.refresh_from_db()
    return application


def draft(district: str = COUNTY, **filled: object) -> tuple[Application, Membership]:
    member = make_member(unit(district))
    return fill_in(drafting.begin(member=member, at=AT), member, **filled), member


def submit(application: Application, member: Membership, *, at: datetime = AT) -> Application:
    application.refresh_from_db()
    handing_in.submit(
        application_id=application.pk,
        member=member,
        version=application.version,
        undertaking=hardship().undertaking.version,
        at=at,
    )
    application.refresh_from_db()
    return application


class Walk:
    """One application with everybody who works on it."""

    def __init__(self, district: str = COUNTY, **filled: object) -> None:
        self.application, self.member = draft(district, **filled)
        self.district = district
        self.is_city = district == CITY
        if self.is_city:
            self.taker = office("SOCIAL_INSURANCE", CITY, post=Post.HANDLER)
        else:
            self.taker = office("HR", district)
            self.reporter = office("HR", district)
        self.departments = {kind: office(kind, district) for kind in ("FINANCE", "TAX", "ECONOMY")}
        self.decider = office("HR", CITY)
        self.at = AT

    @property
    def state(self) -> str:
        self.application.refresh_from_db()
        return self.application.state

    def later(self, days: int = 1) -> datetime:
        self.at += timedelta(days=days)
        return self.at

    def submit(self) -> "Walk":
        submit(self.application, self.member, at=self.at)
        return self

    def accept(self) -> "Walk":
        taking_in.accept(application_id=self.application.pk, by=self.taker, at=self.at)
        return self

    def opinion(
        self, kind: str, verdict: Verdict = Verdict.AGREE, grounds: str = "情况属实"
    ) -> "Walk":
        reviewing.give_opinion(
            application_id=self.application.pk,
            by=self.departments[kind],
            verdict=verdict,
            grounds=grounds,
            conditions="按月报告" if verdict is Verdict.CONDITIONS else "",
            document_number=f"{kind}〔2020〕1号",
            document_date=self.at.date(),
            file=pdf(kind),
            file_name="意见.pdf",
            at=self.at,
        )
        return self

    def opinions(self) -> "Walk":
        for kind in self.departments:
            self.opinion(kind)
        return self

    def report(self) -> "Walk":
        if not self.is_city:
            reviewing.report(
                application_id=self.application.pk, note="", by=self.reporter, at=self.at
            )
        return self

    def decide(self, *, grant: bool = True, reason: str = "", by: Officer | None = None) -> "Walk":
        deciding.decide(
            application_id=self.application.pk,
            grant=grant,
            findings=EVERY_FINDING,
            reason=reason,
            by=by or self.decider,
            at=self.at,
        )
        return self

    def agree(self) -> Agreement:
        return deciding.sign_agreement(
            application_id=self.application.pk, member=self.member, at=self.at
        )

    def to_decision(self) -> "Walk":
        return self.submit().accept().opinions().report()
