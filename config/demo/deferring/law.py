"""Two documents that nobody issued, so that today's months can be declared and deferred.

The law of this release ends in December 2020. Rates and limits go on as they were then; that
document is dated before everything, as the release's own parameters are, since a run for any
day covers every declared month. No month of 2020 is in either. Both are drafted, prepared with
a worked case and published by the officers whose turn it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from config.demo.deferring.timeline import SLUG, Timeline, timeline
from config.demo.steps import Town
from config.demo.walks import officer_named
from registry import months
from registry.workbook import template
from relief.calc.case_book import SCHEMA
from relief.models import PolicyDocument, PolicyDraft
from relief.queries import workshop
from relief.services import policy_drafts

PARAMETERS = "demo-parameters"
#: After the last month of the release's own rates.
_FIRST = date(2021, 1, 1)
#: Months that may be deferred, from last month on; and so many more have rates.
_DEFERRABLE, _WITH_RATES = 7, 12
#: The last day of payment is the last day of this month, counted from last month.
_PAY_BY = 9
_MADE_UP = "演示文件，内容虚构，没有任何机关发布过；只用于在演示城市里试用"

_PARAMETERS = """\
[document]
title = "【演示文件】演示城市的费率和缴费基数上下限"
number = "演示〔0000〕第1号（虚构）"
published = 2019-05-01
confidence = "SUGG"
note = "{made_up}。沿用2020年12月的费率和上下限。"

[[rate]]
insurances = ["pension"]
from = "{first}"
to = "{last}"
employer = 0.16
employee = 0.08
clause = "演示文件第1号（虚构）一"

[[rate]]
insurances = ["unemployment"]
from = "{first}"
to = "{last}"
employer = 0.006
employee = 0.004
clause = "演示文件第1号（虚构）一"

[[rate]]
insurances = ["injury"]
from = "{first}"
to = "{last}"
employer = "own"
employee = 0
clause = "演示文件第1号（虚构）一"

[[limit]]
insurances = ["pension", "unemployment", "injury"]
from = "{first}"
to = "{last}"
lower = 2697.00
upper = 17317.00
clause = "演示文件第1号（虚构）二"
"""

_DEFERRAL = """\
[document]
title = "【演示文件】演示城市阶段性缓缴社会保险费的通知"
number = "演示〔0000〕第2号（虚构）"
published = {published}
confidence = "SUGG"
note = "{made_up}。"

[[due_day]]
from = "{first}"
to = "{last}"
day = "last"
months_after = 1
clause = "演示文件第2号（虚构）一：次月最后一日前缴费"

[[late_fee]]
from = "{first}"
to = "{last}"
daily = 0.0005
clause = "演示文件第2号（虚构）二：逾期按日加收万分之五"

[[deferral]]
insurances = ["pension", "unemployment", "injury"]
from = "{first}"
to = "{last}"
months = 6
pay_by = {pay_by}
employee_part = true
clause = "演示文件第2号（虚构）三：累计缓缴不超过6个月，缓缴期间免收滞纳金"
"""


@dataclass(frozen=True)
class Publish:
    """Take one document from a draft to publication: one officer prepares, another publishes."""

    slug: str

    @property
    def title(self) -> str:
        return f"两人发布演示文件 {self.slug}"

    def done(self, town: Town) -> bool:
        return PolicyDocument.objects.filter(slug=self.slug).exists()

    def do(self, town: Town) -> str:
        days = timeline(town.clock())
        text, case = (_parameters if self.slug == PARAMETERS else _deferral)(days)
        handler, head = officer_named("city-handler"), officer_named("city-head")
        draft = PolicyDraft.objects.filter(slug=self.slug).first()
        if draft is None:
            draft = policy_drafts.start_draft(
                slug=self.slug, text=text, by=handler.user, at=town.clock()
            )
        # Killed before it was published, and now another day: the text is a new version.
        policy_drafts.save_version(draft_id=draft.pk, text=text, by=handler.user, at=town.clock())
        with TemporaryDirectory() as folder:
            path = Path(folder) / "cases.xlsx"
            template.write(SCHEMA, path, rows=[case])
            policy_drafts.attach_cases(
                to=draft, path=path, file_name="演示案例.xlsx", by=handler.user, at=town.clock()
            )
        state = workshop.state_of(draft)
        assert state.book is not None
        proposal = policy_drafts.prepare(
            version_id=state.version.pk,
            book_id=state.book.pk,
            reasons={},
            by=handler,
            at=town.clock(),
        )
        row = policy_drafts.publish(proposal_id=proposal.pk, by=head, at=town.clock())
        return f"{row.number}，{len(state.outcomes)} 个案例通过"


def _parameters(days: Timeline) -> tuple[str, Mapping[str, object]]:
    text = _PARAMETERS.format(
        made_up=_MADE_UP,
        first=months.label(_FIRST),
        last=months.label(days.month(_WITH_RATES)),
    )
    return text, {
        "name": "演示：基数10000元的养老单位部分",
        "kind": "month",
        "unit_type": "民办非企业单位",
        "as_of": days.published.isoformat(),
        "month": days.first,
        "insurance": "pension",
        "bases": "10000",
        "gross_due": "1600.00",
        "net_due": "1600.00",
        "employee_due": "800.00",
    }


def _deferral(days: Timeline) -> tuple[str, Mapping[str, object]]:
    text = _DEFERRAL.format(
        made_up=_MADE_UP,
        published=days.published.isoformat(),
        first=months.label(days.first),
        last=months.label(days.month(_DEFERRABLE - 1)),
        pay_by=months.last_day(days.month(_PAY_BY)).isoformat(),
    )
    due = months.last_day(days.month(1))
    return text, {
        "name": "演示：没有缓缴的，逾期十天的滞纳金",
        "kind": "late_fee",
        "as_of": months.last_day(days.month(2)).isoformat(),
        "amount": "1000.00",
        "start": due.isoformat(),
        # The day on which it arrives is none of them.
        "end": date.fromordinal(due.toordinal() + 11).isoformat(),
        "days": "10",
        "result": "5.00",
    }


DOCUMENTS = (Publish(PARAMETERS), Publish(SLUG))
