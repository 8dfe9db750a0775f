"""Numbers and names for people, units and banks that do not exist. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from registry.numbers import cnaps, resident_id, uscc

SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何罗高林郑梁谢唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志文海燕春梅晓东玲宇辉鹏云飞雪琴斌凯丹莉萍晨阳佳欣怡然思雨子涵浩宁瑞泽嘉诚立新永康正林少清雅慧书远景行知秋亦凡若水安然"
#: Where the townspeople were born: districts of Sichuan.
BIRTHPLACES = (
    ("510402", 24),
    ("510403", 14),
    ("510411", 18),
    ("510421", 14),
    ("510422", 10),
    ("513401", 6),
    ("513425", 4),
    ("513426", 4),
    ("510104", 2),
    ("510502", 2),
    ("511002", 2),
)
#: What firms are called: sunny, dry and hot, with kapok trees. Two parts make a name.
BRAND_HEADS = [
    "木棉坡",
    "晴岭",
    "苴溪",
    "霁川",
    "暖谷",
    "芒岭",
    "阳坪",
    "红缨花",
    "橙湾",
    "金凤坡",
    "岚岭",
    "青禾渡",
    "云朵崖",
    "向暖",
    "石榴坳",
    "三角梅",
    "雪茶坪",
    "望江崖",
    "蓝楹",
    "银桦",
    "赤霞",
    "七月坡",
    "长晴",
    "果香岭",
]
BRAND_TAILS = [
    "禾",
    "越",
    "朗",
    "泽",
    "同",
    "舟",
    "稔",
    "衡",
    "和",
    "启",
    "拓",
    "邦",
    "顺",
    "恒",
    "乐",
    "嘉",
]

#: 4 characters that no registering office has given out as the start of a number.
ORGANISATION = "MAXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_DEMO_BANKS = (
    ("313", "攀西示例银行"),
    ("314", "木棉示例农村商业银行"),
    ("320", "向阳示例村镇银行"),
)
_TOWN = "6560"


def _organisation_check(body: str) -> str:
    """Return the ninth character of an organisation number (GB 11714)."""
    total = sum(
        int(character, 36) * weight
        for character, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X0"[11 - total % 11]


def credit_code(number: int, *, office: str, district: str) -> str:
    """Return the credit code of the demo unit with a number; `office` is its first two places."""
    body = f"{ORGANISATION}{number:04d}"
    code = f"{office}{district}{body}{_organisation_check(body)}"
    return code + uscc.compute_check_digit(code)


def person_name(random: Random) -> str:
    """Return a surname and one or, more often, two characters."""
    given = random.sample(GIVEN, 2 if random.random() < 0.72 else 1)
    return random.choice(SURNAMES) + "".join(given)


def resident_ids(random: Random, *, born: tuple[int, int]) -> Iterator[str]:
    """Yield valid resident IDs without end, none twice; `born` bounds the years of birth."""
    first, last = date(born[0], 1, 1), date(born[1], 12, 31)
    places, weights = zip(*BIRTHPLACES, strict=True)
    met: set[str] = set()
    while True:
        birthday = first + timedelta(days=random.randrange((last - first).days + 1))
        place = random.choices(places, weights)[0]
        # Sequence numbers from 960 on are hardly ever given out.
        body = f"{place}{birthday:%Y%m%d}{random.randrange(960, 1000)}"
        if body not in met:
            met.add(body)
            yield body + resident_id.compute_check_digit(body)


def bank(random: Random) -> tuple[str, str]:
    """Return the name and the code of a branch of one of the invented banks."""
    prefix, name = random.choice(_DEMO_BANKS)
    branch = random.randrange(1, 6)
    body = f"{prefix}{_TOWN}{branch:04d}"
    return f"{name}第{'一二三四五'[branch - 1]}支行", body + cnaps.compute_check_digit(body)


def phone(random: Random) -> str:
    """Return a telephone number that nobody has: no number of the town begins with 0."""
    return f"0812-0{random.randrange(10**6):06d}"


def brands(random: Random) -> Iterator[str]:
    """Yield every brand once, shuffled."""
    every = [head + tail for head in BRAND_HEADS for tail in BRAND_TAILS]
    random.shuffle(every)
    yield from every
