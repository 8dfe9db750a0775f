"""The letter of a notice: composed once, from what the notice says, and kept."""

from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from casework import services as casework
from casework.models import Letter
from casework.services import letters
from registry import months
from relief.models import Insurance, RecoveryNotice
from relief.queries import recoveries

WORD = "补缴"
TEMPLATE = "relief/letters_typ/recovery.typ"


@transaction.atomic
def letter_of(*, notice_id: int) -> Letter:
    """Return the letter of a notice, composed when it is first asked for.

    It speaks of the notice's own day, whenever it is composed, so it is the same for everybody.
    """
    notice = (
        RecoveryNotice.objects.select_for_update(of=("self",))
        .select_related("employer", "deadline")
        .get(pk=notice_id)
    )
    known = Letter.objects.filter(matter_kind=RecoveryNotice.KIND, matter_id=notice.pk).first()
    if known is not None:
        return known
    return letters.issue(
        kind="recovery_notice",
        word=WORD,
        title="社会保险费补缴通知书",
        template=TEMPLATE,
        facts=_facts(notice),
        office=letters.office_of(notice.employer),
        matter_kind=RecoveryNotice.KIND,
        matter_id=notice.pk,
        by=casework.SYSTEM,
        at=notice.opened_at,
        employer_id=notice.employer_id,
    )


def _yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _facts(notice: RecoveryNotice) -> dict[str, object]:
    items = recoveries.in_order(notice.items.select_related("assessment"))
    former = recoveries.former(notice.pk)
    fees = recoveries.fees_as_asked(notice, items)
    opened = timezone.localtime(notice.opened_at).date()
    return {
        "unit": notice.employer.name,
        "amount": _yuan(notice.amount),
        "due": f"{notice.due_on.year}年{notice.due_on.month}月{notice.due_on.day}日",
        "pairs": [
            ["统一社会信用代码", notice.employer.uscc],
            ["通知编号", notice.receipt],
            ["通知日期", opened.isoformat()],
            ["期限的依据", notice.deadline.clause],
        ],
        "lines": [
            [
                months.label(item.month),
                str(Insurance(item.insurance).label),
                _yuan(former[item.pk].net_due) if item.pk in former else "首次核定",
                _yuan(item.net_due),
                _yuan(item.paid),
                _yuan(item.amount),
                item.due_on.isoformat(),
            ]
            for item in items
        ],
        "reasons": list(
            dict.fromkeys(
                f"{recoveries.reason(item, former.get(item.pk))}；{item.assessment.clause}"
                for item in items
            )
        ),
        "fees": (
            f"截至 {fees.day.isoformat()}，应补金额的滞纳金为 {_yuan(fees.fee)} 元，"
            f"以后每晚一天增加 {_yuan(fees.daily)} 元，到缴清的前一天止。依据：{'；'.join(fees.rules)}。"
            if fees.fee
            else "按期缴纳的，以核定的滞纳金为准；迟缴的按减免后的净额逐日加收。"
        ),
    }
