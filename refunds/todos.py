"""What of refunds waits for somebody: the lines this app adds to the to-do lists."""

from django.urls import reverse

from casework.todo import Todo
from refunds import queries, queries_sampling
from refunds.models import Attempt
from refunds.workflow import UNDECIDED, AttemptState, State
from registry import scope
from registry.models import Officer, Post


def todos(viewer: scope.Viewer) -> list[Todo]:
    """Return what waits for this viewer."""
    if viewer.officer:
        return _of_officer(viewer.officer)
    if viewer.membership:
        return _of_enterprise(viewer)
    return []


def _listed(state: State) -> str:
    return f"{reverse('desk_refunds:list')}?state={state.value}"


def _of_officer(officer: Officer) -> list[Todo]:
    if officer.post == Post.AUDIT:
        return _of_audit(officer)
    if officer.post not in {Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE, Post.HEAD}:
        return []
    mine = scope.actionable(queries.Obligation.objects.all(), officer)
    counts = queries.counts_by_state(mine)

    def line(label: str, state: State, hint: str) -> Todo:
        return Todo(label, counts.get(state, 0), _listed(state), hint)

    if officer.post == Post.HANDLER:
        return [line("银行退回的退费", State.BOUNCED, "等单位更正账户，必要时电话提醒")]
    if officer.post == Post.REVIEWER:
        return [
            line("退费待初审", State.CHOSEN, "核对金额和收款账户"),
            line("新账户待确认", State.CORRECTED, "核对单位更正后的账户"),
        ]
    if officer.post == Post.HEAD:
        return [line("退费待负责人审批", State.ENDORSED, "金额较大，初审和复审已通过")]
    found = [line("退费待复审", State.CHECKED, "初审已通过，由另一人复审")]
    if scope.acts_city_wide(officer):
        doubtful = Attempt.objects.filter(state=AttemptState.UNKNOWN).count()
        found += [
            Todo(
                "退费待出盘",
                counts.get(State.APPROVED, 0),
                reverse("desk_refunds:batches"),
                "按基金封批，送交银行",
            ),
            Todo(
                "银行答复待核实",
                doubtful,
                reverse("desk_refunds:bank_files"),
                "答复与送盘不符，请与银行核对",
            ),
        ]
    return found


def _of_audit(officer: Officer) -> list[Todo]:
    if not officer.agency.district.is_city:
        return []
    waiting = sum(batch.waiting for batch in queries_sampling.drafts())
    held = queries_sampling.held().count()
    address = reverse("desk_refunds:audit")
    return [
        Todo("付款批次待抽查", waiting, address, "抽中的明细核查无误，批次才能往下走"),
        Todo("拦下的退费待核查", held, address, "放行须由另一位稽核人员办理"),
    ]


def _of_enterprise(viewer: scope.Viewer) -> list[Todo]:
    counts = queries.counts_by_state(queries.refunds_for(viewer))
    return [
        Todo(
            "有钱要退给您",
            sum(counts.get(state, 0) for state in UNDECIDED),
            reverse("portal_refunds:offer"),
            "请选择退到账户，或者冲抵其他月份",
        ),
        Todo(
            "退费没有到账",
            counts.get(State.BOUNCED, 0),
            f"{reverse('portal_refunds:list')}?state=BOUNCED",
            "请更正收款账户",
        ),
    ]
