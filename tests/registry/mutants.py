"""Workbooks broken in every way that one can think of, and workers that check them all day.

A worker is what `fence` starts, without its start: the same job under the same limits, in a
process forked once. Where a limit ends it, that is a refusal, and another takes its place.
"""

import faulthandler
import io
import json
import os
import random
import resource
import select
import signal
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from registry.workbook import child, confine, fence
from registry.workbook.schema import Schema

#: Seconds of work after which a check counts as hanging, and of waiting for it: others work too.
HANGS = 5.0
WAIT = 60.0


class Worker:
    """A process that checks one file after the other, as the child behind the fence does."""

    def __init__(self, known: Mapping[str, Schema], folder: Path) -> None:
        self.folder = folder
        self.deaths = 0
        self._known = {kind: schema.as_json() for kind, schema in known.items()}
        self._start()

    def _start(self) -> None:
        orders, results = os.pipe(), os.pipe()
        self._pid = os.fork()
        if not self._pid:
            try:
                os.close(orders[1])
                os.close(results[0])
                self._serve(orders[0], results[1])
            finally:
                os._exit(70)
        os.close(orders[0])
        os.close(results[1])
        self._orders, self._results = orders[1], results[0]

    def _serve(self, orders: int, results: int) -> None:
        # The time of all examples together is no limit; the listener has a clock of its own.
        confine.limit(
            memory=fence.MEMORY, seconds=resource.RLIM_INFINITY, output=fence.STAGING_BYTES
        )
        confine.shut_in()
        # A process that a limit ends says so at length.
        faulthandler.disable()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        child._say = lambda **message: None
        with os.fdopen(orders) as file:
            for line in file:
                began = time.process_time()
                try:
                    answer = {"done": child._check(json.loads(line))}
                except BaseException as error:  # noqa: BLE001 - told, as a child tells by breaking down
                    answer = {"broke": f"{type(error).__name__}: {error}"}
                answer["seconds"] = time.process_time() - began
                os.write(results, json.dumps(answer).encode() + b"\n")

    def check(self, path: Path, kind: str) -> dict[str, Any] | None:
        """Return what the child would say; None where a limit ended it.

        Raises AssertionError where it breaks down or hangs.
        """
        request = {
            "path": str(path),
            "staging": str(self.folder / "staging"),
            "problems": str(self.folder / "problems"),
            "most_rows": 1_048_576,
            "most_unpacked": 100_000_000,
            "kind": kind,
            "known": self._known,
        }
        os.write(self._orders, json.dumps(request).encode() + b"\n")
        answer = b""
        ends = time.monotonic() + WAIT
        while not answer.endswith(b"\n"):
            left = ends - time.monotonic()
            if left <= 0 or not select.select([self._results], [], [], left)[0]:
                self.close()
                self._start()
                raise AssertionError(f"hangs: {path}")
            block = os.read(self._results, 1 << 20)
            if not block:
                return self._buried()
            answer += block
        told = json.loads(answer)
        assert "done" in told, told
        assert told["seconds"] < HANGS, f"hangs: {path}"
        return dict(told["done"])

    def _buried(self) -> None:
        _, status = os.waitpid(self._pid, 0)
        os.close(self._orders)
        os.close(self._results)
        self.deaths += 1
        self._start()
        assert os.WIFSIGNALED(status), status
        assert signal.Signals(os.WTERMSIG(status)) in fence._LIMIT_SIGNALS

    def close(self) -> None:
        """End the process."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._orders)
        os.close(self._results)


# --- what is broken -------------------------------------------------------------------------

ODD = (
    "", " ", "\u3000", "\x00", "\x01\x1f", "\ud800", "\ufffe", "𠮷", "\u202e甲", "NaN", "-inf", "1e400",
    "1E+308", "9" * 400, "-0", "0x10", "１２", "=1+1", "#N/A", "#", "2020-13-45", "0000-00-00",
    "9999-12-31", "202013", "1900-02-29", "\\N", "\\.", "\t", "\r", "\n", "a\tb\nc", "'", '"', "甲" * 40_000,
    "%", "0.4%", "¥", "¥¥1", ",", "1,2,3", "TRUE", "null", "١٢٣", "²", "½", "Ⅷ", "㉈",
)  # fmt: skip
NUMBERS = (
    "0", "-0", "1e308", "1e-320", "NaN", "INF", "-1", "1E", "", "x", "99999999999999999999",
    "2958466", "2958465.99999999", "-2958466", "60", "0.5", "1e7", "3.0000000000000004",
    "1234567890123456", "١", "0x1p3",
)  # fmt: skip
REFERENCES = (
    "A0", "A1048577", "XFE1", "A", "1", "", "AAAA1", "A-1", "A1:B2", "ZZZZZZZZZ1", "A99999999999",
    "$A$1", "a1", "BH2", "XFD1048576", "B2", "A1",
)  # fmt: skip
TYPES = ("s", "str", "inlineStr", "b", "e", "d", "n", "x", "")


def _flipped(data: bytes, rng: random.Random, most: int = 12) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, most)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))] if data else data


def _patched(data: bytes, rng: random.Random) -> bytes:
    """Repeat, drop or move a stretch."""
    if len(data) < 4:
        return data
    first, last = sorted(rng.sample(range(len(data)), 2))
    last = min(last, first + 4_000)
    stretch, at = data[first:last], rng.randrange(len(data))
    how = rng.randrange(3)
    if how == 0:
        return data[:first] + data[last:]
    return data[:at] + stretch * rng.randint(1, 3 if how == 1 else 40) + data[at:]


def _parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return target.getvalue()


def in_zip(data: bytes, rng: random.Random) -> bytes:
    """Break the bytes of the package."""
    return rng.choice((_flipped, _cut, _patched))(data, rng)


def in_parts(data: bytes, rng: random.Random) -> bytes:
    """Break the bytes of a part, most often of one that is read."""
    parts = _parts(data)
    read = [name for name in parts if "sheet1" in name or "workbook" in name or "shared" in name]
    for _ in range(rng.randint(1, 2)):
        name = rng.choice(read if rng.random() < 0.7 else list(parts))
        parts[name] = rng.choice((_flipped, _flipped, _cut, _patched))(parts[name], rng)
    return _zipped(parts)


def of_parts(data: bytes, rng: random.Random) -> bytes:
    """Drop, swap, rename or double parts."""
    parts = _parts(data)
    one, other = rng.sample(list(parts), 2)
    how = rng.randrange(5)
    if how == 0:
        del parts[one]
    elif how == 1:
        parts[one], parts[other] = parts[other], parts[one]
    elif how == 2:
        parts[rng.choice((one.upper(), "/" + one, one.replace("/", "\\"), one[:-1]))] = parts.pop(
            one
        )
    elif how == 3:
        parts[one] = b""
    else:
        parts[other] = parts[one]
    return _zipped(parts)


def _attribute(text: str, rng: random.Random) -> str:
    """Change one attribute of the XML."""
    quoted = [at for at, sign in enumerate(text) if sign == '"']
    if len(quoted) < 2:
        return text
    at = rng.randrange(len(quoted) // 2) * 2
    first, last = quoted[at], quoted[at + 1]
    before = text[:first].rsplit(None, 1)[-1].rstrip("=")
    values: Sequence[str] = {
        "r": REFERENCES, "ref": REFERENCES, "t": TYPES, "Target": ("x", "../../x", "/", "sheet1.xml", ""),
    }.get(before, (*NUMBERS, *REFERENCES))  # fmt: skip
    return text[: first + 1] + rng.choice(values) + text[last:]


def attributes(data: bytes, rng: random.Random) -> bytes:
    """Change references, types, counts, dimensions, relationships."""
    parts = _parts(data)
    wanted = [name for name in parts if name.startswith(("xl/w", "xl/_", "xl/s"))]
    for _ in range(rng.randint(1, 6)):
        name = rng.choice(wanted if rng.random() < 0.5 else ["xl/worksheets/sheet1.xml"])
        parts[name] = _attribute(parts[name].decode("utf-8", "replace"), rng).encode()
    return _zipped(parts)


def values(data: bytes, rng: random.Random) -> bytes:
    """Put odd values, types and formulas where the sheet has values."""
    parts = _parts(data)
    name = "xl/worksheets/sheet1.xml"
    pieces = parts[name].decode("utf-8", "replace").split("</c>")
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(pieces))
        head, mark, _ = pieces[at].rpartition("<c ")
        place = (
            rng.choice(REFERENCES)
            if rng.random() < 0.1
            else f"{chr(65 + rng.randrange(8))}{rng.randint(2, 6)}"
        )
        kept = "".join(sign for sign in rng.choice(ODD) if ord(sign) > 31 and sign.isprintable())
        kept = kept.replace("&", "").replace("<", "")
        value = rng.choice(NUMBERS) if rng.random() < 0.6 else kept
        inside = rng.choice(
            (
                f"<v>{value}</v>",
                f"<is><t>{kept}</t></is>",
                f"<f>A1+{kept}</f>",
                f"<f/><v>{value}</v>",
                "<v/>",
                "<f>",
            )
        )
        if mark:
            pieces[at] = (
                f'{head}<c r="{place}" s="{rng.randrange(9)}" t="{rng.choice(TYPES)}">{inside}'
            )
    parts[name] = "</c>".join(pieces).encode("utf-8", "replace")
    return _zipped(parts)


def typed(schema: Schema, rows: Sequence[Mapping[str, str]], rng: random.Random) -> bytes:
    """Return a well-formed workbook whose cells are of any type."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"nan_inf_to_errors": True}) as book:
        sheet = book.add_worksheet()
        dates = book.add_format(
            {"num_format": rng.choice(("yyyy-mm-dd", "h:mm", "[h]:mm:ss", "0%"))}
        )
        for place, column in enumerate(schema.columns):
            sheet.write_string(0, place, column.header)
        for number, row in enumerate(rows, start=1):
            for place, column in enumerate(schema.columns):
                _write_any(sheet, number, place, row.get(column.name, ""), dates, rng)
    return target.getvalue()


