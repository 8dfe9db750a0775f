"""The whole town, drawn from one seed: units, people, bases, the province's sizes. Pure.

The same seed gives the same town, to the last digit; nothing else is asked, no clock and
no global random state.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from config.demo import names
from config.demo.stories import PARENT_ELSEWHERE, STORIES, Habit, Story
from registry import months

SEED = 20200304
FIRST_MONTH = date(2019, 12, 1)
LAST_MONTH = date(2020, 12, 1)
MONTHS = tuple(months.span(FIRST_MONTH, LAST_MONTH))
INSURANCES = ("pension", "unemployment", "injury")
#: The province's two files.
SIZES_DATED = date(2020, 3, 20)
SIZES_CORRECTED = date(2020, 9, 15)
#: The first two places of a credit code, by kind of unit (GB 32100).
OFFICES = {
    "企业": "91",
    "个体工商户": "92",
    "民办非企业单位": "52",
    "社会团体": "51",
    "基金会": "53",
    "其他社会组织": "59",
    "机关": "11",
    "事业单位": "12",
    "事业单位（企业养老）": "12",
}
TOWN_NAMES = {
    "510400": "攀枝花",
    "510402": "东区",
    "510403": "西区",
    "510411": "仁和区",
    "510421": "米易县",
    "510422": "盐边县",
}
DISTRICT_WEIGHTS = {
    "510400": 60,
    "510402": 52,
    "510403": 26,
    "510411": 34,
    "510421": 16,
    "510422": 12,
}


@dataclass(frozen=True, eq=False)
class Trade:
    """A line of business: what it is called, its code (GB/T 4754-2017), its injury base rate."""

    words: str
    code: str
    percent: str
    zone: str = ""


_T = Trade
COMPANY_TRADES = (
    _T("钒钛材料有限公司", "3240", "1.3", "钒钛高新区"),
    _T("金属结构有限公司", "3311", "0.9", "钒钛高新区"),
    _T("机械配件有限公司", "3484", "0.9", "钒钛高新区"),
    _T("洗选煤有限公司", "0610", "1.9"),
    _T("建筑工程有限公司", "4790", "1.3"),
    _T("机电安装有限公司", "4910", "1.1"),
    _T("货运有限公司", "5430", "1.1"),
    _T("物资贸易有限公司", "5164", "0.4"),
    _T("果蔬有限公司", "5123", "0.4"),
    _T("超市有限公司", "5212", "0.4"),
    _T("五金有限公司", "5281", "0.4"),
    _T("酒店管理有限公司", "6110", "0.4"),
    _T("康养旅馆有限公司", "6121", "0.4"),
    _T("餐饮管理有限公司", "6210", "0.4"),
    _T("信息技术有限公司", "6513", "0.2", "花城新区"),
    _T("物业管理有限公司", "7020", "0.4", "花城新区"),
    _T("人力资源有限公司", "7262", "0.2"),
    _T("农业开发有限公司", "0154", "0.7"),
)
INDIVIDUAL_TRADES = (
    _T("面馆", "6220", "0.4"),
    _T("茶楼", "6231", "0.4"),
    _T("水果店", "5225", "0.4"),
    _T("理发店", "8040", "0.2"),
    _T("汽修部", "8111", "0.7"),
    _T("文具店", "5241", "0.4"),
)
#: Kind of unit, trades, how many, fewest and most people.
SOCIAL = (
    ("民办非企业单位", (_T("幼儿园", "8310", "0.2"), _T("康复中心", "8514", "0.2")), 9, (6, 20)),
    ("社会团体", (_T("行业协会", "9522", "0.2"), _T("商会", "9522", "0.2")), 6, (2, 6)),
    ("其他社会组织", (_T("法律服务所", "7239", "0.2"),), 2, (3, 6)),
    ("机关", (_T("风景区管理局", "9221", "0.2"),), 3, (6, 16)),
    ("事业单位", (_T("职业学校", "8336", "0.2"),), 3, (10, 24)),
    ("事业单位（企业养老）", (_T("园林管理所", "7850", "0.4"),), 3, (8, 18)),
)
#: The province's size, how many enterprises, fewest and most people.
COMPANIES = (("大型", 5, (60, 96)), ("中型", 24, (24, 40)), ("小型", 72, (5, 15)),
             ("微型", 30, (2, 5)), (None, 3, (3, 9)))  # fmt: skip
INDIVIDUALS = 20
_NO_CHANGE = ("1", "1", "1", "1", "0.8", "1.2", "0.5")


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody insured through one unit; bases in fen per insurance, from a month on."""

    resident_id: str
    name: str
    first: date
    last: date
    bases: tuple[tuple[date, tuple[int, int, int]], ...]

    def base(self, month: date, insurance: str) -> int:
        """Return the declared base, 0 for not insured."""
        if not self.first <= month <= self.last:
            return 0
        held = [values for since, values in self.bases if since <= month]
        return held[-1][INSURANCES.index(insurance)]


