"""Why a refund is this much, as a letter: its months, and what was offset of it."""

from datetime import datetime

from casework.models import Letter
from refunds import queries_explain
from refunds.models import Obligation
from refunds.workflow import State
from relief.services import explanation_letters
from relief.services.explanation_letters import NothingStands, yuan


def of_refund(*, obligation: Obligation, at: datetime) -> Letter:
    """Return the letter of a refund, the same for everybody until something of it is offset.

    :raises NothingStands: if the steps don't come to the refund's amount.
    """
    found = queries_explain.explain(obligation)
    if not found.agrees:
        raise NothingStands("按当时的数据重算，各步骤相加与退费金额不一致，不能出具说明。")
    subject = obligation.subject
    over = obligation.state == State.SUPERSEDED
    return explanation_letters.keep(
        title=f"{obligation.get_insurance_display()}保险应退金额说明",
        # Nobody may take the paper of a replaced refund for money that is still to come.
        about=(
            f"你单位这笔{subject}退费，因重新核定后金额有变动，已不再办理，不能凭本说明退费。"
            f"下面说明当时的金额 {yuan(obligation.amount)} 怎么来的。"
            if over
            else f"你单位{subject}单位部分应退 {yuan(obligation.amount)}。"
            "下面逐步说明这个数怎么来的。"
        ),
        pairs=[
            ("退费编号", obligation.receipt),
            ("险种", subject),
            ("当时的应退金额" if over else "应退金额", yuan(obligation.amount)),
        ],
        trees=[("应退多少、为什么", found.steps), ("冲抵了哪些月份", found.offset)],
        employer=obligation.employer,
        matter_kind=Obligation.KIND,
        matter_id=obligation.pk,
        at=at,
    )
