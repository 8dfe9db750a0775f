"""What the portal and the desk show of an application alike."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse

from casework import queries as casework_queries
from casework import queries_matter as matter
from casework.views.letters import letter_file
from deferral import answers as filled
from deferral.answers import Progress, Step
from deferral.hardship import hardship
from deferral.models import Agreement, Application, PersonMatter, Submission
from deferral.people_data import people as people_rules
from deferral.queries import applications
from deferral.queries.standing import standing
from deferral.schedule import Kind
from deferral.services import handing_in, letters, people_letters, statements
from deferral.views.changes import change_rows
from deferral.words import hardship_rows
from deferral.workflow import AgreementState, ChangeState
from registry.money import total
from relief.policy import Insurance
from relief.queries.policies import policy_as_of

_PAGES = {
    Step.HARDSHIP: "portal_deferrals:hardship",
    Step.MONTHS: "portal_deferrals:months",
    Step.PLAN: "portal_deferrals:plan",
    Step.PAPERS: "portal_deferrals:papers",
}
#: Insurances as they are always named.
_ORDER = {each.value: place for place, each in enumerate(Insurance)}
_TONES = {
    Progress.NOT_YET: "quiet",
    Progress.TODO: "wait",
    Progress.STARTED: "busy",
    Progress.DONE: "good",
}


def plan_context(answers: filled.Answers) -> dict[str, Any]:
    """Return a plan for its table."""
    rows = filled.plan(answers)
    said = answers.get(Step.PLAN.value)
    return {
        "plan": rows,
        "plan_kind": Kind(said["kind"]).label if said else "",
        "plan_total": total(row.amount for row in rows),
    }


def review_context(application: Application, *, today: date) -> dict[str, Any]:
    """Return a draft with how far each step is, and everything that was filled in."""
    found = handing_in.checked(application, application.employer, today=today)
    notice = matter.open_supplement(application.KIND, application.pk)
    named = {item.target: item for item in (notice.items.all() if notice else ())}
    rules = hardship()
    files = matter.attachments_of(application.KIND, application.pk)
    return {
        "application": application,
        "found": found,
        "steps": [
            {
                "step": step,
                "how": how,
                "tone": _TONES[how],
                "page": _PAGES[step],
                "open": how is not Progress.NOT_YET,
            }
            for step, how in found.progress.items()
        ],
        "problems": found.problems,
        "lines": lines_of(found.lines),
        "sums": sums_of(found.lines),
        "hardship_rows": hardship_rows(application.answers),
        "papers": [
            (paper, [file for file in files if file.slot == paper.code])
            for paper in filled.papers_asked(application.answers, rules)
        ],
        "notice": notice,
        "notes": list(named.values()),
        "employee_part": bool(
            (application.answers.get(Step.MONTHS.value) or {}).get("employee_part")
        ),
        **plan_context(application.answers),
    }


def lines_of(lines: Any) -> list[dict[str, Any]]:
    """Return lines by month with the insurance's name, for a table."""
    return [
        {
            "month": line.month,
            "label": Insurance(line.insurance).label,
            "employer_part": line.employer_part,
            "employee_part": line.employee_part,
            "amount": line.employer_part + line.employee_part,
            "ordinary_due": line.ordinary_due,
            "assessed": _assessed(line),
        }
        for line in sorted(lines, key=lambda line: (line.month, _ORDER[line.insurance]))
    ]


def _assessed(line: Any) -> bool:
    # A stored row has the key at hand; what is computed has nothing else.
    known = line.assessment_id if hasattr(line, "assessment_id") else line.assessment
    return known is not None


def sums_of(lines: Any) -> dict[str, Any]:
    """Return the totals of lines, in yuan."""
    employer = total(line.employer_part for line in lines)
    employee = total(line.employee_part for line in lines)
    return {"employer": employer, "employee": employee, "amount": employer + employee}


def round_context(submission: Submission) -> dict[str, Any]:
    """Return what was handed in in a round, for offices and the unit."""
    lines = list(submission.lines.all())
    return {
        "lines": lines_of(lines),
        "sums": sums_of(lines),
        "hardship_rows": hardship_rows(submission.answers),
        "employee_part": bool(submission.answers[Step.MONTHS.value]["employee_part"]),
        **plan_context(submission.answers),
    }


def letter_answer(application: Application, kind: str) -> HttpResponse:
    """Return one of an application's letters for download.

    :raises Http404: if there is no such letter.
    """
    try:
        letter = letters.letter_of(application_id=application.pk, kind=kind)
    except letters.NoLetter as nothing:
        raise Http404 from nothing
    return letter_file(letter, name=f"deferral-{kind}-{application.receipt}")


