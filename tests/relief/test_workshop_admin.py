"""Drafts in the administration: text, file or rows, errors at their line, workbooks, versions."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from relief.models import PolicyDraft, PolicyDraftVersion
from tests.factories import client_for, make_administrator
from tests.relief.drafting import FEE, SLUG, TEXT, book_file, make_draft, row

pytestmark = pytest.mark.django_db
ADD = "admin:relief_policydraft_add"


@pytest.fixture
def client():
    return client_for(make_administrator())


def test_a_draft_is_made_from_a_file(client):
    file = SimpleUploadedFile("a.toml", TEXT.encode())

    client.post(reverse(ADD), {"slug": SLUG, "file": file})

    assert PolicyDraftVersion.objects.get().text == TEXT


def test_an_error_is_shown_at_its_line(client):
    text = TEXT.replace("day = 25", "day = 40")

    answer = client.post(reverse(ADD), {"slug": SLUG, "text": text})

    assert "第 9 行“day = 40”：day 应为 1 到 28 的整数" in answer.content.decode()
    assert not PolicyDraft.objects.exists()


def test_rows_become_the_same_rules(client):
    draft = make_draft()
    url = reverse("admin:relief_policydraft_rows", args=[draft.pk])
    form = client.get(url).context["form"]
    rows = [each for _label, _name, each_kind in form.kinds for each in each_kind]
    fields = {
        f"{each.prefix}-{name}": each.initial.get(name, "")
        for each in (form.head, *rows)
        for name in each.fields
    }

    client.post(url, fields | {"due_day-0-day": "20"})

    latest = draft.versions.latest("number")
    assert latest.number == 2
    assert "day = 20" in latest.text


def test_a_workbook_is_attached_and_a_red_case_shown(client, tmp_path):
    draft = make_draft(rows=())
    path = book_file(tmp_path, [FEE, row(name="错的", result="5.01")])
    file = SimpleUploadedFile("案例.xlsx", path.read_bytes())

    answer = client.post(
        reverse("admin:relief_policydraft_cases", args=[draft.pk]), {"file": file}, follow=True
    )

    assert "1 / 2 通过" in answer.content.decode()


def test_what_is_no_workbook_is_told(client):
    draft = make_draft(rows=())
    file = SimpleUploadedFile("案例.xlsx", b"nothing")

    answer = client.post(reverse("admin:relief_policydraft_cases", args=[draft.pk]), {"file": file})

    assert "errorlist" in answer.content.decode()
    assert not draft.books.exists()


def test_the_template_is_sent(client):
    answer = client.get(reverse("admin:relief_policydraft_template"))

    assert b"".join(answer.streaming_content).startswith(b"PK")
