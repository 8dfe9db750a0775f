"""What employers are told about their refunds, in plain words."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from casework.services import Message
from refunds.models import Obligation
from registry.money import total
from relief.models import Insurance
from relief.policy import CountBy


class Refund(Protocol):
    """What a letter names of a refund."""

    receipt: str
    employer_id: int
    insurance: str
    amount: Decimal

    @property
    def project_code(self) -> str:
        """The construction project's number; "" of declared months."""


OFFER_PATH = "/portal/refunds/offer/"


def _path(obligation: Refund) -> str:
    return f"/portal/refunds/{obligation.receipt}/"


def _yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}元"


def named(obligation: Refund) -> str:
    """Return what a refund is of, and how much."""
    of = f"建设项目{obligation.project_code}的" if obligation.project_code else ""
    return f"{of}{Insurance(obligation.insurance).label}保险费{_yuan(obligation.amount)}"


def offered(obligations: list[Obligation], *, clauses: Iterable[str], replaces: bool) -> Message:
    """Return the notice that there is money to give back; all of one employer."""
    funds = list(Insurance.values)
    in_order = sorted(
        obligations, key=lambda each: (each.project_code, funds.index(each.insurance))
    )
    parts = "，".join(named(obligation) for obligation in in_order)
    sum_of_all = _yuan(total(obligation.amount for obligation in obligations))
    months = [each for each in obligations if each.project_id is None]
    projects = "".join(_of_project(each) for each in in_order if each.project_id)
    offset = (
        "冲抵——抵同一险种其他月份应缴的单位部分，先抵最早未缴清的月份，没有用完的改为退费。\n"
        if months
        else ""
    )
    ways = "点击下面的办理入口，在两种办法中选一种" if months else "点击下面的办理入口"
    opening = "您单位此前收到的退费金额有变动，请以本通知为准。" if replaces else ""
    grounds = "；".join(sorted(set(clauses)))
    return Message(
        employer_id=obligations[0].employer_id,
        key=f"refund.offered.{min(obligation.pk for obligation in obligations)}",
        title=f"有一笔钱要退给您：{sum_of_all}",
        body=(
            f"{opening}按照阶段性减免政策，您单位已缴的单位部分社会保险费多于应缴金额，"
            f"可以退还：{parts}。\n{projects}依据：{grounds}。\n"
            f"不用提交材料。请{ways}：\n"
            "退费——确认收款账户，经审核后由银行直接付到您单位账户；三项保险分属三个基金，分别到账。\n"
            f"{offset}"
            "没有列入付款批次、没有用掉以前，都可以改选。每种办法的日期和月份，办理页面上有说明。"
        ),
        path=OFFER_PATH,
    )


def _of_project(obligation: Obligation) -> str:
    """Return the sentence that says which months of a project's premium go back."""
    (item,) = obligation.items.all()
    found = item.project_relief
    assert found is not None
    if found.count_by == CountBy.MONTH:
        share = f"按月平摊到{found.months_total}个月，其中{found.months_relieved}个月在减免期内"
    else:
        share = f"按日平摊到{found.days_total}天，其中{found.days_relieved}天在减免期内"
    filed = found.version
    due = ""
    if found.premium != filed.premium:
        due = f"，造价变动后应缴（减免前）{_yuan(found.premium)}"
    return (
        f"建设项目{obligation.project_code}（{filed.name}）：已缴工伤保险费{_yuan(filed.premium)}{due}，"
        f"备案合同施工期{filed.start_on:%Y-%m-%d}至{filed.end_on:%Y-%m-%d}，{share}，"
        f"减免{_yuan(found.relief)}。建设项目的保险费一次缴清，只能退费，不能冲抵。\n"
    )


def withdrawn_by_change(obligation: Obligation) -> Message:
    """Return the notice that an offer ended because a new assessment left nothing over."""
    return Message(
        employer_id=obligation.employer_id,
        key=f"refund.superseded.{obligation.pk}",
        title="退费金额有变动，原退费不再办理",
        body=(
            f"重新核定后，编号{obligation.receipt}的退费（{named(obligation)}）不再需要办理。"
            "您可以在缴费明细中查看每个月的核定结果和依据。"
        ),
        path=_path(obligation),
    )


def returned(obligation: Obligation, *, reason: str, submission: int) -> Message:
    """Return the notice that an officer sent the application back."""
    return Message(
        employer_id=obligation.employer_id,
        key=f"refund.returned.{obligation.pk}.{submission}",
        title=f"退费申请被退回：{named(obligation)}",
        body=f"编号{obligation.receipt}。退回原因：{reason}\n请按原因修改后重新提交，钱一直为您保留。",
        path=_path(obligation),
    )


def paid(obligation: Refund, *, line_no: str, account: str) -> Message:
    """Return the notice that the bank has paid."""
    return Message(
        employer_id=obligation.employer_id,
        key=f"refund.paid.{line_no}",
        title=f"退费已到账：{named(obligation)}",
        body=(
            f"编号{obligation.receipt}。银行已把{_yuan(obligation.amount)}付到"
            f"您单位尾号{account[-4:]}的账户，请查收。"
        ),
        path=_path(obligation),
    )


def bounced(obligation: Refund, *, line_no: str, account: str, reason: str) -> Message:
    """Return the notice that the bank sent the money back."""
    return Message(
        employer_id=obligation.employer_id,
        key=f"refund.bounced.{line_no}",
        title=f"退费没有到账，请更正收款账户：{named(obligation)}",
        body=(
            f"编号{obligation.receipt}。银行没有把钱付到尾号{account[-4:]}的账户，"
            f"银行说明的原因是：{reason}。\n"
            "钱没有丢，仍为您保留。请点击下面的办理入口填写新的收款账户，"
            "经工作人员确认后会重新付款。"
        ),
        path=_path(obligation),
    )


def account_refused(obligation: Obligation, *, reason: str, submission: int) -> Message:
    """Return the notice that the new account was not accepted."""
    return Message(
        employer_id=obligation.employer_id,
        key=f"refund.account.{obligation.pk}.{submission}",
        title=f"新的收款账户未通过确认：{named(obligation)}",
        body=f"编号{obligation.receipt}。原因：{reason}\n请重新填写收款账户。",
        path=_path(obligation),
    )