def progress_context(application: Application, *, today: date) -> dict[str, Any]:
    """Return where an application is, who has it, how long still, and what is to be done."""
    shown = applications.shown(application, today=today)
    standing = [request for request in shown.requests if request.voided_at is None]
    context: dict[str, Any] = {
        "application": application,
        "shown": shown,
        "standing": [
            (request, matter.said(request), _clock_of(shown, request.agency_id))
            for request in standing
        ],
        "voided": [
            (request, matter.said(request))
            for request in shown.requests
            if request.voided_at is not None
        ],
        "timeline": applications.timeline(application),
        "today": today,
        "remedy": hardship().remedy,
        "letters": letters.available(application) if application.round else [],
    }
    if shown.submission is not None:
        context |= round_context(shown.submission)
        context["changes"] = (
            change_rows(shown.former.answers, shown.submission.answers) if shown.former else []
        )
    return context


def _clock_of(shown: applications.Shown, agency_id: int) -> Any:
    running = [each for each in shown.clocks if each.clock.agency_id == agency_id]
    return running[-1] if running else None


def daily_fee(month: date, today: date) -> Decimal:
    """Return the daily late fee of a month as published by today, as a ratio."""
    return policy_as_of(today).late_fee_rate(month).daily


def agreement_context(application: Application, *, today: date) -> dict[str, Any]:
    """Return the agreement of an application, signed or to be signed."""
    context = progress_context(application, today=today)
    agreement = Agreement.objects.filter(application=application).first()
    context["agreement"] = agreement
    if agreement is not None:
        (found,) = standing([agreement], today)
        context["standing_now"] = found
        context["standing_lines"] = [
            (line, Insurance(line.insurance).label)
            for line in sorted(found.lines, key=lambda line: (line.month, _ORDER[line.insurance]))
        ]
        context["missed"] = found.missed(today)
        context["next_due"] = found.next_due(today)
        context["people"] = list(agreement.people.order_by("-pk"))
        asked = agreement.plan_changes.filter(state=ChangeState.ASKED)
        context["pending_change"] = asked.first()
        context["may_change_plan"] = (
            agreement.state == AgreementState.IN_FORCE and found.open and not asked
        )
        context["ended"] = agreement.early_ends.filter(state=ChangeState.GRANTED).first()
    context["daily"] = daily_fee(
        application.submissions.latest("round").lines.all()[0].month, today
    )
    return context


def person_context(one: PersonMatter, *, today: date) -> dict[str, Any]:
    """Return one person's matter: what is to be paid, what it does to the balance, how far it is."""
    rows = list(one.lines.filter(round=one.round))
    rows.sort(key=lambda row: (row.month, _ORDER[row.insurance]))
    (now,) = standing([one.agreement], today)
    employer = total(row.employer_part for row in rows)
    employee = total(row.employee_part for row in rows)
    running = matter.clocks_of(one.KIND, [one.pk], today=today)[one.pk]
    return {
        "matter": one,
        "rule": people_rules().kind(one.kind),
        "lines": [(row, Insurance(row.insurance).label) for row in rows],
        "sums": {"employer": employer, "employee": employee, "amount": employer + employee},
        "payments": [
            (row, Insurance(row.insurance).label)
            for row in one.payments.filter(round=one.round).order_by("month", "insurance")
        ],
        "standing_now": now,
        "clocks": [each for each in running if each.clock.stopped_at is None],
        "timeline": [
            {"what": move.action, "at": move.at, "who": move.by_name, "text": move.note}
            for move in casework_queries.timeline(one.KIND, one.pk)
        ],
        "letters": people_letters.available(one),
        "today": today,
    }


def person_letter_answer(one: PersonMatter, kind: str) -> HttpResponse:
    """Return one of the letters of a person's matter for download.

    :raises Http404: if there is no such letter.
    """
    try:
        letter = people_letters.letter_of(matter_id=one.pk, kind=kind)
    except letters.NoLetter as nothing:
        raise Http404 from nothing
    return letter_file(letter, name=f"person-{kind}-{one.receipt}")


def statement_answer(agreement: Agreement, *, at: datetime) -> HttpResponse:
    """Return an agreement's statement of account for download."""
    letter = statements.statement_letter(agreement, at=at)
    return letter_file(letter, name=f"statement-{agreement.number}")