@dataclass(frozen=True)
class Account:
    holder: str
    bank: str
    bank_code: str
    number: str


@dataclass(frozen=True, eq=False)
class Unit:
    """An insured unit, with the people it declares and the way it pays."""

    key: str
    uscc: str
    name: str
    unit_type: str
    district: str
    zone: str
    industry: str
    injury_percent: str
    established: date
    insured: date
    legal_person: str
    contact: str
    phone: str
    group: str
    parent_uscc: str
    address: str
    account: Account | None
    people: tuple[Person, ...]
    habit: Habit
    pay_day: int

    @property
    def injury_millionths(self) -> int:
        whole, _, decimals = self.injury_percent.partition(".")
        return int(whole) * 10_000 + int(decimals.ljust(4, "0"))


@dataclass(frozen=True)
class SizeRow:
    uscc: str
    name: str
    size: str
    dated: date


@dataclass(frozen=True)
class City:
    units: tuple[Unit, ...]
    sizes: tuple[SizeRow, ...]
    months: tuple[date, ...] = MONTHS

    def unit(self, key: str) -> Unit:
        """Return the unit of a story."""
        return next(unit for unit in self.units if unit.key == key)


class _Builder:
    """Draws one thing after the other; the order of the calls is part of the seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a town to look at, no secret
        self.ids = names.resident_ids(self.random, born=(1962, 2000))
        self.brands = names.brands(self.random)
        self.number = 100
        self.sizes: list[SizeRow] = []
        self.units: list[Unit] = []

    def people(self, count: int, *, first: date, unit_level: float) -> Iterator[Person]:
        random = self.random
        for _ in range(count):
            joined, left = first, LAST_MONTH
            luck = random.random()
            if luck < 0.05:
                joined = max(first, MONTHS[random.randrange(3, 10)])
            elif luck < 0.09:
                left = max(first, MONTHS[random.randrange(4, 12)])
            wage = int(unit_level * random.lognormvariate(0, 0.28)) * 100
            # Two in three wages are round; the others make rounding matter.
            wage = wage // 5000 * 5000 if random.random() < 0.66 else wage + random.randrange(100)
            bases = [(FIRST_MONTH, (wage, wage, wage))]
            if random.random() < 0.10:
                raised = wage + random.randrange(2, 9) * 5000
                bases.append((date(2020, 7, 1), (raised, raised, raised)))
            yield Person(next(self.ids), names.person_name(random), joined, left, tuple(bases))

    def account(self, holder: str, tail: str = "") -> Account:
        bank, code = names.bank(self.random)
        tail = tail or f"{self.random.randrange(1, 10000):04d}"
        if tail in ("8888", "9999"):  # the demo bank sends these back, and only a story wants it
            tail = "1357"
        number = f"{self.random.randrange(10**11, 10**12)}{tail}"
        return Account(holder, bank, code, number)

    def unit(self, *, key: str, number: int, name: str, unit_type: str, district: str, zone: str,
             industry: str, injury: str, people: Sequence[Person], first: date, group: str = "",
             parent: str = "", habit: Habit = Habit.BY_THE_BOOK, pay_day: int = 0,
             account_tail: str = "", has_account: bool = True) -> Unit:  # fmt: skip
        random = self.random
        owner = names.person_name(random)
        individual = unit_type == "个体工商户"
        if first > FIRST_MONTH:
            established = first + timedelta(days=random.randrange(3, 9))
        else:
            established = date(random.randrange(1998, 2019), random.randrange(1, 13), 10)
        holder = owner if individual else name
        unit = Unit(
            key=key,
            uscc=names.credit_code(number, office=OFFICES[unit_type], district=district),
            name=name, unit_type=unit_type, district=district, zone=zone, industry=industry,
            injury_percent=injury, established=established,
            insured=established + timedelta(days=random.randrange(1, 15)),
            legal_person=owner, contact=names.person_name(random), phone=names.phone(random),
            group=group, parent_uscc=parent,
            address=f"{TOWN_NAMES[district]}示例路{random.randrange(1, 300)}号",
            account=self.account(holder, account_tail) if has_account else None,
            people=tuple(people), habit=habit,
            pay_day=pay_day or random.choice((8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 22, 25)),
        )  # fmt: skip
        self.units.append(unit)
        return unit

    def sized(self, uscc: str, name: str, size: str | None, dated: date = SIZES_DATED) -> None:
        if size:
            self.sizes.append(SizeRow(uscc, name, size, dated))

    def story(self, story: Story) -> None:
        first = story.first_month or FIRST_MONTH
        level = 5200.0 if story.size == "大型" else 4100.0
        people = list(self.people(story.people, first=first, unit_level=level))
        if last := story.last_month:
            people = [replace(person, last=min(person.last, last)) for person in people]
        if story.quirks:
            people[:5] = _odd_bases(people[:5])
        parents = {
            "parent_elsewhere": names.credit_code(9001, office="91", district="510104"),
            "missing_parent": names.credit_code(9002, office="91", district="510400"),
        }
        unit = self.unit(
            key=story.key, number=story.number, name=story.name, unit_type=story.unit_type,
            district=story.district, zone=story.zone, industry=story.industry,
            injury=story.injury_percent, people=people, first=first, group=story.group,
            parent=parents.get(story.parent, ""), habit=story.habit, pay_day=story.pay_day,
            account_tail=story.account_tail,
        )  # fmt: skip
        self.sized(unit.uscc, unit.name, story.size)
        self.sized(unit.uscc, unit.name, story.corrected, SIZES_CORRECTED)

    def other(self, unit_type: str, trades: Sequence[Trade], bounds: tuple[int, int],
              size: str | None = None) -> None:  # fmt: skip
        random = self.random
        trade = random.choice(trades)
        district = random.choices(*zip(*DISTRICT_WEIGHTS.items(), strict=True))[0]
        self.number += 1
        percent = trade.percent
        if unit_type == "企业" and trade.code != "6513":
            percent = _floated(percent, random.choice(_NO_CHANGE))
        level = {"大型": 5400.0, "中型": 4600.0}.get(size or "", 3900.0)
        count = random.randint(*bounds)
        zone = trade.zone if district in ("510411", "510403") else ""
        brand = next(self.brands)
        if OFFICES[unit_type] in ("11", "12"):
            brand = brand[:-1]  # public bodies are called after a place, not after a brand
        unit = self.unit(
            key="", number=self.number, unit_type=unit_type, district=district, zone=zone,
            name=f"{TOWN_NAMES[district]}{brand}{trade.words}",
            industry=trade.code, injury=percent, first=FIRST_MONTH,
            people=tuple(self.people(count, first=FIRST_MONTH, unit_level=level)),
            has_account=random.random() < 0.94,
        )  # fmt: skip
        self.sized(unit.uscc, unit.name, size)

    def city(self) -> City:
        for story in STORIES:
            self.story(story)
        for size, count, bounds in COMPANIES:
            for _ in range(count):
                self.other("企业", COMPANY_TRADES, bounds, size)
        for _ in range(INDIVIDUALS):
            self.other("个体工商户", INDIVIDUAL_TRADES, (1, 4))
        for unit_type, trades, count, bounds in SOCIAL:
            for _ in range(count):
                self.other(unit_type, trades, bounds)
        # The province's data cover more than who is insured here.
        for number, office, district, name, size in (
            (9001, "91", "510104", PARENT_ELSEWHERE[2], PARENT_ELSEWHERE[3]),
            (9003, "91", "510400", "攀枝花七月坡贸易有限公司", "微型"),
            (9004, "91", "510400", "攀枝花雪茶坪电子商务有限公司", "小型"),
        ):
            self.sized(names.credit_code(number, office=office, district=district), name, size)
        return City(units=tuple(self.units), sizes=tuple(self.sizes))


def code_of(story: Story) -> str:
    """Return the credit code of a story's unit."""
    return names.credit_code(story.number, office=OFFICES[story.unit_type], district=story.district)


