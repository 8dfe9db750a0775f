"""Proposing an account on the pages: looked over before it is handed in, by a unit or for it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from refunds.models import AccountChange
from registry.models import Post
from tests import factories
from tests.casework.papers import PNG
from tests.factories import AT
from tests.refunds.making import account
from tests.refunds.test_account_cases import DAY, NEW, OLD, decide, propose
from tests.refunds.test_pages import client_for, page

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def typed(employer, **changes):
    given = account(employer, number=NEW)
    return {
        "holder": given.holder,
        "bank": given.bank,
        "bank_code": given.bank_code,
        "number": "6222 0200 0000 0077",
        "reason": "基本户迁移",
    } | changes


def scan(data=PNG, name="来函.png"):
    return SimpleUploadedFile(name, data)


def test_a_unit_sees_what_changes_before_anything_is_handed_in(cast):
    employer = factories.make_employer()
    client = client_for(cast.member(employer))
    url = reverse("portal_refunds:account_propose")
    shown = client.post(url, typed(employer)).text
    assert "请核对后提交" in shown
    assert NEW in shown  # as it was typed, to be compared digit by digit
    assert OLD not in shown
    assert "再等24小时" in shown
    assert not AccountChange.objects.exists()
    # Back to the form with what was typed, nothing handed in.
    again = client.post(url, typed(employer, change="1")).text
    assert 'value="6222 0200 0000 0077"' in again
    assert not AccountChange.objects.exists()
    for _ in range(2):  # pressed twice: handed in once
        client.post(url, typed(employer, confirmed="1"))
    assert AccountChange.objects.get().number == NEW


def test_an_officer_proposes_by_the_units_paper_and_two_others_decide(cast):
    employer = factories.make_employer()
    handler = factories.make_officer(Post.HANDLER)
    desk = client_for(handler)
    assert (
        reverse("desk_refunds:account_find") in desk.get(reverse("desk_refunds:account_cases")).text
    )
    found = desk.get(reverse("desk_refunds:account_find"), {"uscc": f" {employer.uscc.lower()}"})
    url = reverse("desk_refunds:account_propose", args=[employer.pk])
    assert (found.status_code, found.url) == (302, url)
    assert "材料扫描件" in desk.post(url, typed(employer)).text
    assert not AccountChange.objects.exists()
    missing = desk.post(url, typed(employer, confirmed="1", document="来函")).text
    assert "请上传材料的扫描件" in missing
    bad = typed(employer, confirmed="1", document="来函", file=scan(b"MZ", "来函.png"))
    assert "内容" in desk.post(url, bad).text
    assert not AccountChange.objects.exists()
    done = desk.post(url, typed(employer, confirmed="1", document="7月20日来函", file=scan()))
    case = AccountChange.objects.get()
    assert done.url == reverse("desk_refunds:account_case", args=[case.receipt])
    assert (case.by_officer, case.document, case.extension) == (True, "7月20日来函", "png")
    assert "提交意见" not in desk.get(done.url).text
    decide(case, cast.reviewer)
    assert decide(case, cast.accountant).cooling_until == AT + DAY


def test_the_paper_is_given_out_for_download_and_to_those_who_decide(cast):
    employer = factories.make_employer()
    desk = client_for(cast.reviewer)
    url = reverse("desk_refunds:account_propose", args=[employer.pk])
    desk.post(url, typed(employer, confirmed="1", document="来函", file=scan()))
    case = AccountChange.objects.get()
    paper = reverse("desk_refunds:account_paper", args=[case.receipt])
    answer = client_for(cast.accountant).get(paper)
    assert b"".join(answer.streaming_content) == PNG
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert client_for(cast.head).get(paper).status_code == 403
    stranger = factories.make_officer(Post.REVIEWER, district="510403")
    assert client_for(stranger).get(paper).status_code == 404
    assert "下载扫描件" in page(desk, "desk_refunds:account_case", case.receipt)
    assert "下载扫描件" not in page(
        client_for(cast.head), "desk_refunds:account_case", case.receipt
    )


def test_a_case_without_a_paper_has_none_to_give_out(cast):
    case = propose(cast, factories.make_employer())
    paper = reverse("desk_refunds:account_paper", args=[case.receipt])
    assert client_for(cast.reviewer).get(paper).status_code == 404


@pytest.mark.parametrize("post", [Post.FUND_FINANCE, Post.HEAD, Post.AUDIT])
def test_who_pays_or_audits_proposes_no_account(cast, post):
    employer = factories.make_employer()
    client = client_for(factories.make_officer(post))
    assert client.get(reverse("desk_refunds:account_find")).status_code == 403
    url = reverse("desk_refunds:account_propose", args=[employer.pk])
    assert client.post(url, typed(employer)).status_code == 403


def test_an_officer_of_another_county_proposes_nothing(cast):
    employer = factories.make_employer()
    client = client_for(factories.make_officer(Post.HANDLER, district="510403"))
    found = client.get(reverse("desk_refunds:account_find"), {"uscc": employer.uscc})
    assert "办理范围内没有这个单位" in found.text
    url = reverse("desk_refunds:account_propose", args=[employer.pk])
    assert client.get(url).status_code == 404
