"""Drafts, workbooks of cases and the two officers, for tests of the policy workshop."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.models import Officer, Post
from registry.workbook import template
from relief.calc.case_book import SCHEMA
from relief.models import PolicyCaseBook, PolicyDocument, PolicyDraft, PolicyProposal
from relief.queries import workshop
from relief.services import policy_drafts
from tests.factories import AT, make_administrator, make_agency, make_officer

SLUG = "2020-12-01-due-day"
TEXT = """[document]
title = "缴费截止日的规定"
number = "攀人社发〔2020〕99号"
published = 2020-12-01
confidence = "V"

[[due_day]]
from = "2020-03"
day = 25
months_after = 0
clause = "第二条：每月25日前缴费"
"""
FEE: Mapping[str, object] = {
    "name": "三月欠费，二十五日截止",
    "kind": "late_fee",
    "as_of": "2020-12-31",
    "amount": "1000.00",
    "start": "2020-03-25",
    "end": "2020-04-05",
    "days": "10",
    "result": "5.00",
}


def row(**values: object) -> dict[str, object]:
    return {**FEE, **values}


def book_file(folder: str | Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path = Path(folder) / "cases.xlsx"
    template.write(SCHEMA, path, rows=rows)
    return path


def attach(
    to: PolicyDraft | PolicyDocument, *rows: Mapping[str, object], by: object = None
) -> PolicyCaseBook:
    with TemporaryDirectory() as folder:
        path = book_file(folder, rows or [FEE])
        return policy_drafts.attach_cases(
            to=to, path=path, file_name="案例.xlsx", by=by or make_administrator(), at=AT
        )


def make_draft(
    slug: str = SLUG, text: str = TEXT, *, rows: Sequence[Mapping[str, object]] = (FEE,)
) -> PolicyDraft:
    """Return a draft, with a workbook of cases unless there are no rows."""
    draft = policy_drafts.start_draft(slug=slug, text=text, by=make_administrator(), at=AT)
    if rows:
        attach(draft, *rows)
    return draft


def of_the_city(post: str) -> Officer:
    return make_officer(post, agency=make_agency(district="510400"), name=Post(post).label)


def prepare(draft: PolicyDraft, by: Officer | None = None, **reasons: str) -> PolicyProposal:
    state = workshop.state_of(draft)
    return policy_drafts.prepare(
        version_id=state.version.pk,
        book_id=state.book.pk if state.book else 0,
        reasons=reasons,
        by=by or of_the_city(Post.HANDLER),
        at=AT,
    )


def publish(proposal: PolicyProposal, by: Officer | None = None) -> PolicyDocument:
    return policy_drafts.publish(proposal_id=proposal.pk, by=by or of_the_city(Post.HEAD), at=AT)