def _floated(percent: str, factor: str) -> str:
    """Return a base rate times the float of the unit, as text: 0.9 and 0.8 make 0.72."""
    return f"{(Decimal(percent) * Decimal(factor)).normalize():f}"


def _odd_bases(people: Sequence[Person]) -> Iterator[Person]:
    """Yield people with the bases that rules about limits are for."""
    odd = (
        (180000, 180000, 180000),  # below the lower limit
        (2500000, 2500000, 2500000),  # above the upper limit
        (1680000, 1680000, 1680000),  # above it until May, below it from June 2020
        (0, 0, 320000),  # retired and working on: injury insurance only
        (415050, 0, 415050),  # not in unemployment insurance
    )
    for person, bases in zip(people, odd, strict=True):
        yield Person(
            person.resident_id, person.name, FIRST_MONTH, LAST_MONTH, ((FIRST_MONTH, bases),)
        )


def build(seed: int = SEED) -> City:
    """Return the town."""
    return _Builder(seed).city()


def of_stories(stories: Sequence[Story], *, seed: int) -> City:
    """Return the units of some stories alone, with their sizes; the town isn't touched by them."""
    builder = _Builder(seed)
    for story in stories:
        builder.story(story)
    return City(units=tuple(builder.units), sizes=tuple(builder.sizes))
