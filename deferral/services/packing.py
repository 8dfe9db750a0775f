"""一案一档: everything of an application in one zip that proves itself (N23)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from casework import queries as casework_queries
from casework import queries_matter as matter
from casework import queries_messages
from casework import services as casework
from casework.models import CaseMessage
from casework.packing import Entry, as_json, pack
from deferral import offices
from deferral.models import Application
from deferral.services import letters
from deferral.services.packing_agreed import agreed_entries
from deferral.services.taking_in import route_of
from registry.models import Officer


@transaction.atomic
def packed(*, application_id: int, by: Officer, at: datetime) -> bytes:
    """Return the case file of an application, and note in its timeline who took it."""
    rows = Application.objects.select_related("employer__district")
    application = rows.get(pk=application_id)
    about = {
        "办件编号": application.receipt,
        "单位": f"{application.employer.name}（{application.employer.uscc}）",
        "状态": str(application.get_state_display()),
        "生成时间": timezone.localtime(at).isoformat(timespec="seconds"),
        "生成人": casework.officer(by).name,
    }
    entries = _entries(application, by) + agreed_entries(application, by, at=at)
    data = pack(entries, about=about)
    casework.record_move(
        kind=Application.KIND,
        matter_id=application.pk,
        action="下载案卷",
        before=application.state,
        after=application.state,
        by=casework.officer(by),
        at=at,
    )
    return data


def _entries(application: Application, by: Officer) -> list[Entry]:
    found = [
        Entry("rounds.json", as_json(_rounds(application)), "每次提交的内容、金额和摘要"),
        Entry("timeline.json", as_json(_timeline(application)), "办理记录"),
        Entry("opinions.json", as_json(_opinions(application)), "征求的意见，包括失效的"),
        Entry("notices.json", as_json(_notices(application)), "一次性告知"),
    ]
    # What the unit wrote to the office in charge is for the offices of its own case.
    if offices.in_case(by, application.employer, route_of(application)):
        found += _talk(application)
    found += [
        Entry(
            f"papers/{each.slot}-{each.pk}.{each.file.extension}",
            _bytes(each.file.file),
            f"{each.slot}：{each.file.given_name}",
        )
        for each in matter.attachments_of(application.KIND, application.pk)
    ]
    found += [
        Entry(
            f"opinions/{said.pk}.{said.file.extension}",
            _bytes(said.file.file),
            f"{request.agency.name} {said.document_number}",
        )
        for request in matter.requests_of(application.KIND, application.pk)
        if (said := matter.said(request)) is not None
    ]
    for kind, title in letters.available(application):
        letter = letters.letter_of(application_id=application.pk, kind=kind)
        found.append(Entry(f"letters/{kind}.pdf", bytes(letter.pdf), f"{title} {letter.number}"))
    return found


def _bytes(file) -> bytes:  # type: ignore[no-untyped-def]  # Django's FieldFile
    with file.open("rb") as opened:
        return bytes(opened.read())


def _rounds(application: Application) -> list[dict[str, object]]:
    return [
        {
            "round": each.round,
            "content_sha256": each.content,
            "answers": each.answers,
            "signed_by": each.signed_name,
            "at": each.at.isoformat(),
            "lines": [
                {
                    "month": f"{line.month:%Y-%m}",
                    "insurance": line.insurance,
                    "employer_part": str(line.employer_part),
                    "employee_part": str(line.employee_part),
                }
                for line in each.lines.order_by("month", "insurance")
            ],
            "decisions": [
                {
                    "granted": decision.granted,
                    "reason": decision.reason,
                    "findings": decision.findings,
                    "officer": decision.officer_name,
                    "at": decision.at.isoformat(),
                }
                for decision in each.decisions.order_by("pk")
            ],
        }
        for each in application.submissions.order_by("round")
    ]


def _timeline(application: Application) -> list[dict[str, object]]:
    return [
        {
            "action": move.action,
            "before": move.before,
            "after": move.after,
            "by": move.by_name,
            "note": move.note,
            "at": move.at.isoformat(),
        }
        for move in casework_queries.timeline(application.KIND, application.pk)
    ]


def _opinions(application: Application) -> list[dict[str, object]]:
    rows = []
    for request in matter.requests_of(application.KIND, application.pk):
        said = matter.said(request)
        rows.append(
            {
                "agency": request.agency.name,
                "round": request.round,
                "content_sha256": request.content,
                "asked_at": request.asked_at.isoformat(),
                "void": request.void_reason,
                "verdict": said.verdict if said else None,
                "grounds": said.grounds if said else "",
                "conditions": said.conditions if said else "",
                "document": said.document_number if said else "",
                "officer": said.officer_name if said else "",
            }
        )
    return rows


def _notices(application: Application) -> list[dict[str, object]]:
    return [
        {
            "round": told.round,
            "asked_at": told.asked_at.isoformat(),
            "items": [[item.label, item.note] for item in told.items.all()],
        }
        for told in matter.supplements_of(application.KIND, application.pk)
    ]


def _talk(application: Application) -> list[Entry]:
    rows = queries_messages.of_matter(application.KIND, application.pk)
    files = [
        Entry(f"messages/{said.pk}.{said.file.extension}", _bytes(said.file.file), said.by_name)
        for said in rows
        if said.file is not None
    ]
    return [Entry("messages.json", as_json(_messages(rows)), "单位和经办机构的留言"), *files]


def _messages(rows: list[CaseMessage]) -> list[dict[str, object]]:
    return [
        {
            "number": said.pk,
            "by": said.by_name,
            "text": said.text,
            "file": said.file.given_name if said.file else "",
            "at": said.at.isoformat(),
        }
        for said in rows
    ]
