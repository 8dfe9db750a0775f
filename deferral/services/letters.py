"""Letters of a deferral, each composed once from what was decided, and kept as it left the house."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from casework import queries_matter as matter
from casework import services as casework
from casework.models import Letter
from casework.services import letters
from deferral import offices
from deferral.hardship import hardship
from deferral.models import Agreement, Application, Decision, Submission
from deferral.services import letter_parts as parts
from deferral.services.taking_in import current, route_of
from relief.calc.explain import percent
from relief.queries.policies import policy_as_of

TEMPLATE = "deferral/letters_typ/matter.typ"


class NoLetter(Exception):
    """There is nothing yet that such a letter could say."""


@dataclass(frozen=True)
class _Draft:
    """What a letter says, who writes it and when; `subject` is what it is composed once for."""

    subject: int
    title: str
    word: str
    office: str
    at: datetime
    facts: Mapping[str, Any]


@transaction.atomic
def letter_of(*, application_id: int, kind: str) -> Letter:
    """Return a letter of an application, composed when it is first asked for.

    It speaks of the day of what it tells, whenever it is composed, so it is the same for all.

    :param kind: `receipt`, `notice`, `approval`, `minutes`, `refusal` or `agreement`.
    :raises NoLetter: if what it would tell hasn't happened, or there is no such kind.
    """
    if kind not in _KINDS:
        raise NoLetter(kind)
    rows = Application.objects.select_for_update(of=("self",)).select_related("employer__district")
    application = rows.get(pk=application_id)
    draft = _KINDS[kind](application)
    matter_kind = f"deferral.{kind}"
    known = Letter.objects.filter(matter_kind=matter_kind, matter_id=draft.subject).first()
    if known is not None:
        return known
    return letters.issue(
        kind=f"deferral_{kind}",
        word=draft.word,
        title=draft.title,
        template=TEMPLATE,
        facts=draft.facts,
        office=draft.office,
        matter_kind=matter_kind,
        matter_id=draft.subject,
        by=casework.SYSTEM,
        at=draft.at,
        employer_id=application.employer_id,
    )


def available(application: Application) -> list[tuple[str, str]]:
    """Return the letters there are of an application: kind and title. Reads only."""
    found = []
    for kind, compose in _KINDS.items():
        try:
            found.append((kind, compose(application).title))
        except NoLetter:
            continue
    return found


def _receipt(application: Application) -> _Draft:
    submission = _handed_in(application)
    route = route_of(application)
    office = offices.of_office(application.employer, route.intake)
    return _Draft(
        subject=submission.pk,
        title="缓缴申请回执",
        word="缓收",
        office=office.name,
        at=submission.at,
        facts=_facts(
            application,
            opening=[
                "你单位提交的缓缴社会保险费申请已经收到。凭办件编号可以随时在网上查询办到哪里、由谁办、还要多久。"
            ],
            pieces=[
                parts.identity(application, submission),
                parts.lines(submission),
                parts.plan(submission),
                {
                    "title": "下一步",
                    "texts": [
                        f"由{office.name}在 {route.intake.working_days} 个工作日内受理，或者一次性告知需要补正的全部内容。",
                        f"办理路线：{route.clause}。",
                    ],
                },
            ],
        ),
    )


def _notice(application: Application) -> _Draft:
    told = matter.supplements_of(application.KIND, application.pk)
    if not told:
        raise NoLetter("notice")
    latest = told[-1]
    return _Draft(
        subject=latest.pk,
        title="一次性告知书",
        word="缓告",
        office=latest.officer.agency.name,
        at=latest.asked_at,
        facts=_facts(
            application,
            opening=["你单位的缓缴申请需要补正。下面是全部需要补正的内容，其他内容不用修改。"],
            pieces=[
                parts.identity(application, _handed_in(application)),
                {
                    "title": "需要补正的内容",
                    "header": ["内容", "怎样补正"],
                    "rows": [[item.label, item.note] for item in latest.items.all()],
                    "right": [],
                },
                {"title": "期间", "texts": ["补正期间不计入办理时限。补正后请在网上再次提交。"]},
            ],
        ),
    )


def _approval(application: Application) -> _Draft:
    submission, decisions = _decided(application, granted=True)
    return _Draft(
        subject=submission.pk,
        title="缓缴社会保险费审批表",
        word="缓批",
        office=_decider(application),
        at=decisions[-1].at,
        facts=_facts(
            application,
            opening=[],
            to="",
            pieces=[
                parts.identity(application, submission),
                parts.findings(submission, decisions),
                parts.lines(submission),
                parts.plan(submission),
                parts.opinions(application),
                parts.signatures(decisions),
            ],
        ),
    )


def _minutes(application: Application) -> _Draft:
    submission = _handed_in(application)
    decisions = list(submission.decisions.order_by("pk"))
    if not decisions or application.opinions_decide is not True:
        raise NoLetter("minutes")
    return _Draft(
        subject=submission.pk,
        title="缓缴申请联合审核会议纪要",
        word="缓审",
        office=_decider(application),
        at=decisions[-1].at,
        facts=_facts(
            application,
            to="",
            opening=[
                f"市人力资源和社会保障局会同有关部门，对{application.employer.name}的缓缴申请联合审核，"
                "各部门同时、书面出具意见，没有答复的不视为同意。"
            ],
            pieces=[
                parts.identity(application, submission),
                parts.opinions(application),
                parts.findings(submission, decisions),
                parts.signatures(decisions),
            ],
        ),
    )


def _refusal(application: Application) -> _Draft:
    submission, decisions = _decided(application, granted=False)
    rules = hardship()
    return _Draft(
        subject=submission.pk,
        title="不予批准缓缴决定书",
        word="缓否",
        office=_decider(application),
        at=decisions[-1].at,
        facts=_facts(
            application,
            opening=["你单位的缓缴申请没有获得批准。"],
            pieces=[
                parts.identity(application, submission),
                {"title": "理由", "texts": [decisions[-1].reason]},
                parts.findings(submission, decisions),
                parts.opinions(application),
                {
                    "title": "依据",
                    "texts": [f"{rules.document}：{rules.cumulative}。", rules.test.clause + "。"],
                },
                {"title": "有异议怎么办", "texts": [f"{rules.remedy}。"]},
            ],
        ),
    )


def _agreement(application: Application) -> _Draft:
    found = Agreement.objects.select_related("submission").filter(application=application).first()
    if found is None:
        raise NoLetter("agreement")
    first = found.submission.lines.order_by("month").first()
    assert first is not None
    daily = policy_as_of(found.starts_on).late_fee_rate(first.month)
    return _Draft(
        subject=found.pk,
        title="缓缴社会保险费协议",
        word="缓协",
        office=letters.office_of(application.employer),
        at=found.signed_at,
        facts=_facts(
            application,
            to="",
            opening=[
                f"甲方：{letters.office_of(application.employer)}",
                f"乙方：{application.employer.name}（{application.employer.uscc}）",
                f"经批准，双方就乙方缓缴社会保险费订立本协议，协议编号 {found.number}。",
            ],
            pieces=[
                parts.lines(found.submission),
                parts.plan(found.submission),
                {
                    "title": "约定",
                    "texts": [
                        f"缓缴至 {parts.day(found.ends_on)}。期内不加收滞纳金，不影响乙方享受减免；还没有核定的月份，按核定的金额缓缴。",
                        f"期满没有缴清的，自次日起每日加收 {percent(daily.daily)} 的滞纳金（{daily.source.clause}），并依法追缴。",
                        "职工在缓缴期内退休、转移、申领待遇或死亡的，先缴清其本人的缓缴金额，再办理；工伤待遇照常支付。",
                        "所填内容或材料不实的，缓缴终止，自原缴费截止日次日起加收滞纳金。",
                        "乙方可以提前缴清，不另加费用。",
                    ],
                },
                {
                    "title": "签署",
                    "pairs": [
                        ["乙方签署人", found.signed_name],
                        [
                            "签署时间",
                            timezone.localtime(found.signed_at).strftime("%Y-%m-%d %H:%M"),
                        ],
                        ["申请内容摘要", parts.grouped(found.submission.content)],
                    ],
                },
            ],
        ),
    )


_KINDS: Mapping[str, Callable[[Application], _Draft]] = {
    "receipt": _receipt,
    "notice": _notice,
    "minutes": _minutes,
    "approval": _approval,
    "refusal": _refusal,
    "agreement": _agreement,
}


def _facts(
    application: Application,
    *,
    opening: list[str],
    pieces: list[dict[str, Any]],
    to: str | None = None,
) -> dict[str, Any]:
    return {
        "to": application.employer.name if to is None else to,
        "opening": opening,
        "parts": pieces,
    }


def _handed_in(application: Application) -> Submission:
    if not application.round:
        raise NoLetter("nothing was handed in")
    return current(application)


def _decided(application: Application, *, granted: bool) -> tuple[Submission, list[Decision]]:
    submission = _handed_in(application)
    rows = list(submission.decisions.filter(granted=granted).order_by("pk"))
    needed = (application.approvers_needed or 1) if granted else 1
    if len(rows) < needed:
        raise NoLetter("not decided")
    return submission, rows


def _decider(application: Application) -> str:
    return offices.of_office(application.employer, route_of(application).decision).name
