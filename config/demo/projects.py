"""The town's construction projects, as they were filed: pure data.

Among them the published example (20,812.00 yuan, wholly in the period) and the rule book's
60,000.00 yuan over twelve months.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from config.demo.city import City, Unit

_BUILDS = "4790"
_SMALL = ("中型", "小型", "微型")


@dataclass(frozen=True)
class Filed:
    """What was filed of one project; `contractor` is a story, or "" for a small builder."""

    code: str
    name: str
    contractor: str
    price: str
    premium: str
    paid_on: str
    start_on: str
    end_on: str


FILED = (
    Filed("XM202003001", "晴坪农贸市场改造工程", "",
          "13870000.00", "20812.00", "2020-03-05", "2020-03-09", "2020-06-06"),
    Filed("XM202003002", "青沙坪安置房一期工程", "",
          "40000000.00", "60000.00", "2020-03-02", "2020-03-01", "2021-02-28"),
    Filed("XM202002003", "岚岭焦化煤气管廊工程", "large",
          "66666600.00", "100000.00", "2020-02-24", "2020-02-26", "2021-01-20"),
    Filed("XM202001004", "阳坪道路整治工程", "",
          "8200000.00", "12300.00", "2020-01-06", "2020-01-13", "2020-07-31"),
    Filed("XM202002005", "木棉坡社区中心工程", "",
          "5400000.00", "8100.00", "2020-01-17", "2020-02-17", "2020-09-30"),
    Filed("XM202004006", "青禾渡办公楼装饰工程", "missing",
          "2600000.00", "3900.00", "2020-04-01", "2020-04-07", "2020-08-15"),
)  # fmt: skip


def every(city: City) -> Iterator[tuple[Filed, Unit]]:
    """Yield the projects with their contractors; the same for the same town."""
    sizes = {row.uscc: row.size for row in city.sizes}
    builders = [
        unit for unit in city.units if unit.industry == _BUILDS and sizes.get(unit.uscc) in _SMALL
    ]
    for number, filed in enumerate(FILED):
        unit = city.unit(filed.contractor) if filed.contractor else builders[number % len(builders)]
        yield filed, unit
