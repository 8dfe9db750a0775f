"""The book on the desk, and its table for export."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from casework import todo
from registry import scope
from registry.models import Post
from relief.ledger.services import corrections, proofs
from relief.models import LedgerCorrection
from tests.factories import make_employer
from tests.relief.builders import declare, pay, recalculate, sized_employer
from tests.relief.ledger.booking import AT, MARCH, as_superuser, officer, propose, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    """Return a way to read pages as an officer of a post."""

    def read(post, name, *arguments, district="510400", data=None, **query):
        client.force_login(officer(post, district=district).user)
        address = reverse(f"relief:{name}", args=arguments)
        response = client.post(address, data) if data is not None else client.get(address, query)
        return response, response.content.decode()

    return read


def paid_employer(**fields):
    employer = sized_employer("LARGE", **fields) if not fields else make_employer(**fields)
    declare(employer)
    pay(employer, "1600.00")
    return employer


def test_the_sheet_says_what_stands_on_every_account(desk):
    paid_employer()
    recalculate()

    _, page = desk(Post.AUDIT, "ledger")

    for words in ("核定应缴", "已缴到账", "贷 1,600.00", "借 1,600.00", "贷 800.00"):
        assert words in page


def test_the_sheet_as_of_an_earlier_day(desk):
    paid_employer()
    recalculate()

    _, page = desk(Post.AUDIT, "ledger", day="2020-07-31")

    assert "已缴到账" in page
    assert "核定应缴" not in page


def test_a_district_sees_the_sums_of_its_own(desk):
    paid_employer()
    recalculate()

    _, page = desk(Post.AUDIT, "ledger", district="510403")

    assert "这一天还没有记账" in page


def test_an_account_leads_to_the_units_and_they_to_their_entries(desk):
    employer = paid_employer()
    recalculate()

    _, page = desk(Post.AUDIT, "ledger_holders", "pension", "paid")
    assert employer.name in page
    assert f"/desk/employers/{employer.pk}/ledger/?insurance=pension" in page
    _, page = desk(Post.AUDIT, "employer_ledger", employer.pk, insurance="pension")

    for words in ("缴费到账", "核定结果", "V00000001", "借 1,600.00", "贷 800.00"):
        assert words in page
    assert desk(Post.AUDIT, "ledger_holders", "pension", "none")[0].status_code == 404


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("ledger", ()), ("ledger_holders", ("pension", "paid")), ("employer_ledger", None)],
)
def test_pages_of_the_book_cost_the_same_whatever_there_is(client, name, arguments):
    employer = make_employer()
    client.force_login(officer(Post.AUDIT).user)
    address = reverse(f"relief:{name}", args=(employer.pk,) if arguments is None else arguments)

    def queries():
        with CaptureQueriesContext(connection) as caught:
            assert client.get(address).status_code == 200
        return len(caught)

    pay(employer, "100.00")
    few = queries()
    for place in range(19):
        pay(employer, "100.00", arrived_on=date(2020, 3, 1) + timedelta(days=place))
        pay(make_employer(), "100.00")

    assert queries() == few <= 12


def test_a_proposal_is_written_approved_and_taken_back_on_the_desk(desk):
    employer = paid_employer()
    recalculate()
    form = {
        "kind": "LATE_FEE",
        "reason": "逾期缴费",
        "document": "攀社发〔2020〕7号",
        "amount_202003": "12.34",
    }

    response, _ = desk(Post.FUND_FINANCE, "correction_propose", employer.pk, "pension", data=form)
    found = LedgerCorrection.objects.get()
    assert response.url == reverse("relief:correction", args=[found.pk])
    _, page = desk(Post.HEAD, "correction", found.pk)
    assert "同意，记账" in page
    desk(Post.HEAD, "correction", found.pk, data={"verdict": "APPROVE"})
    _, page = desk(Post.FUND_FINANCE, "correction", found.pk)
    assert "提出冲正" in page
    desk(Post.FUND_FINANCE, "correction", found.pk, data={"reason": "记错", "document": "1"})
    back = LedgerCorrection.objects.latest("pk")
    desk(Post.HEAD, "correction", back.pk, data={"verdict": "REFUSE", "refusal": "没有错"})

    found.refresh_from_db()
    back.refresh_from_db()
    assert (found.state, back.kind, back.state) == ("APPROVED", "REVERSAL", "REFUSED")
    _, page = desk(Post.AUDIT, "corrections", state="REFUSED")
    assert back.receipt in page
    assert found.receipt not in page


def test_a_form_says_what_is_missing(desk):
    employer = paid_employer()
    more = {"kind": "WRITE_OFF", "reason": "x", "document": "y", "amount_202003": "9999999.00"}

    _, page = desk(
        Post.FUND_FINANCE, "correction_propose", employer.pk, "pension", data={"kind": ""}
    )
    assert "请选择类别" in page
    _, page = desk(Post.FUND_FINANCE, "correction_propose", employer.pk, "pension", data=more)
    assert "应收余额" in page
    found = propose(employer, by=officer(Post.FUND_FINANCE))
    _, page = desk(Post.HEAD, "correction", found.pk, data={"verdict": "REFUSE"})
    assert "退回时请写明原因" in page


def test_auditors_only_look(desk):
    found = propose(make_employer(), by=officer(Post.FUND_FINANCE))

    _, page = desk(Post.AUDIT, "correction", found.pk)

    assert "等负责人审批" in page
    assert "提交意见" not in page
    assert (
        desk(Post.AUDIT, "correction_propose", found.employer_id, "pension")[0].status_code == 403
    )
    assert desk(Post.HANDLER, "corrections")[0].status_code == 403


def test_the_nights_proof_is_kept_and_shown(desk):
    paid_employer()
    recalculate()

    proof = proofs.prove(at=AT)

    assert proof.ok
    assert not proofs.is_due(at=AT)
    assert not proofs.is_due(at=AT.replace(day=4, hour=2))
    assert proofs.is_due(at=AT.replace(day=4, hour=3))
    _, page = desk(Post.AUDIT, "ledger_proofs")
    assert "完整" in page
    assert "pension-" in page
    assert "完整、平衡" in desk(Post.AUDIT, "ledger")[1]


def test_a_proof_that_fails_is_told_on_the_desk(desk):
    employer = paid_employer()
    with as_superuser():
        say("UPDATE relief_ledgerleg SET amount = amount + 1 WHERE account = 'paid'")
        proof = proofs.prove(at=AT)
        viewer = scope.viewer_of(officer(Post.AUDIT).user)
        todos = {each.label: each.count for each in todo.todos(viewer)}
        page = desk(Post.AUDIT, "ledger_proofs")[1]

    assert not proof.ok
    assert "已被改动" in proof.problem
    assert todos["账簿核对发现问题"] == 1
    assert "已被改动" in page
    assert employer


def test_the_head_is_told_of_proposals():
    found = propose(make_employer(), by=officer(Post.FUND_FINANCE))
    head = officer(Post.HEAD)

    def waiting():
        return {each.label: each.count for each in todo.todos(scope.viewer_of(head.user))}

    assert waiting()["待审批的调账"] == 1
    corrections.approve(correction_id=found.pk, by=head, at=AT)
    assert waiting().get("待审批的调账", 0) == 0


def test_the_table_of_the_book_has_both_sides_of_every_leg(capsys):
    employer = paid_employer()
    recalculate()

    out = io.StringIO()
    call_command("export_table", "ledger", "-", "--as-of", "2020-08-01", stdout=out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue().removeprefix("\ufeff"))))

    assert list(rows[0]) == (
        [
            "entry",
            "posted_at",
            "fund",
            "uscc",
            "period",
            "insurance",
            "account",
            "debit",
            "credit",
            "reason",
            "document",
        ]
    )
    assert {row["uscc"] for row in rows} == {employer.uscc}
    assert sum(Decimal(row["debit"]) - Decimal(row["credit"]) for row in rows) == 0
    paid = [row for row in rows if row["account"] == "paid"]
    assert [(row["period"], row["debit"], row["credit"], row["document"]) for row in paid] == [
        (f"{MARCH:%Y-%m}", "1600.00", "0.00", "V00000001")
    ]
    out = io.StringIO()
    call_command("export_table", "ledger", "-", "--as-of", "2020-03-19", stdout=out)
    assert len(out.getvalue().splitlines()) == 1
