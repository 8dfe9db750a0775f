"""The town as workbooks of the public formats, the same bytes every time.

`write` makes all files; `FILES` says which kind each is and in which order they come in.
Declarations and payments come in three lots, as they would over the year, so that the
runs between them know no more than people knew then.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import xlsxwriter

from config.demo import payments, projects
from config.demo.city import INSURANCES, SIZES_CORRECTED, SIZES_DATED, City, Unit
from registry import months

#: Last day of each lot of the year.
LOTS = (date(2020, 3, 31), date(2020, 7, 31), date(2021, 1, 31))
INSURANCE_NAMES = {"pension": "养老", "unemployment": "失业", "injury": "工伤"}
# Writers stamp the day they wrote; a fixed one keeps the bytes the same.
_WRITTEN = datetime(2021, 1, 4, 9, 0)  # noqa: DTZ001 - a property of the file, in no zone

EMPLOYER_HEADER = (
    "统一社会信用代码", "单位名称", "单位类型", "参保地", "行业代码", "工伤保险费率(%)",
    "成立日期", "参保日期", "法定代表人", "联系人", "联系电话", "所属集团", "户名", "开户银行",
    "开户行行号", "银行账号", "上级法人信用代码", "地址", "功能区",
)  # fmt: skip
SIZE_HEADER = ("统一社会信用代码", "单位名称", "划型", "数据日期")
DECLARATION_HEADER = (
    "统一社会信用代码", "费款所属期", "证件号码", "姓名", "养老缴费基数", "失业缴费基数",
    "工伤缴费基数",
)  # fmt: skip
PAYMENT_HEADER = (
    "统一社会信用代码", "费款所属期", "险种", "单位缴费金额", "个人缴费金额", "到账日期",
    "缴费凭证号", "付款账号", "付款户名",
)  # fmt: skip
_PROJECT_HEADER = (
    "项目编号", "项目名称", "统一社会信用代码", "工程总造价", "已缴工伤保险费", "缴费日期",
    "合同开工日期", "合同竣工日期",
)  # fmt: skip


@dataclass(frozen=True)
class File:
    """One workbook: `lot` counts the three parts of the year, from 0."""

    name: str
    kind: str
    lot: int
    wrong: bool = False


FILES = (
    File("01-参保单位.xlsx", "employers", 0),
    File("02-省级划型数据-202003.xlsx", "sizes", 0),
    File("03-申报-有误待改.xlsx", "declarations", 0, wrong=True),
    File("04-申报-201912至202003.xlsx", "declarations", 0),
    File("05-缴费-截至202003.xlsx", "payments", 0),
    File("05a-建设项目.xlsx", "projects", 0),
    File("06-申报-202004至202007.xlsx", "declarations", 1),
    File("07-缴费-截至202007.xlsx", "payments", 1),
    File("08-省级划型数据-202009更正.xlsx", "sizes", 2),
    File("09-申报-202008至202012.xlsx", "declarations", 2),
    File("10-缴费-截至202101.xlsx", "payments", 2),
)
Cell = str | int


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def lot_of(day: date) -> int:
    """Return the part of the year a day lies in."""
    return next(number for number, last in enumerate(LOTS) if day <= last)


def employers(city: City) -> Iterable[Sequence[Cell]]:
    """Yield the rows of the units."""
    for unit in city.units:
        account = unit.account
        yield (
            unit.uscc, unit.name, unit.unit_type, unit.district, unit.industry,
            unit.injury_percent, unit.established.isoformat(), unit.insured.isoformat(),
            unit.legal_person, unit.contact, unit.phone, unit.group,
            *((account.holder, account.bank, account.bank_code, account.number)
              if account else ("", "", "", "")),
            unit.parent_uscc, unit.address, unit.zone,
        )  # fmt: skip


def sizes(city: City, dated: date) -> Iterable[Sequence[Cell]]:
    """Yield the rows of one of the province's files."""
    for row in city.sizes:
        if row.dated == dated:
            yield row.uscc, row.name, row.size, row.dated.isoformat()


def declared(unit: Unit, month: date) -> Iterable[Sequence[Cell]]:
    """Yield the rows of one unit's declaration of a month."""
    for person in unit.people:
        bases = [person.base(month, insurance) for insurance in INSURANCES]
        if any(bases):
            yield (
                unit.uscc, months.label(month), person.resident_id, person.name,
                *map(_yuan, bases),
            )  # fmt: skip


def _declarations(city: City, lot: int) -> Iterable[Sequence[Cell]]:
    for month in city.months:
        # December is declared in December; the last lot reaches into the new year for payments.
        if lot_of(months.last_day(month)) == lot:
            for unit in city.units:
                yield from declared(unit, month)


def _wrong_declarations(city: City) -> Iterable[Sequence[Cell]]:
    """Yield a file as it comes in on a bad day: every row has one typical mistake."""
    rows = [list(row) for row in declared(city.unit("large"), date(2020, 2, 1))][:8]
    code, person = str(rows[0][0]), str(rows[1][2])
    rows[0][0] = code[:-1] + ("0" if code[-1] != "0" else "1")
    rows[1][2] = person[:-1] + ("1" if person[-1] != "1" else "2")
    rows[2][1] = "2020年2月"
    rows[3][4] = "三千五百"
    rows[4][5] = "-3500.00"
    rows[5][6] = "3500.125"
    rows[6][3] = ""
    return [*rows[:7], rows[7], rows[7]]


def _payments(city: City, lot: int) -> Iterable[Sequence[Cell]]:
    for paid in payments.every(city):
        if lot_of(paid.arrived) == lot:
            account = paid.unit.account
            yield (
                paid.unit.uscc, months.label(paid.month), INSURANCE_NAMES[paid.insurance],
                _yuan(paid.employer), _yuan(paid.employee), paid.arrived.isoformat(),
                paid.voucher, account.number if account else "", account.holder if account else "",
            )  # fmt: skip


def _projects(city: City) -> Iterable[Sequence[Cell]]:
    for filed, unit in projects.every(city):
        yield (
            filed.code, filed.name, unit.uscc, filed.price, filed.premium, filed.paid_on,
            filed.start_on, filed.end_on,
        )  # fmt: skip


def _content(city: City, file: File) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
    if file.kind == "employers":
        return EMPLOYER_HEADER, employers(city)
    if file.kind == "sizes":
        return SIZE_HEADER, sizes(city, SIZES_DATED if file.lot == 0 else SIZES_CORRECTED)
    if file.kind == "projects":
        return _PROJECT_HEADER, _projects(city)
    if file.wrong:
        return DECLARATION_HEADER, _wrong_declarations(city)
    if file.kind == "declarations":
        return DECLARATION_HEADER, _declarations(city, file.lot)
    return PAYMENT_HEADER, _payments(city, file.lot)


def write(city: City, folder: Path) -> list[Path]:
    """Write every workbook that isn't there yet into a folder and return their paths.

    A file appears under its name only when it is whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for file in FILES:
        path = folder / file.name
        if not path.exists():
            write_one(path, *_content(city, file))
        paths.append(path)
    return paths


def write_one(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Path:
    """Write one workbook, also over an older one, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    _write_sheet(draft, header, rows)
    return draft.replace(path)


def _write_sheet(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    book.set_properties({"title": "演示数据（虚构）", "created": _WRITTEN})
    sheet = book.add_worksheet("数据")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(header) - 1, 20)
    for column, title in enumerate(header):
        sheet.write_string(0, column, title)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if cell != "":
                sheet.write_string(number, column, str(cell))
    book.close()
