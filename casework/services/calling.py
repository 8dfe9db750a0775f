"""Telephone calls to units, as officers note them."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from casework.models import CallRecord
from registry import scope
from registry.models import Employer, Officer, Post


class NotYours(Exception):
    """The officer has no part in this unit."""


class BadCall(Exception):
    """The record says too little; in Chinese what is missing."""


@transaction.atomic
def record_call(
    *,
    employer_id: int,
    officer: Officer,
    phone: str,
    reached: bool,
    said: str,
    next_on: date | None,
    at: datetime,
) -> CallRecord:
    """Note a telephone call to a unit.

    :raises NotYours: if the officer is no handler of the unit's agency.
    :raises BadCall: if nothing is said of it, or the next try lies in the past.
    """
    employer = Employer.objects.select_related("district").get(pk=employer_id)
    if officer.post != Post.HANDLER or not scope.may_act(officer, employer):
        raise NotYours("只有参保地经办机构的经办岗可以登记电话联系。")
    said, phone = said.strip(), phone.strip()
    if not said:
        raise BadCall("请写明通话内容；没有接通的，写“无人接听”等情况。")
    if not phone:
        raise BadCall("请填写拨打的号码。")
    if next_on is not None and next_on <= timezone.localdate(at):
        raise BadCall("下次联系日期应在今天以后。")
    return CallRecord.objects.create(
        employer=employer,
        officer=officer,
        phone=phone[:30],
        reached=reached,
        said=said[:300],
        next_on=next_on,
        at=at,
    )
