"""The receipt: written in the transaction that stores the declaration, once for every month."""

from datetime import date, datetime
from typing import Any

from casework import receipts
from casework.services import Message, send_notices
from registry import months
from registry.models import Import, Membership
from registry.models.intake import Stage
from relief.intake.declarations import SCHEMA
from relief.models import MonthlyDraft, MonthlyFiling, MonthlySubmission
from relief.queries import monthly

#: How the receipts of monthly declarations begin.
RECEIPT_PREFIX = "YS"
RECEIPT_PATH = "/portal/monthly/receipt/{receipt}/"


def record(*, import_: Import, at: datetime) -> list[MonthlySubmission]:
    """Write a receipt for every month of an enterprise's declaration that has just been stored.

    Call it inside the storing transaction, under the lock that imports of declarations share:
    versions count up one by one. Returns nothing for anything else than such an import.
    """
    if import_.kind != SCHEMA.kind or import_.employer_id is None:
        return []
    if import_.withdraws_id is not None:
        return []
    told = import_.preview.get("facts", {}).get("months", [])
    filing = MonthlyFiling.objects.filter(import_of=import_).select_related("draft").first()
    done = [_submission(import_, filing, facts, at) for facts in told]
    if filing is not None and filing.draft is not None:
        draft = MonthlyDraft.objects.filter(pk=filing.draft_id, state=MonthlyDraft.State.OPEN)
        draft.update(state=MonthlyDraft.State.SENT)
    send_notices((_notice(submission) for submission in done), at=at)
    return done


def _submission(
    import_: Import, filing: MonthlyFiling | None, facts: dict[str, Any], at: datetime
) -> MonthlySubmission:
    month = months.parse(facts["month"])
    assert import_.employer_id is not None
    former = monthly.submissions(import_.employer_id, month).first()
    signer = Membership.objects.get(user=import_.confirmed_by_id)
    return MonthlySubmission.objects.create(
        employer_id=import_.employer_id,
        month=month,
        version=former.version + 1 if former else 1,
        import_of=import_,
        receipt=receipts.new_receipt(RECEIPT_PREFIX),
        supersedes=former,
        signed_by=signer,
        signed_name=signer.name,
        signed_at=import_.confirmed_at,
        seconded_name=_name_of_second(import_),
        undertaking=filing.undertaking if filing else "",
        stored_at=at,
        lines_mark=monthly.lines_mark(import_.employer_id, month),
        totals=_totals(import_, month, facts),
    )


def _name_of_second(import_: Import) -> str:
    second = import_.seconded_by
    if second is None:
        return ""
    officer = getattr(second, "officer", None)
    if officer is not None:
        return f"{officer.name}（{officer.agency.name}）"[:100]
    return str(second.membership.name)


def _totals(import_: Import, month: date, facts: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of the receipt: what was agreed to, as it was shown."""
    kept = ("headcount", "base_totals", "estimate", "former_headcount", "last_headcount")
    preview = import_.preview
    return {
        **{name: facts[name] for name in kept},
        "joined": facts["joined"]["count"],
        "left": facts["left"]["count"],
        "held": facts["held"]["count"],
        "new": preview["new"],
        "changed": preview["changed"],
        "unchanged": preview["unchanged"],
        "rejected": preview["rejected"],
        "partly": import_.stage == Stage.PARTLY or bool(preview["rejected"]),
    }


def _notice(submission: MonthlySubmission) -> Message:
    month = f"{submission.month.year}年{submission.month.month}月"
    which = "" if submission.version == 1 else f"（第 {submission.version} 版，更正）"
    return Message(
        employer_id=submission.employer_id,
        key=f"monthly:{submission.receipt}",
        title=f"{month}的申报已受理，回执 {submission.receipt}",
        body=(
            f"{month}的社会保险费申报{which}已入库：参保 {submission.totals['headcount']} 人。"
            f"签署人 {submission.signed_name}。回执可以随时查看和打印。"
        ),
        path=RECEIPT_PATH.format(receipt=submission.receipt),
    )
