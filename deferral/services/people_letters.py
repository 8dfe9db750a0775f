"""Letters of one person's matter: what to pay first, and that it is paid."""

from django.db import transaction
from django.utils import timezone

from casework import services as casework
from casework.models import Letter
from casework.services import letters
from deferral.models import PersonMatter
from deferral.people_data import people
from deferral.services import letter_parts as parts
from deferral.services.letters import TEMPLATE, NoLetter
from deferral.workflow import PersonState
from registry import months
from registry.money import total
from relief.policy import Insurance

DEMAND, CERTIFICATE = "demand", "certificate"


def available(matter: PersonMatter) -> list[tuple[str, str]]:
    """Return the letters there are of a matter: kind and title."""
    found = []
    if matter.pay_by is not None:
        found.append((DEMAND, "一人一事缴款通知"))
    if matter.state == PersonState.CERTIFIED:
        found.append((CERTIFICATE, _title(matter)))
    return found


def _title(matter: PersonMatter) -> str:
    if people().kind(matter.kind).insurances:
        return "职工缓缴社会保险费缴清证明"
    return "缓缴不影响待遇的证明"


@transaction.atomic
def letter_of(*, matter_id: int, kind: str) -> Letter:
    """Return a letter of a matter, composed when it is first asked for.

    :param kind: `demand` (one for each round) or `certificate`.
    :raises NoLetter: if what it would tell hasn't happened, or there is no such kind.
    """
    rows = PersonMatter.objects.select_for_update(of=("self",)).select_related("employer")
    matter = rows.get(pk=matter_id)
    titles = dict(available(matter))
    if kind not in titles:
        raise NoLetter(kind)
    # A demand is composed for each round, a certificate once.
    round_ = matter.round if kind == DEMAND else 0
    matter_kind = f"{PersonMatter.KIND}.{kind}.{round_}"
    known = Letter.objects.filter(matter_kind=matter_kind, matter_id=matter.pk).first()
    if known is not None:
        return known
    return letters.issue(
        kind=f"deferral_person_{kind}",
        word="缓人",
        title=titles[kind],
        template=TEMPLATE,
        facts={
            "to": matter.employer.name,
            "opening": [_opening(matter, kind)],
            "parts": _parts(matter, kind),
        },
        office=letters.office_of(matter.employer),
        matter_kind=matter_kind,
        matter_id=matter.pk,
        by=casework.SYSTEM,
        at=matter.moved_at,
        employer_id=matter.employer_id,
    )


def _opening(matter: PersonMatter, kind: str) -> str:
    rule = people().kind(matter.kind)
    who = f"职工{matter.person_name}（{matter.person_id}）"
    if kind == DEMAND:
        return (
            f"你单位{who}要办理“{rule.label}”。按一人一事，先缴清其本人在缓缴月份的金额，"
            "再继续办理。其他职工的缓缴不变。"
        )
    if not rule.insurances:
        return f"你单位正在缓缴社会保险费。{who}“{rule.label}”照常办理，不用先缴清缓缴的金额。"
    return (
        f"你单位{who}因“{rule.label}”，其本人在缓缴月份的社会保险费已经缴清，"
        "缓缴不影响其享受待遇和转移。"
    )


def _parts(matter: PersonMatter, kind: str) -> list[parts.Part]:
    rule = people().kind(matter.kind)
    rows = list(matter.lines.filter(round=matter.round).order_by("month", "insurance"))
    facts = {
        "title": "办件",
        "pairs": [
            ["办件编号", matter.receipt],
            ["缓缴协议", matter.agreement.number],
            ["职工", f"{matter.person_name}　{matter.person_id}"],
            ["事项", f"{rule.label}，{parts.day(matter.happened_on)}"],
            ["依据", rule.clause],
        ],
    }
    found: list[parts.Part] = [facts]
    if rows:
        employer = total(row.employer_part for row in rows)
        employee = total(row.employee_part for row in rows)
        found.append(
            {
                "title": "其本人的金额（元）",
                "header": ["所属期", "险种", "基数", "单位应缴", "减免", "单位部分", "个人部分"],
                "rows": [
                    [
                        months.label(row.month),
                        Insurance(row.insurance).label,
                        parts.yuan(row.base),
                        parts.yuan(row.gross),
                        parts.yuan(row.relief),
                        parts.yuan(row.employer_part),
                        parts.yuan(row.employee_part),
                    ]
                    for row in rows
                ]
                + [["合计", "", "", "", "", parts.yuan(employer), parts.yuan(employee)]],
                "right": [2, 3, 4, 5, 6],
            }
        )
    if kind == DEMAND and matter.pay_by is not None:
        found.append(
            {
                "title": "怎样缴",
                "texts": [
                    f"请在 {parts.day(matter.pay_by)} 前按平时的渠道缴纳，附言写 {matter.receipt}。",
                    "到账后系统自动核对，不用到窗口；缓缴余额减少同样的金额，不加收滞纳金。",
                ],
            }
        )
    if kind == CERTIFICATE and rows:
        paid = matter.payments.filter(round=matter.round).order_by("month", "insurance", "voucher")
        found.append(
            {
                "title": "缴款",
                "texts": [
                    f"{months.label(each.month)}{Insurance(each.insurance).label}：凭证 {each.voucher}，"
                    f"{parts.yuan(each.employer_part + each.employee_part)} 元"
                    for each in paid
                ]
                or ["减免后没有要缴的金额。"],
            }
        )
        signed = timezone.localtime(matter.moved_at)
        found.append({"title": "办结", "texts": [f"{parts.day(signed.date())}办结。"]})
    return found
