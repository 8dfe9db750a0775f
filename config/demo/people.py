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
          "市本级经办：导入工作簿、发起核定、发激活码、受理缓缴、决定变更计划"),
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
          "东区经办：东区单位的账目和激活码、缓缴期间的一人一事（一件等办结）", district="510402"),
    Staff("east-reviewer", "陈复核", "SOCIAL_INSURANCE", "REVIEWER",
          "东区复核：东区的退费初审、确认新账户", district="510402"),
    Staff("hr-bureau", "褚会审", "HR", "OPINION", "市人社局：审批全市的缓缴申请（一件等审批）"),
    Staff("hr-head", "苗局长", "HR", "HEAD", "市人社局负责人：审批缓缴，大额的第二位批准人"),
    Staff("finance-bureau", "卫会审", "FINANCE", "OPINION",
          "市财政局：市级单位缓缴的联合审核（一件已给意见）"),
    Staff("tax-bureau", "蒋会审", "TAX", "OPINION", "市税务局：市级单位缓缴的联合审核（一件已给意见）"),
    Staff("economy-bureau", "沈会审", "ECONOMY", "OPINION",
          "市经信局：市级单位缓缴的联合审核（一件等意见）"),
    Staff("east-hr", "秦受理", "HR", "OPINION",
          "东区人社局：受理缓缴申请（一件等受理）", district="510402"),
    Staff("east-hr-head", "尤局长", "HR", "HEAD",
          "东区人社局负责人：意见到齐后上报市局（受理人不能上报）", district="510402"),
    Staff("east-finance", "许财政", "FINANCE", "OPINION",
          "东区财政局：对缓缴出书面意见（一件等意见）", district="510402"),
    Staff("east-tax", "吕税务", "TAX", "OPINION",
          "东区税务局：对缓缴出书面意见（一件等意见）", district="510402"),
    Staff("east-economy", "施经信", "ECONOMY", "OPINION",
          "东区经信局：对缓缴出书面意见（一件等意见）", district="510402"),
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
    Owner("defer", "defer", "水会计", "困难单位：申请缓缴，从这里开始（上月应缴还没有缴）"),
    Owner("defer-intake", "defer_intake", "柏会计", "缓缴申请已提交，等东区人社局受理"),
    Owner("defer-asked", "defer_asked", "窦会计", "缓缴申请已受理，等三个部门出意见"),
    Owner("defer-decide", "defer_decide", "章会计", "缓缴申请已上报，等市人社局审批"),
    Owner("defer-joint", "defer_joint", "云会计", "市级单位：联合审核已有两份意见，还差一份"),
    Owner("defer-granted", "defer_granted", "潘会计", "缓缴已批准：签订缓缴协议"),
    Owner("defer-running", "defer_running", "葛会计", "缓缴中，按月补缴；一位职工退休，款已到账等办结"),
    Owner("defer-replan", "defer_replan", "奚会计", "缓缴中，已申请变更补缴计划"),
)  # fmt: skip
COLLEAGUES = (
    Colleague("small-preparer", "small", "PREPARER", "罗经办", "同一单位的经办人：填写、上传，不能签署"),
    Colleague("defer-preparer", "defer", "PREPARER", "范经办", "同一单位的经办人：填写缓缴申请，请签署人签署"),
    Colleague("defer-signer", "defer", "SIGNER", "彭签署", "同一单位的签署人：签署提交缓缴申请，签订协议"),
    Colleague("small-signer", "small", "SIGNER", "何签署", "同一单位的签署人：可以签署提交，接任管理员"),
)  # fmt: skip
USERNAMES = (*(who.username for who in (*STAFF, *OWNERS, *COLLEAGUES)), ADMIN)
