"""The part of a case file that came after the agreement: plans, changes, an early end, persons."""

from datetime import datetime

from casework import queries as casework_queries
from casework.packing import Entry, as_json
from deferral.models import Agreement, Application, PersonMatter
from deferral.services import people_letters
from deferral.services.statements import statement_letter
from registry.models import Agency, Officer


def agreed_entries(application: Application, by: Officer, *, at: datetime) -> list[Entry]:
    """Return what became of an agreement; nothing where there is none.

    Persons' matters are for the social insurance agency: they name persons.
    """
    agreement = (
        Agreement.objects.select_related("application__employer__district")
        .filter(application=application)
        .first()
    )
    if agreement is None:
        return []
    statement = statement_letter(agreement, at=at)
    found = [
        Entry("agreement.json", as_json(_agreement(agreement)), "协议、补缴计划、变更和提前终止"),
        Entry("letters/statement.pdf", bytes(statement.pdf), f"对账单 {statement.number}"),
    ]
    if by.agency.kind == Agency.Kind.SOCIAL_INSURANCE:
        for matter in agreement.people.order_by("pk"):
            found += _person(matter)
    return found


def _agreement(agreement: Agreement) -> dict[str, object]:
    return {
        "number": agreement.number,
        "state": agreement.state,
        "starts_on": agreement.starts_on.isoformat(),
        "ends_on": agreement.ends_on.isoformat(),
        "lines": [
            [f"{line.month:%Y-%m}", line.insurance, line.employee_part, line.clause]
            for line in agreement.lines.order_by("month", "insurance")
        ],
        "plans": [
            {
                "number": plan.number,
                "reason": plan.reason,
                "at": plan.at.isoformat(),
                "lines": [
                    [row.due_on.isoformat(), str(row.amount)]
                    for row in plan.lines.order_by("due_on")
                ],
            }
            for plan in agreement.plans.order_by("number")
        ],
        "plan_changes": [
            {
                "state": change.state,
                "reason": change.reason,
                "lines": change.lines,
                "asked_by": change.asked_name,
                "asked_at": change.asked_at.isoformat(),
                "decided_by": change.decided_name,
                "answer": change.answer,
            }
            for change in agreement.plan_changes.order_by("pk")
        ],
        "early_ends": [
            {
                "state": end.state,
                "ground": end.ground,
                "reason": end.reason,
                "document": end.document,
                "due_on": end.due_on.isoformat() if end.due_on else None,
                "owed_by": end.owed_by,
                "preview": end.preview,
                "preview_sha256": end.content,
                "proposed_by": end.proposed_name,
                "decided_by": end.decided_name,
                "answer": end.answer,
            }
            for end in agreement.early_ends.order_by("pk")
        ],
    }


def _person(matter: PersonMatter) -> list[Entry]:
    folder = f"people/{matter.receipt}"
    told = {
        "receipt": matter.receipt,
        "kind": matter.kind,
        "person": [matter.person_name, matter.person_id],
        "happened_on": matter.happened_on.isoformat(),
        "state": matter.state,
        "lines": [
            [
                line.round,
                f"{line.month:%Y-%m}",
                line.insurance,
                str(line.employer_part),
                str(line.employee_part),
            ]
            for line in matter.lines.order_by("round", "month", "insurance")
        ],
        "payments": [
            [
                row.round,
                f"{row.month:%Y-%m}",
                row.insurance,
                row.voucher,
                str(row.employer_part),
                str(row.employee_part),
            ]
            for row in matter.payments.order_by("pk")
        ],
        "timeline": [
            [move.action, move.by_name, move.at.isoformat()]
            for move in casework_queries.timeline(matter.KIND, matter.pk)
        ],
    }
    found = [Entry(f"{folder}/matter.json", as_json(told), f"一人一事 {matter.receipt}")]
    for kind, title in people_letters.available(matter):
        letter = people_letters.letter_of(matter_id=matter.pk, kind=kind)
        found.append(Entry(f"{folder}/{kind}.pdf", bytes(letter.pdf), f"{title} {letter.number}"))
    return found
