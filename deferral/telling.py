"""What a unit is told of each move. Pure."""

from collections.abc import Mapping

from deferral.hardship import hardship
from deferral.workflow import Action

#: Of these a unit is told what it may do against them.
_AGAINST_IT = frozenset({Action.REFUSE, Action.DECLINE})

_SAYS: Mapping[Action, str] = {
    Action.SUBMIT: "我们收到了缓缴申请。办到哪一步、由哪个部门办、还要多久，可以随时在“缓缴”里看。",
    Action.ACCEPT: "申请已受理，正在同时征求财政、税务和经信部门的书面意见。",
    Action.ASK_SUPPLEMENT: "申请需要补正。要改的地方和要补的材料一次列在下面，只需改这些；补正期间不计办理时限。",
    Action.RESUBMIT: "我们收到了补正后的申请，继续办理。",
    Action.DECLINE: "申请不予受理。理由和可以怎么办写在下面。",
    Action.COMPLETE: "各部门的意见已经到齐。",
    Action.RETURN: "申请退回受理岗，需要再核实，不用您重新提交。",
    Action.REPORT: "申请已上报市人力资源和社会保障局审批。",
    Action.GRANT: "缓缴已批准。请登录签订缓缴协议，签订后生效。",
    Action.REFUSE: "缓缴没有获得批准。理由写在下面。",
    Action.REFRESH: "核定的金额有变化，申请里的金额已经更新，各部门按新的金额重新审核。",
    Action.SIGN_AGREEMENT: "缓缴协议已签订。缓缴期内不加收滞纳金，请按计划缴款。",
    Action.WITHDRAW: "申请已撤回。需要时可以复制这件申请重新提交。",
    Action.ASK_SIGNATURE: "申请已填好，等单位签署人签署。",
    Action.TAKE_BACK: "申请退回修改。",
}


def title(action: Action, receipt: str) -> str:
    """Return the headline of a move: what happened to which application."""
    return f"缓缴申请 {receipt}：{action.label}"


def body(action: Action, note: str) -> str:
    """Return what happened, and what is to be done now."""
    told = f"{_SAYS[action]}\n\n{note}" if note else _SAYS[action]
    return f"{told}\n\n{hardship().remedy}。" if action in _AGAINST_IT else told