def _write_any(
    sheet: Any, number: int, place: int, good: str, look: Any, rng: random.Random
) -> None:
    how = rng.randrange(16)
    if how == 0:
        sheet.write_number(
            number, place, rng.choice((1e308, -1.5, 1e-300, 2**53, 3e7, float("nan"), float("inf")))
        )
    elif how == 1:
        sheet.write_number(number, place, rng.uniform(-10, 3_000_000), look)
    elif how == 2:
        sheet.write_boolean(number, place, rng.random() < 0.5)
    elif how == 3:
        sheet.write_formula(
            number, place, "=A1", look, rng.choice((0, "", "甲", 1.5, "#REF!", True))
        )
    elif how == 4:
        text = rng.choice(ODD)[:32_000].encode("utf-8", "replace").decode()
        sheet.write_string(number, place, text)
    else:
        sheet.write_string(number, place, good)


def as_text(schema: Schema, rows: Sequence[Mapping[str, str]], rng: random.Random) -> bytes:
    """Return a CSV with odd cells, separators and bytes, in one of the encodings."""
    separator = rng.choice((",", ",", ";", "\t"))
    lines = [[column.header for column in schema.columns]]
    lines += [
        [
            row.get(column.name, "") if rng.random() < 0.8 else rng.choice(ODD)
            for column in schema.columns
        ]
        for row in rows
    ]
    text = rng.choice(("\r\n", "\n", "\r")).join(
        separator.join(f'"{cell}"' if rng.random() < 0.2 else cell for cell in line)
        for line in lines
    )
    data = text.encode(rng.choice(("utf-8", "utf-8-sig", "gb18030")), "replace")
    how = rng.randrange(4)
    return _flipped(data, rng) if how == 0 else _patched(data, rng) if how == 1 else data


Mutation = Callable[[bytes, random.Random], bytes]
OF_PACKAGES: tuple[Mutation, ...] = (in_zip, in_parts, of_parts, attributes, values)


def mutant(
    kind: str,
    schemas: Mapping[str, Schema],
    templates: Mapping[str, bytes],
    rows: Mapping[str, Sequence[Mapping[str, str]]],
    rng: random.Random,
) -> bytes:
    """Return a broken workbook of a kind."""
    how = rng.randrange(8)
    if how == 5:
        return typed(schemas[kind], rows[kind], rng)
    if how >= 6:
        return as_text(schemas[kind], rows[kind], rng)
    return OF_PACKAGES[how](templates[kind], rng)


def temporary_folder() -> Path:
    """Return a folder for the files of one run, in memory where the system has that."""
    shared = Path("/dev/shm")
    return Path(tempfile.mkdtemp(dir=shared if os.access(shared, os.W_OK) else None))
