"""Classes by hand on the desk: proposed by one, agreed to by another, seen by the district."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from classification.models import ClassDecision, ClassProposal
from registry.models import Post
from tests.factories import client_for, make_employer, make_officer
from tests.relief.classing import PDF, class_by_hand

pytestmark = pytest.mark.django_db


def school(**fields):
    return make_employer(industry_code="8331", **fields)


def address(unit):
    return reverse("relief:employer_class", args=[unit.pk])


def filled(**change):
    return {
        "counts_as": "sme",
        "from_month": "2020-02",
        "to_month": "",
        "ground": "省级部门已认定",
        "document": "川人社函〔2020〕18号",
        "document_on": "2020-03-01",
        "file": SimpleUploadedFile("认定.pdf", PDF),
    } | change


def test_one_proposes_and_another_agrees():
    unit = school()
    handler, reviewer = (
        make_officer(post, district="510400") for post in (Post.HANDLER, Post.REVIEWER)
    )
    assert "提出归类" in client_for(handler).get(address(unit)).content.decode()

    client_for(handler).post(address(unit), filled())

    proposal = ClassProposal.objects.get()
    assert proposal.file.name.startswith("classes/")
    assert "待复核" in client_for(handler).get(address(unit)).content.decode()
    client_for(handler).post(address(unit), {"verdict": "agree"})
    assert not ClassDecision.objects.exists()  # not one's own
    client_for(reviewer).post(address(unit), {"verdict": "agree"})
    assert ClassDecision.objects.get().agreed
    told = client_for(reviewer).get(reverse("relief:classes")).content.decode()
    assert proposal.document in told


def test_what_is_missing_is_said_on_the_page():
    unit, client = school(), client_for(make_officer(district="510400"))

    told = client.post(address(unit), filled(ground="", file="")).content.decode()
    assert "请填写理由" in told
    assert "请上传文书" in told
    told = client.post(address(unit), filled(to_month="2020-01")).content.decode()
    assert "截止月份不能早于起始月份" in told
    bad = SimpleUploadedFile("认定.pdf", b"MZ")
    assert "提出归类" in client.post(address(unit), filled(file=bad)).content.decode()
    assert not ClassProposal.objects.exists()


def test_a_unit_that_has_its_class_by_the_rules_has_no_form():
    told = client_for(make_officer(district="510400")).get(address(make_employer()))

    assert "提出归类" not in told.content.decode()


def test_a_district_sees_its_own_and_changes_nothing():
    unit = school()
    proposal = class_by_hand(unit, "sme").proposal
    own, other = make_officer(), make_officer(district="510403")
    file = reverse("relief:class_file", args=[proposal.pk])

    assert "提出归类" not in client_for(own).get(address(unit)).content.decode()
    answer = client_for(own).get(file)
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content) == PDF
    assert client_for(other).get(address(unit)).status_code == 404
    assert client_for(other).get(file).status_code == 404
    assert (
        proposal.document not in client_for(other).get(reverse("relief:classes")).content.decode()
    )


@pytest.mark.parametrize("rows", [1, 20])
def test_the_pages_cost_the_same_whatever_there_is_to_list(rows):
    unit = school()
    for _ in range(rows):
        class_by_hand(unit, "sme")
    client = client_for(make_officer(Post.REVIEWER, district="510400"))
    client.get(address(unit))  # what is known of the law is kept

    for path in (reverse("relief:classes"), address(unit)):
        with CaptureQueriesContext(connection) as asked:
            client.get(path)
        assert len(asked) <= 8, [query["sql"] for query in asked]
