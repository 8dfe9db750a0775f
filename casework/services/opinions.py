"""Asking departments for written opinions, recording them, and voiding what no longer fits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from casework.models import OfficeFile, Opinion, OpinionRequest
from casework.opinions import Verdict
from casework.services.matters import Actor, officer
from registry.models import Agency, Officer


class NotAsked(Exception):
    """The officer's department isn't asked about this content."""


class AlreadyGiven(Exception):
    """The department has given its opinion in this round."""


class Incomplete(Exception):
    """Something that a written opinion must have is missing."""


@dataclass(frozen=True)
class Said:
    """A written opinion as an officer hands it in; the file is stored already."""

    verdict: Verdict
    grounds: str
    conditions: str
    document_number: str
    document_date: date
    file: OfficeFile


def ask(
    *,
    kind: str,
    matter_id: int,
    round: int,
    content: str,
    agencies: Iterable[Agency],
    by: Actor,
    at: datetime,
) -> list[OpinionRequest]:
    """Ask departments at the same time; return the requests that stand. Safe to repeat."""
    found = []
    for agency in agencies:
        request, _new = OpinionRequest.objects.get_or_create(
            matter_kind=kind,
            matter_id=matter_id,
            agency=agency,
            voided_at=None,
            defaults={
                "round": round,
                "content": content,
                "asked_by": by.name[:100],
                "asked_at": at,
            },
        )
        found.append(request)
    return found


@transaction.atomic
def give(*, kind: str, matter_id: int, said: Said, by: Officer, at: datetime) -> Opinion:
    """Record a department's written opinion on the content it was asked about.

    :raises NotAsked: if the officer's department has no standing request.
    :raises AlreadyGiven: if it has spoken in this round.
    :raises Incomplete: if grounds, conditions, number or date are missing.
    """
    request = (
        OpinionRequest.objects.select_for_update()
        .filter(matter_kind=kind, matter_id=matter_id, agency=by.agency_id, voided_at__isnull=True)
        .first()
    )
    if request is None:
        raise NotAsked("现在没有向贵部门征求对这件申请的意见，请刷新后再看。")
    if Opinion.objects.filter(request=request).exists():
        raise AlreadyGiven(f"{by.agency.name}本轮已签署意见。")
    if said.verdict != Verdict.AGREE and not said.grounds.strip():
        raise Incomplete("请写明理由。")
    if said.verdict == Verdict.CONDITIONS and not said.conditions.strip():
        raise Incomplete("附条件同意的，请写明条件。")
    if not said.document_number.strip():
        raise Incomplete("请填写书面意见的文号。")
    return Opinion.objects.create(
        request=request,
        content=request.content,
        verdict=said.verdict,
        grounds=said.grounds.strip(),
        conditions=said.conditions.strip(),
        document_number=said.document_number.strip(),
        document_date=said.document_date,
        file=said.file,
        officer=by,
        officer_name=officer(by).name[:100],
        given_at=at,
    )


def void(*, kind: str, matter_id: int, reason: str, at: datetime) -> list[OpinionRequest]:
    """Void every standing request and the opinion given on it; return them. Safe to repeat.

    The opinions stay readable: they judged a content that is no longer the matter's.
    """
    standing = list(
        OpinionRequest.objects.select_for_update(of=("self",))
        .filter(matter_kind=kind, matter_id=matter_id, voided_at__isnull=True)
        .select_related("agency")
        .order_by("pk")
    )
    for request in standing:
        request.voided_at, request.void_reason = at, reason[:200]
        request.save(update_fields=["voided_at", "void_reason"])
    return standing
