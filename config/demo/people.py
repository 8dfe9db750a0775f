"""Who may sign in to the demo city, and what each of them can try. Pure data."""

from dataclasses import dataclass

#: Marks an account as ours: nobody else's account is ever touched.
MAIL_DOMAIN = "demo.invalid"
ADMIN = "admin"


@dataclass(frozen=True)
class Staff:
    """An officer. `kind` and `post` are the names of `Agency.Kind` and `Post`."""

    username: str
    name: str
    kind: str
    post: str
    try_this: str
    district: str = "510400"
    zone: str = ""


@dataclass(frozen=True)
class Owner:
    """Somebody who acts for the unit of a story."""

    username: str
    story: str
    name: str
    try_this: str


@dataclass(frozen=True)
class Colleague:
    """Somebody whom the owner of a story's unit has invited. `role`: of `Membership.Role`."""

    username: str
    story: str
    role: str
    name: str
    try_this: str


STAFF = (
    Staff("city-handler", "周经办", "SOCIAL_INSURANCE", "HANDLER",
          "市本级经办：导入工作簿、发起核定、发激活码"),
    Staff("city-reviewer", "吴复核", "SOCIAL_INSURANCE", "REVIEWER", "市本级复核：退费初审、确认新账户"),
    Staff("city-cashier", "郑财务", "SOCIAL_INSURANCE", "FUND_FINANCE",
          "基金财务（全市）：退费复审、拟定付款批次、看回盘"),
    Staff("city-accountant", "孙会计", "SOCIAL_INSURANCE", "FUND_FINANCE",
          "基金财务（全市）：核对付款批次、处理差异、日终对账"),
    Staff("city-head", "李主任", "SOCIAL_INSURANCE", "HEAD",
          "负责人（全市）：批准付款批次和大额退费"),
    Staff("city-auditor", "王稽核", "SOCIAL_INSURANCE", "AUDIT",
          "市本级稽核：付款前抽查、查账、看核定依据"),
    Staff("east-handler", "冯经办", "SOCIAL_INSURANCE", "HANDLER",
          "东区经办：东区单位的账目和激活码", district="510402"),
    Staff("east-reviewer", "陈复核", "SOCIAL_INSURANCE", "REVIEWER",
          "东区复核：东区的退费初审、确认新账户", district="510402"),
    Staff("hr-bureau", "褚会审", "HR", "OPINION", "市人社局：查看全市，不办理"),
    Staff("finance-bureau", "卫会审", "FINANCE", "OPINION", "市财政局：查看全市，不办理"),
    Staff("tax-bureau", "蒋会审", "TAX", "OPINION", "市税务局：查看全市，不办理"),
    Staff("economy-bureau", "沈会审", "ECONOMY", "OPINION", "市经信局：查看全市，不办理"),
    Staff("statistics-bureau", "韩会审", "STATISTICS", "OPINION", "市统计局：查看全市，不办理"),
    Staff("zone", "杨园区", "ZONE", "OPINION", "钒钛高新区管委会：只看园区内单位",
          zone="钒钛高新区"),
)  # fmt: skip
OWNERS = (
    Owner("small", "small", "梁会计", "小型企业：选择退费，从这里开始（五分钟走完全程）"),
    Owner("large", "large", "尹会计", "大型企业：减半和延长期；养老、失业、建设项目已到账，工伤待选择"),
    Owner("individual", "individual", "曾老板", "个体工商户：已选择退费，一笔被退回修改"),
    Owner("bounced", "bounced", "唐会计", "退费被银行退回：更正账户后重发（一笔已更正）"),
    Owner("social", "social", "熊会计", "社会组织：减半，退费待复审"),
    Owner("logistics", "group_logistics", "谢会计", "集团拆分出的物流公司：退费待出盘"),
    Owner("mining", "prepaid", "石会计", "延长前全额缴了5、6月：退费在批次里，等核对"),
    Owner("software", "new_unit", "苏会计", "2020年3月新参保：退费已送银行"),
    Owner("branch", "branch", "丁会计", "分公司：按上级法人的大型划型减半"),
    Owner("missing", "missing", "任会计", "待划型：省级数据里没有，暂未减免"),
)  # fmt: skip
COLLEAGUES = (
    Colleague("small-preparer", "small", "PREPARER", "罗经办", "同一单位的经办人：填写、上传，不能签署"),
    Colleague("small-signer", "small", "SIGNER", "何签署", "同一单位的签署人：可以签署提交，接任管理员"),
)  # fmt: skip
USERNAMES = (*(who.username for who in (*STAFF, *OWNERS, *COLLEAGUES)), ADMIN)
