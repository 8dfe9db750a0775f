"""Asking the bank what became of a batch (查询).

A question moves no money, whatever the answer: a payment that is not clear stays so until the
bank's answer, or its word in writing, is taken in by those who may.
"""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from casework import services as casework
from casework.models import Letter
from casework.services import letters
from refunds.bank import link
from refunds.models import Attempt, Batch, Link
from refunds.services import bank
from refunds.services.approve import WrongPost
from refunds.workflow import AttemptState, BatchState
from registry import scope
from registry.models import Officer, Post
from registry.money import total

MATTER = "bank_inquiry"
TEMPLATE = "refunds/letters_typ/bank_inquiry.typ"
WORD = "查询"
#: Lines of a batch that the bank may have, and of which it has not said what it did.
UNCLEAR = (AttemptState.QUEUED, AttemptState.SENT, AttemptState.UNKNOWN)


class NothingToAsk(Exception):
    """The bank can't have the batch, or has answered for every line of it."""


def may_be_asked_about(batch: Batch) -> bool:
    """Return whether the bank may have a batch of which it owes an answer."""
    away = batch.state in {BatchState.SENT, BatchState.ANSWERED, BatchState.CLOSED} or (
        batch.state == BatchState.SEALED and batch.sends.exists()
    )
    return away and batch.attempts.filter(state__in=UNCLEAR).exists()


def ask(*, number: str, officer: Officer, at: datetime) -> str:
    """Ask the bank about a batch and return what came of it, in a sentence.

    Over the direct link the bank says whether it has the batch; what it has paid comes with its
    answers. Where there is no link, or it left a payment unclear, a letter asks in writing.

    :raises WrongPost: unless it is fund finance of the city level.
    :raises NothingToAsk: if the bank can't have it, or has answered for every line.
    """
    if not scope.acts_city_wide(officer) or officer.post != Post.FUND_FINANCE:
        raise WrongPost("向银行查询由市社会保险经办机构的基金财务岗办理。")
    batch = Batch.objects.select_related("account").defer("content").get(number=number)
    if not may_be_asked_about(batch):
        raise NothingToAsk(f"批次{number}没有等银行结果的付款，不用查询。")
    said = []
    linked = batch.account is not None and batch.account.link == Link.HTTP
    if linked:
        said.append(_directly(batch, at=at))
    if not linked or batch.attempts.filter(state=AttemptState.UNKNOWN).exists():
        letter = write(batch_id=batch.pk, officer=officer, at=at)
        said.append(f"查询函{letter.number}已出具，请打印盖章后送交银行。")
    return "".join(said)


def _directly(batch: Batch, *, at: datetime) -> str:
    """Ask over the direct link whether the bank has a batch."""
    there = bank.direct_link()
    if there is None:
        return "没有设置银企直连的地址和密钥，没有问成。"
    try:
        known = there.knows(batch.number)
    except link.NoAnswer as silence:
        return f"没有问成：{silence}"
    if known and known != batch.content_sha256:
        return "银行在这个批次号下有另一份内容，请立即与银行核对。"
    if known:
        bank.note_sent(batch_id=batch.pk, at=at, said="查询时银行确认已收到")
        return "银行确认已收到，内容一致；付款结果以银行回盘为准。"
    if batch.state == BatchState.SEALED:
        return "银行没有收到，系统会自动再送。"
    return "银行答复没有这个批次，与送盘记录不符，请立即与银行核对。"


def letters_of(batch: Batch) -> list[Letter]:
    """Return the letters that asked about a batch, the latest first, without their bytes."""
    rows = Letter.objects.filter(matter_kind=MATTER, matter_id=batch.pk).defer("pdf")
    return list(rows.order_by("-pk"))


@transaction.atomic
def write(*, batch_id: int, officer: Officer, at: datetime) -> Letter:
    """Compose the letter that asks about a batch's unclear lines.

    While these are the same and asked about on the same day, the letter is the same too.
    """
    batch = Batch.objects.select_for_update().defer("content").get(pk=batch_id)
    lines = list(batch.attempts.filter(state__in=UNCLEAR).order_by("line_no"))
    facts = _facts(batch, lines)
    today = timezone.localtime(at).date()
    last = next(iter(letters_of(batch)), None)
    of_today = last is not None and timezone.localtime(last.issued_at).date() == today
    if last is not None and of_today and {key: last.facts.get(key) for key in facts} == facts:
        return last
    return letters.issue(
        kind="bank_inquiry",
        word=WORD,
        title="付款结果查询函",
        template=TEMPLATE,
        facts=facts,
        office=officer.agency.name,
        matter_kind=MATTER,
        matter_id=batch.pk,
        by=casework.officer(officer),
        at=at,
    )


def _grouped(digest: str) -> str:
    """Return a digest in groups of 16, as people compare it and as a line can break."""
    return " ".join(digest[at : at + 16] for at in range(0, len(digest), 16))


def _facts(batch: Batch, lines: list[Attempt]) -> dict[str, Any]:
    first = batch.sends.order_by("number").first()
    begun = timezone.localtime(first.begun_at) if first else None
    account = batch.account
    return {
        "bank": account.bank if account else "付款银行",
        "pairs": [
            ["付款账户", f"{account.holder}　尾号{batch.payer_account[-4:]}" if account else "—"],
            ["批次号", batch.number],
            ["送盘时间", f"{begun:%Y-%m-%d %H:%M}" if begun else "—"],
            ["文件名称", batch.file_name],
            ["文件摘要", _grouped(batch.content_sha256 or "")],
            ["整批", f"{batch.count}笔，{batch.total:,.2f}元"],
            [
                "其中请查询",
                f"{len(lines)}笔，{total(line.amount for line in lines):,.2f}元",
            ],
        ],
        "lines": [
            [line.line_no, line.holder, f"尾号{line.account[-4:]}", f"{line.amount:,.2f}", "", ""]
            for line in lines
        ],
    }
