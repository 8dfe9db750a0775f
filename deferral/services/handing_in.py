"""An application signed and handed in, again after a one-time notice, or withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from casework import queries_matter as matter
from casework import services as casework
from casework.services import clocks, freezes, opinions, supplements
from casework.services.matters import Actor
from deferral import answers as filled
from deferral import offices, routes
from deferral.answers import Progress, Step
from deferral.content import Line, digest
from deferral.hardship import hardship
from deferral.models import Application, Submission, SubmittedLine
from deferral.queries.amounts import Picture, Place, picture
from deferral.schedule import BadPlan, check
from deferral.services.drafting import KIND, may_withdraw
from deferral.services.moving import NotYours, StaleForm, locked_for, move
from deferral.workflow import Action, State, next_state
from registry import months, scope
from registry import queries as registry_queries
from registry.models import Employer, Membership
from registry.money import total


class NotReady(Exception):
    """Something is missing or doesn't fit; `problems` says what, in Chinese."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("；".join(problems))


class NoUndertaking(Exception):
    """The undertaking isn't agreed to, or its wording has changed meanwhile."""


@dataclass(frozen=True)
class Checked:
    """An application as it would be handed in today: its lines, what is wrong, how far it is."""

    picture: Picture
    places: tuple[Place, ...]
    progress: dict[Step, Progress]
    problems: tuple[str, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """The months and insurances asked for."""
        return tuple(place.line for place in self.places)

    @property
    def amount(self) -> Decimal:
        """Both parts of everything asked for, in yuan."""
        return total(line.amount for line in self.lines)

    @property
    def pay_by(self) -> date | None:
        """The latest day by which all has to be paid."""
        return self.picture.pay_by(self.places)


def checked(application: Application, employer: Employer, *, today: date) -> Checked:
    """Return an application as it would be handed in today. Reads only."""
    rules = hardship()
    found = picture(employer.pk, today, arrears_clause=rules.arrears_clause)
    answers = application.answers
    want = filled.wanted(answers)
    places: tuple[Place, ...] = ()
    problems = []
    if want is not None:
        chosen = found.chosen(want.insurances, want.months, employee_part=want.employee_part)
        places = tuple(place for place in chosen if place.can)
        problems += _of_months(found, chosen, want, places)
    plan_wrong = _plan_wrong(answers, places, found, today=today) if places else "先选择月份"
    attached = {each.slot for each in matter.attachments_of(KIND, application.pk)}
    progress = filled.progress(answers, rules, attached=attached, plan_wrong=plan_wrong)
    for step, how in progress.items():
        if how is not Progress.DONE:
            why = f"：{plan_wrong}" if step is Step.PLAN and plan_wrong else ""
            problems.append(f"“{step.label}”还没有完成{why}")
    unit_type = unit_type_of(employer, today)
    if unit_type not in rules.unit_types:
        problems.append(f"{unit_type}不在缓缴范围内（{rules.units_clause}）")
    elif missing := filled.unmet(answers, rules, unit_type):
        problems.append(f"五种困难情形须同时具备，还缺：{'、'.join(missing)}")
    return Checked(found, places, progress, tuple(problems))


def unit_type_of(employer: Employer, day: date) -> str:
    """Return a unit's registered type on a day, in Chinese; empty where nothing is known."""
    terms = registry_queries.terms_in_force(employer, month=months.first_of(day))
    return str(terms.get_unit_type_display()) if terms else ""


def _of_months(
    found: Picture, chosen: Sequence[Place], want: filled.Wanted, places: Sequence[Place]
) -> list[str]:
    problems = [
        f"{place.line.month.year}年{place.line.month.month}月不能缓缴：{place.why_not}"
        for place in chosen
        if not place.can and place.why_not != "没有要缴的金额"
    ]
    if not places:
        problems.append("所选月份没有可以缓缴的金额")
    most = found.too_many({place.line.month for place in places}, places)
    if most is not None:
        problems.append(f"累计缓缴不能超过 {most} 个月")
    if want.employee_part and any(p.rule and not p.rule.employee_part for p in places):
        problems.append("个人部分不能缓缴")
    return list(dict.fromkeys(problems))


def _plan_wrong(
    answers: filled.Answers, places: Sequence[Place], found: Picture, *, today: date
) -> str | None:
    rows = filled.plan(answers)
    if not rows:
        return None
    latest = found.pay_by(places)
    assert latest is not None
    amount = total(place.line.amount for place in places)
    try:
        check(rows, amount=amount, after=today, latest=latest)
    except BadPlan as wrong:
        return str(wrong)
    return None


@transaction.atomic
def submit(
    *,
    application_id: int,
    member: Membership,
    version: int,
    undertaking: str,
    at: datetime,
) -> Submission:
    """Sign and hand in, for the first time or after a one-time notice.

    Amounts are those of today's assessments. Handing in the same version twice makes one round.

    :param version: of the application as it was shown to the signer.
    :raises NotYours: if the member may not sign for the unit.
    :raises StaleForm: if it was changed after it was shown.
    :raises NoUndertaking: if today's wording isn't agreed to.
    :raises NotReady: if something is missing or doesn't fit any more.
    :raises IllegalMove: if it can't be handed in.
    :raises freezes.Frozen: if applications are held back today.
    """
    application = locked_for(application_id, member)
    if not scope.may_sign(member):
        raise NotYours("请由单位管理员或签署人签署提交。")
    again = application.state == State.SUPPLEMENT
    action = Action.RESUBMIT if again else Action.SUBMIT
    next_state(State(application.state), action)  # what can't be handed in is said first
    freezes.check(freezes.Held.SUBMISSIONS, at=at)
    if application.version != version:
        raise StaleForm("这件申请在您查看之后又改过。请重新核对后再签署。")
    if undertaking != hardship().undertaking.version:
        raise NoUndertaking("请阅读承诺内容并勾选，再提交申请。")
    employer = application.employer
    today = timezone.localdate(at)
    found = checked(application, employer, today=today)
    if found.problems:
        raise NotReady(found.problems)
    preparer = application.asked_by or application.prepared_by
    made = write_round(
        application,
        found.lines,
        prepared=casework.member(preparer).name,
        signer=member,
        undertaking=undertaking,
        at=at,
    )
    application.route = offices.route_code(employer)
    application.submitted_at = application.submitted_at or at
    application.reason = ""
    if again:
        supplements.answered(kind=KIND, matter_id=application.pk, at=at)
        clocks.resume(kind=KIND, matter_id=application.pk, at=at)
    move(application, action, by=casework.member(member), at=at)
    start_intake(application, at=at)
    return made


def write_round(
    application: Application,
    lines: Sequence[Line],
    *,
    prepared: str,
    signer: Membership | None,
    undertaking: str,
    at: datetime,
    by: Actor | None = None,
) -> Submission:
    """Write the next round: content, digest, amounts. What was asked about the last one is void."""
    application.round += 1
    papers = [(each.slot, each.file.sha256) for each in matter.attachments_of(KIND, application.pk)]
    plan = filled.plan(application.answers)
    opinions.void(
        kind=KIND, matter_id=application.pk, reason="申请内容已变更，请按新内容重新出具意见", at=at
    )
    who = by or (casework.member(signer) if signer else casework.SYSTEM)
    made = Submission.objects.create(
        application=application,
        round=application.round,
        answers=application.answers,
        content=digest(application.answers, lines, papers),
        papers=[list(paper) for paper in papers],
        employer_total=total(line.employer_part for line in lines),
        employee_total=total(line.employee_part for line in lines),
        ends_on=plan[-1].due_on,
        prepared_name=prepared[:100],
        signed_by=signer,
        signed_name=who.name[:100],
        undertaking=undertaking,
        at=at,
    )
    SubmittedLine.objects.bulk_create(
        SubmittedLine(
            submission=made,
            month=line.month,
            insurance=line.insurance,
            employer_part=line.employer_part,
            employee_part=line.employee_part,
            assessment_id=line.assessment,
            ordinary_due=line.ordinary_due,
        )
        for line in lines
    )
    return made


def start_intake(application: Application, *, at: datetime) -> None:
    """Start the clock of the office that takes applications in."""
    route = routes.named(application.route, timezone.localdate(at))
    clocks.start(
        kind=KIND,
        matter_id=application.pk,
        step="intake",
        agency_id=offices.of_office(application.employer, route.intake).pk,
        working_days=route.intake.working_days,
        clause=route.terms_clause,
        at=at,
    )


@transaction.atomic
def withdraw(*, application_id: int, member: Membership, reason: str, at: datetime) -> Application:
    """Take an application back, or drop a draft; what was handed in stays readable.

    :raises NotYours: if the member may not.
    :raises IllegalMove: if it is decided or in force.
    """
    application = locked_for(application_id, member)
    if not may_withdraw(application, member):
        raise NotYours("已提交的申请，请由单位管理员或签署人撤回。")
    opinions.void(kind=KIND, matter_id=application.pk, reason="单位已撤回申请", at=at)
    clocks.stop(kind=KIND, matter_id=application.pk, at=at)
    supplements.answered(kind=KIND, matter_id=application.pk, at=at)
    move(application, Action.WITHDRAW, by=casework.member(member), at=at, note=reason.strip())
    return application
