"""Classes that two officers of the city give a unit by a document (policy R3, D16)."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils import timezone

from casework.papers import files
from classification.models import AGREES, PROPOSES, ClassDecision, ClassProposal, CountsAs
from registry import locks, months, scope
from registry.models import Employer, Officer
from relief import queries
from relief.queries import classes
from relief.services import due

DECIDED = "这份归类意见已经复核过，请刷新页面查看。"


class NotYours(Exception):
    """The officer's post or agency has no part in it."""


class SamePerson(Exception):
    """It is the one who proposed it."""


class CannotClass(Exception):
    """The unit may not be classed by hand, or something is missing; says what, in Chinese."""


@dataclass(frozen=True)
class Paper:
    """The document that a class rests on."""

    number: str
    dated: date
    file: BinaryIO
    name: str


def may_propose(officer: Officer) -> bool:
    """Whether the officer may propose a class: a handler of the city's own agency."""
    return scope.of_the_city(officer) and officer.post == PROPOSES


def may_decide(officer: Officer) -> bool:
    """Whether the officer may decide on what somebody else has proposed."""
    return scope.of_the_city(officer) and officer.post in AGREES


@transaction.atomic
def propose(
    *,
    employer: Employer,
    counts_as: str,
    from_month: date,
    to_month: date | None,
    ground: str,
    paper: Paper,
    by: Officer,
    at: datetime,
) -> ClassProposal:
    """Store what a unit should count as; nothing changes until another officer agrees.

    To class a legal entity that isn't insured here, its branch is classed.

    :raises NotYours: unless it is a handler of the city.
    :raises CannotClass: if the unit isn't one that may be classed by hand, a proposal for it
        waits, the months end before they begin, or document or ground are missing.
    :raises casework.papers.files.BadFile: if the file isn't taken in.
    """
    if not may_propose(by):
        raise NotYours("人工归类由市社会保险经办机构的经办岗提出。")
    if to_month and to_month < from_month:
        raise CannotClass("截止月份不能早于起始月份。")
    if not ground.strip() or not paper.number.strip():
        raise CannotClass("请填写理由和文书号。")
    today = timezone.localdate(at)
    if paper.dated > today:
        raise CannotClass("文书日期不能晚于今天。")
    policy = queries.policy_as_of(today)
    # Taking a class back is never refused for what the unit is by now.
    standing = classes.agreed_of(employer.uscc).exists()
    ends = counts_as == CountsAs.BY_RULES
    if ends and not standing:
        raise CannotClass("这家单位没有人工归类，不用恢复。")
    if not ends and classes.rule_for(employer, policy, month=months.first_of(today)) is None:
        raise CannotClass("这家单位按登记类型和省级划型归类，不能人工归类。")
    if classes.waiting().filter(uscc=employer.uscc).exists():
        raise CannotClass("这家单位已有一份归类意见在等复核。")
    data = paper.file.read(files.MOST_BYTES + 1)
    proposal = ClassProposal(
        uscc=employer.uscc,
        name=employer.name,
        counts_as=counts_as,
        from_month=from_month,
        to_month=to_month,
        ground=ground.strip(),
        document=paper.number.strip(),
        document_on=paper.dated,
        given_name=paper.name[-200:],
        extension=files.check(data, name=paper.name),
        sha256=hashlib.sha256(data).hexdigest(),
        proposed_by=by,
        proposed_at=at,
    )
    proposal.file.save(paper.name, ContentFile(data), save=False)
    proposal.save()
    return proposal


@transaction.atomic
def decide(
    *, proposal_id: int, agreed: bool, by: Officer, reason: str = "", at: datetime
) -> ClassDecision:
    """Agree to a proposal or refuse it; the units it concerns wait for a recalculation.

    :raises NotYours: unless it is a reviewer or the head of the city.
    :raises SamePerson: if it is who proposed it.
    :raises CannotClass: if it was decided already, or is refused without a reason.
    """
    if not may_decide(by):
        raise NotYours("人工归类由市社会保险经办机构的复核岗或负责人岗复核。")
    proposal = ClassProposal.objects.get(pk=proposal_id)
    if proposal.proposed_by_id == by.pk:
        raise SamePerson("这份意见是您提出的，请由另一人复核。")
    if not agreed and not reason.strip():
        raise CannotClass("不同意时请写明理由。")
    locks.store_inputs()
    try:
        with transaction.atomic():  # of two at once the table takes one
            decision = ClassDecision.objects.create(
                proposal=proposal,
                agreed=agreed,
                reason=reason.strip(),
                proposed_by=proposal.proposed_by,
                decided_by=by,
                decided_on=timezone.localdate(at),
                decided_at=at,
            )
    except IntegrityError as refusal:
        if not ClassDecision.objects.filter(proposal=proposal).exists():
            raise
        raise CannotClass(DECIDED) from refusal
    if agreed:
        due.mark_classes(decision_id=decision.pk, at=at)
    return decision
