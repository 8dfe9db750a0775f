"""What users call their files: shown as far as it can be seen, and nothing else depends on it."""

from pathlib import Path, PurePosixPath

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from registry import tasks
from registry.intake import file_names
from registry.models import Import
from tests.factories import client_for, make_officer, make_uscc
from tests.registry.workbooks import headers, workbook

UNSEEN = ["\x00", "\x01", "\x07", "\x1b", "\x7f", "\u200b", "\u200e", "\u200f", "\u202a", "\u202e"]
UNSEEN += ["\u2028", "\u2029", "\u2066", "\u2069", "\ufeff", "\ud800", "\U000e0001", "\ufff9"]
CLIMBING = ["../", "..\\", "../../etc/", "/etc/", "C:\\Users\\x\\", "\\\\server\\share\\", "a/b/c/"]
CLIMBING += ["....//", "%2e%2e/", "file:///", "~/", "./"]
TEXTS = [
    "申报.xlsx",
    "䶮𠮷㐂.xlsx",
    "a b.xlsx",
    "'; drop table x; --.xlsx",
    "<script>.xlsx",
    "=1+1.xlsx",
]
TEXTS += [
    '"quoted".xlsx',
    "a%00b.xlsx",
    "con.xlsx",
    "nul",
    ".htaccess",
    "a.xlsx.exe",
    "名\u0301.xlsx",
]
NAMES = [
    *(f"申报{sign}表.xlsx" for sign in UNSEEN),
    *(f"{sign}.xlsx" for sign in UNSEEN),
    *(f"{way}申报.xlsx" for way in CLIMBING),
    *(f"{way}{sign}申报.xlsx" for way in CLIMBING for sign in ("\x00", "\u202e")),
    *TEXTS,
    "长" * 300 + ".xlsx",
    "a" * 5_000,
    "",
    ".",
    "..",
    "/",
    "   ",
]


def test_there_are_enough_of_them():
    assert len(set(NAMES)) >= 80


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_shown_without_folders_and_without_what_cannot_be_seen(name):
    shown = file_names.shown(name)

    assert 0 < len(shown) <= file_names.LONGEST
    assert not {"/", "\\", *UNSEEN} & set(shown)
    assert PurePosixPath(shown).name == shown
    shown.encode()  # no half of a character


def test_a_long_name_keeps_its_ending_and_a_rare_character_stays():
    assert file_names.shown("长" * 300 + ".xlsx").endswith("长.xlsx")
    assert file_names.shown("䶮𠮷㐂.xlsx") == "䶮𠮷㐂.xlsx"
    assert file_names.shown("报表\u202excod.exe") == "报表xcod.exe"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["../../../tmp/申报.xlsx", "a\u202excod.xlsx", "长" * 150 + ".xlsx"]
)
def test_a_file_lies_under_a_name_of_ours_and_comes_back_as_an_attachment(monkeypatch, name):
    monkeypatch.setattr("registry.doorbell.ring", lambda task, **work: True)
    client = client_for(make_officer(district="510400"))
    book = workbook(headers("sizes"), [make_uscc(), "甲", "巨型", "2020-02-10"]).getvalue()
    client.post(
        reverse("desk_imports:upload"), {"kind": "sizes", "file": SimpleUploadedFile(name, book)}
    )
    found = Import.objects.get()
    tasks.work_import(import_id=found.pk)
    found.refresh_from_db()

    stored = Path(found.file.path)
    assert stored.is_relative_to(settings.MEDIA_ROOT)
    assert stored.name.startswith(found.file_sha256[:16])
    answer = client.get(reverse("desk_imports:marked", args=[found.pk]))
    b"".join(answer.streaming_content)
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"
