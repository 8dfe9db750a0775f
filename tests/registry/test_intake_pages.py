"""Imports on the desk: upload, watch, read the errors; who sees which."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from registry import tasks
from registry.models import Agency, Import, Post
from tests.factories import client_for, make_agency, make_member, make_officer, make_uscc
from tests.registry.workbooks import bring_in, headers, workbook

pytestmark = pytest.mark.django_db


def city(post=Post.HANDLER):
    return make_officer(post, district="510400")


def upload_of(*rows, name="划型.xlsx"):
    return SimpleUploadedFile(name, workbook(headers("sizes"), *rows).getvalue())


def good(code=None):
    return [code or make_uscc(), "甲", "大型", "2020-02-10"]


def detail_of(found):
    return reverse("desk_imports:detail", args=[found.pk])


@pytest.fixture
def rung(monkeypatch):
    """Nobody answers the bell; note who was called."""
    calls = []
    monkeypatch.setattr("registry.doorbell.ring", lambda task, **work: calls.append(work) or True)
    return calls


def test_an_upload_is_queued_rung_for_and_worked_on(rung):
    client = client_for(city())

    answer = client.post(
        reverse("desk_imports:upload"), {"kind": "sizes", "file": upload_of(good())}
    )

    queued = Import.objects.get()
    assert answer["Location"] == detail_of(queued)
    assert rung == [{"import_id": queued.pk}]
    page = client.get(detail_of(queued)).content.decode()
    assert "排队中" in page
    assert reverse("desk_imports:progress", args=[queued.pk]) in page
    assert "取消导入" in page

    tasks.work_import(import_id=queued.pk)
    tasks.work_import(import_id=queued.pk)  # the queue may say it twice

    page = client.get(detail_of(queued)).content.decode()
    assert "已入库" in page
    assert "取消导入" not in page
    assert client.get(reverse("desk_imports:progress", args=[queued.pk]))["HX-Refresh"] == "true"


def test_the_sweeper_rings_for_what_was_forgotten(rung):
    client_for(city()).post(
        reverse("desk_imports:upload"), {"kind": "sizes", "file": upload_of(good())}
    )
    rung.clear()

    tasks.sweep_imports()

    assert rung == [{"import_id": Import.objects.get().pk}]


def test_every_error_is_listed_with_its_remedy_and_can_be_downloaded():
    officer = city()
    rows = [["1", f"单位{n}", "巨型", "2020-02-10"] for n in range(60)]
    done = bring_in("sizes", workbook(headers("sizes"), *rows), by=officer)
    client = client_for(officer)

    first = client.get(detail_of(done)).content.decode()
    last = client.get(detail_of(done), {"page": 3}).content.decode()

    assert "未入库" in first
    assert "请对照登记证照填写" in first
    assert ">61<" in last
    answer = client.get(reverse("desk_imports:errors", args=[done.pk]))
    assert answer.content.startswith(b"PK")
    assert "attachment" in answer["Content-Disposition"]


def test_what_a_file_says_is_never_markup():
    officer = city()
    done = bring_in(
        "sizes", workbook(headers("sizes"), ["<script>x", "甲", "大型", "2020-02-10"]), by=officer
    )

    page = client_for(officer).get(detail_of(done)).content.decode()

    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_a_form_without_a_file_says_what_is_missing():
    page = client_for(city()).post(reverse("desk_imports:upload"), {}).content.decode()

    assert "请选择工作簿类别" in page
    assert "请选择要导入的文件" in page


def test_an_import_can_be_cancelled_while_it_waits(rung):
    client = client_for(city())
    client.post(reverse("desk_imports:upload"), {"kind": "sizes", "file": upload_of(good())})
    queued = Import.objects.get()

    client.post(reverse("desk_imports:cancel", args=[queued.pk]))
    client.post(reverse("desk_imports:cancel", args=[queued.pk]))

    assert "已取消" in client.get(detail_of(queued)).content.decode()


def test_a_districts_officer_sees_the_own_agencys_imports_only():
    done = bring_in("sizes", workbook(headers("sizes"), good()), by=city())
    east = client_for(make_officer(district="510402"))

    assert east.get(detail_of(done)).status_code == 404
    assert "划型.xlsx" not in east.get(reverse("desk_imports:list")).content.decode()
    assert east.get(reverse("desk_imports:errors", args=[done.pk])).status_code == 404
    assert east.post(reverse("desk_imports:cancel", args=[done.pk])).status_code == 404


def test_a_districts_officer_is_not_offered_the_provinces_data():
    page = client_for(make_officer(district="510402")).get(reverse("desk_imports:upload"))

    assert 'value="declarations"' in page.content.decode()
    assert 'value="sizes"' not in page.content.decode()


def test_other_bureaus_see_no_import_and_bring_nothing_in():
    done = bring_in("sizes", workbook(headers("sizes"), good()), by=city())
    bureau = client_for(make_officer(agency=make_agency(Agency.Kind.TAX, district="510400")))

    assert bureau.get(detail_of(done)).status_code == 404
    answer = bureau.post(
        reverse("desk_imports:upload"), {"kind": "sizes", "file": upload_of(good())}
    )
    assert answer.status_code == 200
    assert Import.objects.count() == 1


@pytest.mark.parametrize("post", [Post.FUND_FINANCE, Post.OPINION])
def test_other_posts_have_no_imports(post):
    client = client_for(city(post))
    assert client.get(reverse("desk_imports:list")).status_code == 403


def test_a_reviewer_reads_and_does_not_upload():
    client = client_for(city(Post.REVIEWER))

    assert client.get(reverse("desk_imports:list")).status_code == 200
    assert client.get(reverse("desk_imports:upload")).status_code == 403


def test_an_enterprise_has_no_way_in():
    client = client_for(make_member())
    assert client.get(reverse("desk_imports:list")).status_code == 403


@pytest.mark.parametrize("rows", [1, 20])
def test_the_list_costs_the_same_whatever_its_length(rows, django_assert_max_num_queries):
    officer = city()
    for number in range(rows):
        Import.objects.create(
            kind="sizes",
            file_name=f"{number}.xlsx",
            file_sha256="0" * 64,
            by=officer,
            created_at=timezone.now(),
        )
    client = client_for(officer)

    with django_assert_max_num_queries(9):
        client.get(reverse("desk_imports:list"))


@pytest.mark.parametrize("kind", ["employers", "sizes", "declarations", "payments"])
def test_templates_can_be_downloaded(kind):
    answer = client_for(city()).get(reverse("desk_imports:template", args=[kind]))

    assert answer.content.startswith(b"PK")


def test_there_is_no_template_of_an_unknown_kind():
    answer = client_for(city()).get(reverse("desk_imports:template", args=["secrets"]))

    assert answer.status_code == 404


def test_five_minutes_without_a_sign_of_life_are_said_to_be_so(rung):
    client = client_for(city())
    client.post(reverse("desk_imports:upload"), {"kind": "sizes", "file": upload_of(good())})
    queued = Import.objects.get()
    assert "没有进展" not in client.get(detail_of(queued)).content.decode()

    Import.objects.update(created_at=timezone.now() - timedelta(minutes=6))

    assert "任务不会丢失" in client.get(detail_of(queued)).content.decode()
