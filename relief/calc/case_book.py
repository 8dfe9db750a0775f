"""The workbook of worked cases: its columns, and one checked row as a `Case`. Pure."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path

from classification import calc as sizes
from registry import months
from registry.workbook.schema import Column, Kind, Schema
from relief import policy
from relief.policy import CountBy, EmployerClass, Insurance
from relief.policy.types import ClassRule, SizeRule


class CaseKind(StrEnum):
    """What a case works out."""

    MONTH = "month"
    PROJECT = "project"
    LATE_FEE = "late_fee"
    LIMIT = "limit"
    ESTIMATE = "estimate"
    CLASS = "class"
    SIZE = "size"
    ROUNDING = "rounding"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return _KINDS[self.value]


_KINDS = {
    "month": "月份核定",
    "project": "建设项目",
    "late_fee": "滞纳金",
    "limit": "基数上下限",
    "estimate": "未申报核定",
    "class": "单位归类",
    "size": "企业划型",
    "rounding": "逐行取整",
}
#: All three insurances added up; then the bases of each stand between strokes.
ALL = "all"


@dataclass(frozen=True)
class Case:
    """One worked case: what is given and what is expected, texts by column name, no blanks."""

    row: int
    name: str
    kind: CaseKind
    given: Mapping[str, str]
    expected: Mapping[str, str]

    def as_json(self) -> dict[str, object]:
        """Return the case as JSON values, the same for the same case."""
        return {
            "row": self.row,
            "name": self.name,
            "kind": self.kind.value,
            "given": dict(self.given),
            "expected": dict(self.expected),
        }


def case_from_json(value: Mapping[str, object]) -> Case:
    """Return the case that `as_json` made these values of."""
    given, expected = value["given"], value["expected"]
    assert isinstance(given, dict)
    assert isinstance(expected, dict)
    return Case(
        int(str(value["row"])), str(value["name"]), CaseKind(str(value["kind"])), given, expected
    )


def _named(kind: type[ClassRule] | type[SizeRule]) -> dict[str, str]:
    found: dict[str, str] = {}
    for document in policy.shipped():
        for rule in document.rules:
            if isinstance(rule, ClassRule) and kind is ClassRule:
                found[rule.unit_type] = rule.unit_type
            elif isinstance(rule, SizeRule) and kind is SizeRule:
                found[rule.size] = rule.size
    return found


def _column(name: str, header: str, kind: Kind, example: str = "", **more: object) -> Column:
    return Column(name, header, kind, may_be_empty=True, example=example, **more)  # type: ignore[arg-type]


_CLASSES = {each.label: each.value for each in EmployerClass}
_COUNTS = {"按月": CountBy.MONTH.value, "按日": CountBy.DAY.value}
_INSURANCES = {each.label: each.value for each in Insurance} | {"三项合计": ALL}

GIVEN = (
    _column("unit_type", "单位类型", Kind.CHOICE, "企业", choices=_named(ClassRule)),
    _column("size", "划型", Kind.CHOICE, "小型", choices=_named(SizeRule)),
    _column("as_of", "基准日", Kind.DATE, "2020-08-01"),
    _column("month", "所属期", Kind.MONTH, "2020-03"),
    _column("insurance", "险种", Kind.CHOICE, "养老", choices=_INSURANCES),
    _column("bases", "缴费基数", Kind.TEXT, "2697；3236×3", length=(1, 400)),
    _column("rate", "工伤费率(%)", Kind.RATE, "0.4", limits=("0", "100")),
    _column("amount", "金额", Kind.MONEY, "60000.00"),
    _column("ratio", "比例(%)", Kind.RATE, "300", limits=("0", "1000")),
    _column("start", "起始日", Kind.DATE, "2020-03-01"),
    _column("end", "截止日", Kind.DATE, "2021-02-28"),
    _column("count", "分摊方式", Kind.CHOICE, "按月", choices=_COUNTS),
    _column(
        "industry", "行业", Kind.CHOICE, "工业", choices={n: n for n in sizes.shipped().lowest}
    ),
    _column("persons", "从业人员", Kind.DIGITS, "300", length=(1, 7)),
    _column("revenue", "营业收入(万元)", Kind.MONEY, "2000.00"),
    _column("assets", "资产总额(万元)", Kind.MONEY, "5000.00"),
)
EXPECTED = (
    _column("gross_due", "应得：减免前应缴", Kind.MONEY, "431.52"),
    _column("relief", "应得：减免", Kind.MONEY, "431.52"),
    _column("net_due", "应得：单位应缴", Kind.MONEY, "0.00"),
    _column("employee_due", "应得：个人应缴", Kind.MONEY, "215.76"),
    _column("total", "应得：总月数", Kind.DIGITS, "12", length=(1, 5)),
    _column("relieved", "应得：减免月数", Kind.DIGITS, "10", length=(1, 5)),
    _column("days", "应得：天数", Kind.DIGITS, "10", length=(1, 5)),
    _column("result", "应得：金额", Kind.MONEY, "500.00"),
    _column(
        "employer_class", "应得：归类", Kind.CHOICE, "社会组织及其他参保单位", choices=_CLASSES
    ),
    _column("size_found", "应得：划型", Kind.CHOICE, "中型", choices={s: s for s in sizes.SIZES}),
    _column("clause", "应得：依据", Kind.TEXT, "人社部发〔2020〕49号 第一条", length=(1, 400)),
)
SCHEMA = Schema(
    kind="policy-cases",
    title="政策案例",
    columns=(
        Column("name", "案例", Kind.TEXT, length=(1, 120), example="小型企业三月免征"),
        Column("kind", "种类", Kind.CHOICE, choices={v: k for k, v in _KINDS.items()}),
        *GIVEN,
        *EXPECTED,
    ),
    unique=("name",),
)


def cases_of(staging: Iterator[str], columns: list[str]) -> list[Case]:
    """Return the cases of a checked workbook's staging lines, in their order."""
    found = []
    for line in staging:
        number, _bad, *cells = line.rstrip("\n").split("\t")
        told = {
            name: cell.replace("\\\\", "\\")
            for name, cell in zip(columns, cells, strict=False)
            if cell != "\\N"
        }
        found.append(case_of(told, row=int(number)))
    return found


def case_of(told: Mapping[str, str], *, row: int) -> Case:
    """Return the case of a row's stored values."""
    return Case(
        row,
        told["name"],
        CaseKind(told["kind"]),
        {column.name: told[column.name] for column in GIVEN if column.name in told},
        {column.name: told[column.name] for column in EXPECTED if column.name in told},
    )


def shipped_rows() -> list[dict[str, object]]:
    """Return the rows of the workbook that the release begins with, as its writer wants them."""
    path = Path(policy.__file__).parent / "cases" / "notice-examples.toml"
    book = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return [
        row | ({"month": months.parse(row["month"])} if "month" in row else {})
        for row in book["case"]
    ]


def shipped_cases() -> list[Case]:
    """Return the cases that come with the release, as a workbook of them would be read."""
    found = []
    for number, row in enumerate(shipped_rows(), start=2):
        told = {name: _stored(value) for name, value in row.items()}
        found.append(case_of(told, row=number))
    return found


def _stored(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
