"""What a published document may say, as frozen values; every one carries its clause.

Months are first-of-month dates, amounts are yuan, rates and ratios are plain ratios (`0.16`).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Insurance(StrEnum):
    """The three insurances that the relief covers (三项社会保险)."""

    PENSION = "pension"
    UNEMPLOYMENT = "unemployment"
    INJURY = "injury"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {"pension": "养老", "unemployment": "失业", "injury": "工伤"}[self.value]


class EmployerClass(StrEnum):
    """How an employer counts for the relief."""

    SME = "sme"
    LARGE = "large"
    SOCIAL = "social"
    NONE = "none"  # excluded by the document (机关事业单位)
    PENDING = "pending"  # an enterprise without a size in the province's data (待划型)

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "sme": "中小微企业（含个体工商户）",
            "large": "大型企业",
            "social": "社会组织及其他参保单位",
            "none": "不在减免范围",
            "pending": "待划型",
        }[self.value]


class Confidence(StrEnum):
    """How well a value is attested; shown to staff beside it as 口径."""

    SEEN = "V"
    SECONDARY = "S"
    ELSEWHERE = "X"
    NOTICE = "NOTICE"
    MEMORY = "M"
    DERIVED = "D"
    SUGGESTED = "SUGG"

    @property
    def label(self) -> str:
        """The Chinese name."""
        return {
            "V": "见过文件原文",
            "S": "据官方新闻、问答或报道",
            "X": "参照外地做法",
            "NOTICE": "据本市通知",
            "M": "凭记忆，未核实",
            "D": "由已知规定推算",
            "SUGG": "本系统建议",
        }[self.value]


class CountBy(StrEnum):
    """How the construction period of a project is spread (按计划施工期分月平摊)."""

    MONTH = "by_month"
    DAY = "by_day"


@dataclass(frozen=True)
class Source:
    """Where a value stands: its document, the article and how well it is attested."""

    document: str
    published: date
    clause: str
    confidence: Confidence


@dataclass(frozen=True)
class Dated:
    """A value that holds for the months from `first` to `last`, both included; None is open."""

    first: date | None
    last: date | None
    source: Source

    def holds(self, month: date) -> bool:
        """Return whether the value holds in a month."""
        return (self.first is None or self.first <= month) and (
            self.last is None or month <= self.last
        )


@dataclass(frozen=True)
class Waiver(Dated):
    """A share of the employer's part that one class doesn't pay in one insurance."""

    employer_class: EmployerClass
    insurance: Insurance
    ratio: Decimal


@dataclass(frozen=True)
class Rate(Dated):
    """Contribution rates; `employer` None means the employer's own rate (工伤 by risk)."""

    insurance: Insurance
    employer: Decimal | None
    employee: Decimal


@dataclass(frozen=True)
class Limit(Dated):
    """The lowest and the highest contribution base, yuan a month."""

    insurance: Insurance
    lower: Decimal
    upper: Decimal


@dataclass(frozen=True)
class ClassRule(Dated):
    """What a registered unit type counts as; `employer_class` None means: by its size."""

    unit_type: str
    employer_class: EmployerClass | None


@dataclass(frozen=True)
class SizeRule(Dated):
    """What a size of the province's data counts as."""

    size: str
    employer_class: EmployerClass


@dataclass(frozen=True)
class SizeData(Dated):
    """The first month that a row of size data without a month of its own holds for."""

    first_month: date


@dataclass(frozen=True)
class DueDay(Dated):
    """The day by which a month's contribution is due, counted in `months_after` months later.

    `day` None is the last day of that month.
    """

    day: int | None
    months_after: int


@dataclass(frozen=True)
class DeclareDay(Dated):
    """The day by which a month is declared, counted in `months_after` months later.

    `day` None is the last day of that month.
    """

    day: int | None
    months_after: int


@dataclass(frozen=True)
class ManualClass(Dated):
    """Units that two officers may class by hand, with a document (policy R3, D16).

    `industries` are beginnings of the industry code, none meaning any; `unsized` is for units
    that the province gives no size.
    """

    name: str
    unit_types: tuple[str, ...]
    industries: tuple[str, ...]
    unsized: bool

    def covers(self, unit_type: str, industry: str, *, sized: bool) -> bool:
        """Return whether a unit, as registered, may be classed by hand under this rule."""
        return (
            unit_type in self.unit_types
            and (not self.industries or industry.startswith(self.industries))
            and not (self.unsized and sized)
        )


@dataclass(frozen=True)
class UnitGroup(Dated):
    """Units that are listed apart, by the beginning of their industry code."""

    name: str
    industries: tuple[str, ...]


@dataclass(frozen=True)
class LateFeeRate(Dated):
    """The late fee a day, as a ratio of what is owed."""

    daily: Decimal


@dataclass(frozen=True)
class Estimate(Dated):
    """What a month that wasn't declared is assessed at, as a ratio of the month before."""

    ratio: Decimal


@dataclass(frozen=True)
class ProjectRule(Dated):
    """Which construction projects are covered, and how their period is counted."""

    started_from: date
    count: CountBy


@dataclass(frozen=True)
class Deferral(Dated):
    """What one insurance of a month may be deferred by (缓缴); the months are its span.

    `months`: most months that one employer may defer; `pay_by`: the latest day on which what
    was deferred is paid; `employee_part`: whether the employees' part may be deferred too, where
    it isn't withheld yet and they agree.
    """

    insurance: Insurance
    months: int
    pay_by: date
    employee_part: bool


@dataclass(frozen=True)
class Document:
    """One published document, as read from its TOML text."""

    slug: str
    title: str
    number: str
    published: date
    confidence: Confidence
    note: str
    digest: str  # SHA-256 of the text
    text: str
    rules: tuple[Dated, ...]
