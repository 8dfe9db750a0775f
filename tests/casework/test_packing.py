"""A case as one zip: the same bytes for the same facts, and a script that finds any change."""

import subprocess
import sys
import zipfile
from io import BytesIO

import pytest

from casework.packing import Entry, pack
from deferral.services import packing
from tests.deferral.builders import CITY, Walk

ENTRIES = [Entry("papers/a.pdf", b"%PDF-1", "甲"), Entry("timeline.json", b"[]", "办理记录")]


def unpacked(data: bytes, folder):
    with zipfile.ZipFile(BytesIO(data)) as bundle:
        bundle.extractall(folder)
    return folder


def check(folder):
    done = subprocess.run(
        [sys.executable, "-I", "check.py"], cwd=folder, capture_output=True, check=False
    )
    return done.returncode, done.stdout.decode()


def test_the_same_facts_make_the_same_bytes_in_whatever_order():
    assert pack(ENTRIES, about={}) == pack(reversed(ENTRIES), about={})


@pytest.mark.parametrize("path", ["../a", "a/../b", "/a", "manifest.json", "check.py", "甲.pdf"])
def test_paths_stay_inside(path):
    with pytest.raises(ValueError, match="paths"):
        pack([Entry(path, b"", "")], about={})


def test_one_changed_byte_a_missing_and_an_added_file_are_named(tmp_path):
    folder = unpacked(pack(ENTRIES, about={"办件编号": "DF1"}), tmp_path)
    assert check(folder) == (0, "全部文件与清单一致 all files agree\n")

    (folder / "papers/a.pdf").write_bytes(b"%PDF-2")
    (folder / "timeline.json").unlink()
    (folder / "more.txt").write_text("x")

    code, said = check(folder)
    assert code == 1
    for words in ("changed: papers/a.pdf", "missing: timeline.json", "added: more.txt"):
        assert words in said


@pytest.mark.django_db
def test_a_deferral_is_packed_with_papers_opinions_letters_and_who_took_it(tmp_path):
    walk = Walk(CITY).to_decision().decide()
    walk.agree()

    data = packing.packed(application_id=walk.application.pk, by=walk.decider, at=walk.at)

    folder = unpacked(data, tmp_path)
    assert check(folder)[0] == 0
    assert len(list((folder / "papers").iterdir())) == 6
    assert len(list((folder / "opinions").iterdir())) == 3
    assert {file.stem for file in (folder / "letters").iterdir()} == {
        "receipt",
        "minutes",
        "approval",
        "agreement",
        "statement",
    }
    again = packing.packed(application_id=walk.application.pk, by=walk.decider, at=walk.at)
    assert "下载案卷" in zipfile.ZipFile(BytesIO(again)).read("timeline.json").decode()
