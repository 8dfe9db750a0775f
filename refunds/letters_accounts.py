"""What employers are told about changes of their account. Account numbers by their last digits."""

from django.utils import timezone

from casework.services import Message
from refunds.letters import OFFER_PATH
from refunds.models import AccountChange, Obligation, Submission

PATH = "/portal/refunds/accounts/"


def _moment(case: AccountChange) -> str:
    assert case.cooling_until is not None
    until = timezone.localtime(case.cooling_until)
    return f"{until.year}年{until.month}月{until.day}日{until:%H:%M}"


def proposed(case: AccountChange) -> Message:
    """Return the notice that somebody wants the money to go elsewhere."""
    who = f"工作人员{case.proposed_name}" if case.by_officer else case.proposed_name
    before = f"原登记账户尾号{case.former.number[-4:]}，" if case.former else ""
    return Message(
        employer_id=case.employer_id,
        key=f"refund.account.proposed.{case.receipt}",
        title="有人提出变更您单位的收款账户",
        body=(
            f"办件编号{case.receipt}。{who}提出：{before}变更为{case.bank}、"
            f"尾号{case.number[-4:]}的账户。原因：{case.reason}\n"
            "由两位工作人员先后核对后才会生效。"
            "如果不是贵单位的意思，请马上登录网上办理撤回，并联系经办机构。"
        ),
        path=f"{PATH}{case.receipt}/",
    )


def confirmed(case: AccountChange, *, cools: bool) -> Message:
    """Return the notice that the account is registered, and from when it is paid to."""
    waits = (
        f"为保护资金安全，{_moment(case)}以后才会向这个账户付款。在这以前您可以撤回。"
        if cools
        else "这是您单位用过的账户，可以直接付款。"
    )
    return Message(
        employer_id=case.employer_id,
        key=f"refund.account.confirmed.{case.receipt}",
        title="收款账户变更已确认",
        body=f"办件编号{case.receipt}。新账户：{case.bank}，尾号{case.number[-4:]}。\n{waits}",
        path=f"{PATH}{case.receipt}/",
    )


def refused(case: AccountChange) -> Message:
    """Return the notice that the change was not accepted."""
    return Message(
        employer_id=case.employer_id,
        key=f"refund.account.refused.{case.receipt}",
        title="收款账户变更未通过",
        body=f"办件编号{case.receipt}。原因：{case.closing_reason}\n原来登记的账户不变。",
        path=f"{PATH}{case.receipt}/",
    )


def reconfirm(refund: Obligation, submission: Submission) -> Message:
    """Return the notice that the unit has to say again where the money goes."""
    return Message(
        employer_id=refund.employer_id,
        key=f"refund.account.reconfirm.{refund.receipt}.{submission.number}",
        title="请重新确认退费退到哪个账户",
        body=(
            f"退费{refund.receipt}（{refund.get_insurance_display()}，{refund.amount:,.2f}元）"
            f"原来退到{submission.bank}、尾号{submission.account[-4:]}的账户。"
            "导入的资料改动了这个账户，为保护资金安全，没有付款。\n"
            "钱仍为您单位保留。请登录网上办理，重新选择退到哪个账户。"
            "如果您不知道这次变动，请联系经办机构。"
        ),
        path=OFFER_PATH,
    )


def on_its_way(refund: Obligation, submission: Submission) -> Message:
    """Return the notice that a refund on its way to the bank goes where it was approved to go."""
    return Message(
        employer_id=refund.employer_id,
        key=f"refund.account.on_its_way.{refund.receipt}.{submission.number}",
        title="登记的收款账户有变动，有一笔退费已在付款途中",
        body=(
            f"退费{refund.receipt}（{refund.amount:,.2f}元）已按审批的账户列入付款："
            f"{submission.bank}，尾号{submission.account[-4:]}，不会改付到别的账户。\n"
            "如果原账户已经不能收款，请马上联系经办机构。"
        ),
        path=f"/portal/refunds/{refund.receipt}/",
    )
