"""Forty forged or replayed files: none of them moves a fen, each is kept for people."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from refunds.bank import signing
from refunds.models import Attempt, BankAnswerLine, BankFile
from refunds.services import bank
from relief.models import PaidBack
from tests.refunds.making import clock, put_down, row

pytestmark = pytest.mark.django_db

KEY = "the bank's and ours"
Forge = Callable[["Scene"], None]


class Scene:
    """Two refunds at the bank, one of them answered long ago; and a forger."""

    def __init__(self, cast, *, key: str = "") -> None:
        first = cast.bring("AT_BANK")
        self.old = Attempt.objects.get(obligation=first)
        self.key = key
        self.sign(put_down([row(self.old, outcome="失败", reason="账户冻结")], name="old.xlsx"))
        self.old_content = (bank.folder("in") / "old.xlsx").read_bytes()
        bank.exchange(clock=clock)
        second = cast.bring("AT_BANK", amount="2500.00")
        self.attempt = Attempt.objects.get(obligation=second)

    def sign(self, path: Path, *, name: str = "", key: str = "") -> Path:
        """Put the signature beside a file that somebody with the key would give it."""
        if self.key:
            digest = signing.digest_of(path.read_bytes())
            signature = signing.sign_file(
                (key or self.key).encode(), name=name or path.name, digest=digest
            )
            path.with_name(f"{path.name}{signing.BESIDE}").write_text(signature)
        return path

    def good(self, *, name: str = "new.xlsx") -> Path:
        return put_down([row(self.attempt)], name=name)

    def money(self) -> list[object]:
        return [
            list(PaidBack.objects.order_by("pk").values_list("reference", "amount")),
            list(Attempt.objects.order_by("pk").values_list("obligation__state", "settled_on")),
            Attempt.objects.filter(state="PAID").count(),
        ]


def says(**changes: str) -> Forge:
    return lambda scene: (
        scene.sign(put_down([row(scene.attempt, **changes)], name="f.xlsx")) and None
    )


def again(**changes: str) -> Forge:
    """About the line that was answered before."""
    return lambda scene: scene.sign(put_down([row(scene.old, **changes)], name="f.xlsx")) and None


def old_file(name: str) -> Forge:
    def forge(scene: Scene) -> None:
        path = bank.folder("in") / name
        path.write_bytes(scene.old_content)
        scene.sign(path)

    return forge


def bytes_of(content: bytes, *, name: str = "f.xlsx") -> Forge:
    def forge(scene: Scene) -> None:
        path = bank.folder("in") / name
        path.write_bytes(content)
        scene.sign(path)

    return forge


def edited(change: Callable[[bytes], bytes]) -> Forge:
    """A genuine file whose bytes were changed."""

    def forge(scene: Scene) -> None:
        path = scene.good(name="f.xlsx")
        path.write_bytes(change(path.read_bytes()))
        scene.sign(path)

    return forge


def in_sheet(cell: str, value: object) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        book = load_workbook(BytesIO(content))
        book.worksheets[0][cell] = value
        buffer = BytesIO()
        book.save(buffer)
        return buffer.getvalue()

    return change


def without(part: str) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        buffer = BytesIO()
        with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
            for name in old.namelist():
                if name != part:
                    new.writestr(name, old.read(name))
        return buffer.getvalue()

    return change


#: Without a key: what the file says must be what we sent, in every field.
CONTENTS: dict[str, Forge] = {
    "unknown line": says(line="YL20200720999000001"),
    "line of nobody": says(line="X"),
    "no line": says(line=""),
    "other batch": says(batch="YL20200720999"),
    "other fund's batch": says(batch="GS20200720001"),
    "no batch": says(batch=""),
    "a fen more": says(amount="2500.01"),
    "a fen less": says(amount="2499.99"),
    "tenfold": says(amount="25000.00"),
    "nothing": says(amount="0.00"),
    "below zero": says(amount="-2500.00"),
    "three places": says(amount="2500.001"),
    "exponent": says(amount="2.5E3"),
    "amount in words": says(amount="贰仟伍佰元整"),
    "another account": says(account="6222020000009998"),
    "account without its last digit": says(account="622202000000000"),
    "no account": says(account=""),
    "tomorrow": says(on="2020-07-21"),
    "next year": says(on="2021-07-18"),
    "no day": says(on=""),
    "no such day": says(on="2020-02-30"),
    "no outcome": says(outcome=""),
    "an outcome of its own": says(outcome="已成功"),
    "formula for an amount": edited(in_sheet("D2", "=2500+0")),
    "formula for an outcome": edited(in_sheet("E2", '=IF(TRUE,"成功","")')),
    "edited amount": edited(in_sheet("D2", "2500.10")),
    "edited line number": edited(in_sheet("B2", "YL20200720777000001")),
    "edited title": edited(in_sheet("B1", "流水")),
    "half a file": edited(lambda content: content[: len(content) // 2]),
    "a workbook without its sheet": edited(without("xl/worksheets/sheet1.xml")),
    "no file at all": bytes_of(b""),
    "a page": bytes_of(b"<html><body>OK</body></html>", name="f.xml"),
    "paid after all": again(outcome="成功"),
    "paid a day later": again(outcome="成功", on="2020-07-19"),
}
REPLAYED: dict[str, Forge] = {
    "the old file": old_file("old.xlsx"),
    "the old file renamed": old_file("回盘-YL20200720002.xlsx"),
    "the old answer again": again(outcome="失败", reason="账户冻结"),
}
#: With a key: contents that would be believed, if the bank had signed them.
UNSIGNED: dict[str, Callable[[Scene, Path], None]] = {
    "no signature": lambda scene, path: None,
    "an empty one": lambda scene, path: beside(path).write_text("") and None,
    "signed by somebody else": lambda scene, path: scene.sign(path, key="guess") and None,
    "signed for another name": lambda scene, path: scene.sign(path, name="old.xlsx") and None,
    "another file's signature": lambda scene, path: (
        beside(path).write_text(
            signing.sign_file(
                KEY.encode(), name=path.name, digest=signing.digest_of(scene.old_content)
            )
        )
        and None
    ),
    "no text": lambda scene, path: beside(path).write_bytes(b"\xff\xfe\x00") and None,
}


def beside(path: Path) -> Path:
    return path.with_name(f"{path.name}{signing.BESIDE}")


def test_there_are_forty():
    assert len(CONTENTS) + len(REPLAYED) + len(UNSIGNED) >= 40


@pytest.mark.parametrize(
    ("forged", "signed"),
    [(name, "") for name in (*CONTENTS, *REPLAYED)]
    # A signature makes no content true.
    + [(name, KEY) for name in (*[*CONTENTS][::6], *REPLAYED)],
)
def test_a_forged_or_replayed_file_moves_no_money(cast, settings, forged, signed):
    settings.BANK_HMAC_KEY = signed
    scene = Scene(cast, key=signed)
    before = scene.money()
    (CONTENTS | REPLAYED)[forged](scene)
    bank.exchange(clock=clock)
    assert scene.money() == before
    assert not list(bank.folder("in").iterdir())
    odd = BankAnswerLine.objects.exclude(finding__in=BankAnswerLine.HARMLESS)
    kept = [line.detail for line in odd] + [
        file.refused for file in BankFile.objects.exclude(refused="")
    ]
    assert bool(kept) == (forged in CONTENTS and forged != "paid after all")
    assert all(
        reason.endswith("。") or "无法识别" in reason or "是空的" in reason for reason in kept
    )


@pytest.mark.parametrize("forged", UNSIGNED)
def test_with_a_key_only_what_the_bank_signed_is_believed(cast, settings, forged):
    settings.BANK_HMAC_KEY = KEY
    scene = Scene(cast, key=KEY)
    before = scene.money()
    path = scene.good()
    content = path.read_bytes()
    UNSIGNED[forged](scene, path)
    bank.exchange(clock=clock)
    assert scene.money() == before
    refused = BankFile.objects.exclude(refused="").get()
    assert "签名" in refused.refused
    assert not list(bank.folder("in").iterdir())

    # The bank's own file with the same content is read all the same.
    path.write_bytes(content)
    scene.sign(path)
    assert bank.exchange(clock=clock).paid == 1
    scene.attempt.refresh_from_db()
    assert scene.attempt.state == "PAID"
    assert not list(bank.folder("in").iterdir())
