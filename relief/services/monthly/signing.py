"""Say yes to what was checked: by somebody who may sign, with the undertaking, and by two
where decided months change."""

from datetime import datetime

from django.db import transaction

from registry.intake import services as intake
from registry.models import Membership
from registry.scope import Viewer
from relief.models import MonthlyFiling
from relief.monthly_data import monthly_data
from relief.services.monthly.sending import give_up_import


class DraftChanged(Exception):
    """The draft was changed after it was checked."""


class NotWhole(Exception):
    """The table on the page has errors: it is mended there, not signed in part."""


class NoUndertaking(Exception):
    """The undertaking isn't agreed to, or its wording has changed meanwhile."""


def _locked(filing_id: int, employer_id: int) -> MonthlyFiling:
    filings = MonthlyFiling.objects.select_for_update(of=("self",)).select_related("draft")
    return filings.get(pk=filing_id, employer_id=employer_id)


@transaction.atomic
def sign(
    *,
    filing_id: int,
    viewer: Viewer,
    seen: str,
    undertaking: str,
    at: datetime,
    partial: bool = False,
) -> MonthlyFiling:
    """Hand the declaration in as it was checked; it is stored by a worker, or waits for a second.

    `seen` is the digest of the preview that was shown, `undertaking` the version of the wording
    that was agreed to. Signing twice changes nothing.

    :raises DraftChanged: if the draft isn't what was checked any more.
    :raises NotWhole: if a part of a draft is to be signed; only workbooks are taken in part.
    :raises NoUndertaking: if the wording of today isn't agreed to.
    :raises intake.NotYours: if the viewer may not sign.
    :raises intake.NotReady: if there is nothing to sign.
    :raises intake.PreviewChanged: if the preview isn't the one that was seen.
    """
    assert viewer.membership is not None
    filing = _locked(filing_id, viewer.membership.employer_id)
    if undertaking != monthly_data().undertaking.version:
        raise NoUndertaking("请阅读承诺内容并勾选，再提交申报。")
    if filing.draft is not None and filing.draft.version != filing.draft_version:
        raise DraftChanged("草稿在核对之后又改过。请返回表格，重新核对后再提交。")
    if filing.draft is not None and partial:
        raise NotWhole("表里还有错误。请返回表格改正，重新核对后再提交。")
    intake.confirm(import_id=filing.import_of_id, by=viewer, seen=seen, at=at, partial=partial)
    filing.undertaking = undertaking
    filing.save(update_fields=["undertaking"])
    return filing


def second(*, filing_id: int, viewer: Viewer, seen: str, at: datetime) -> None:
    """Say yes as the second signer: months change that have been decided.

    :raises intake.NotYours: if the viewer may not sign.
    :raises intake.NotReady: if nobody waits for a second person.
    :raises intake.SamePerson: if it is the first one.
    :raises intake.PreviewChanged: if the preview isn't the one that was seen.
    """
    filing = MonthlyFiling.objects.get(pk=filing_id)
    intake.second(import_id=filing.import_of_id, by=viewer, seen=seen, at=at)


@transaction.atomic
def ask_signature(*, filing_id: int, member: Membership, at: datetime) -> MonthlyFiling:
    """Put the declaration on the to-do list of those who may sign. Asking again changes nothing."""
    filing = _locked(filing_id, member.employer_id)
    if filing.asked_at is None:
        filing.asked_by, filing.asked_at = member, at
        filing.save(update_fields=["asked_by", "asked_at"])
    return filing


@transaction.atomic
def give_up(*, filing_id: int, viewer: Viewer, at: datetime) -> MonthlyFiling:
    """Drop what was sent and isn't stored; the draft it came from can be edited again.

    :raises intake.NotReady: if it is being stored, or stored already.
    :raises intake.NotYours: if it is not theirs.
    """
    assert viewer.membership is not None
    filing = _locked(filing_id, viewer.membership.employer_id)
    give_up_import(filing.import_of, viewer=viewer, at=at)
    return filing
