"""Every reason for refusing a cell, a row or a file: what was expected and how to mend it.

The codes are public: `import_workbook` prints them, and enterprises' own programs read them.
Sentences may use `{header}` and the hints that come with a problem.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from registry.workbook.check import LONGEST_FOUND, Problem


@dataclass(frozen=True)
class Entry:
    """What stands behind a code, in Chinese."""

    expected: str
    remedy: str


#: The file as a whole, or its header.
FILE = {
    "unreadable": Entry(
        "完好的 .xlsx、.xls 或 .csv（UTF-8 或 GB18030 编码）文件",
        "请用 Excel 或 WPS 打开原文件确认未损坏，另存为 .xlsx 后重新导入。",
    ),
    "unsupported_format": Entry(
        ".xlsx、.xls 或 .csv 文件",
        "请用 Excel 或 WPS 打开，选择“另存为”，类型选“Excel 工作簿(*.xlsx)”，再导入。",
    ),
    "encrypted": Entry("未设密码的工作簿", "请在 Excel 或 WPS 中取消打开密码，保存后重新导入。"),
    "empty_file": Entry("有内容的文件", "文件为空（0 字节），请重新下载或导出后再导入。"),
    "too_big": Entry(
        "不超过 1,048,576 行、展开后大小正常的工作簿",
        "请删除数据区以外的内容和格式，或按月份拆成几个文件分别导入。",
    ),
    "too_many_rows": Entry("不超过 {most} 行数据", "请按月份或按单位拆成几个文件，分别上传。"),
    "no_rows": Entry(
        "第 1 行为表头，第 2 行起至少一行数据", "请确认数据在第一张工作表中，填好后重新导入。"
    ),
    "wrong_kind": Entry(
        "“{title}”工作簿",
        "这看起来是“{other}”工作簿，请换一个文件，或按类别“{other_kind}”导入。",
    ),
    "header_not_first": Entry(
        "表头在第 1 行", "表头在第 {row} 行。请删除上方的标题行或空行，使表头成为第 1 行。"
    ),
    "no_header": Entry(
        "“{title}”工作簿，第 1 行的表头有：{columns}",
        "第 1 行没有一个可识别的表头。请确认选对了文件，且数据在第一张工作表中。",
    ),
    "missing_column": Entry("有“{header}”这一列", "请在第 1 行增加表头“{header}”，并填写这一列。"),
    "unknown_column": Entry("表头只能是：{columns}", "请删除这一列，或把表头改成规定的名称。"),
    "repeated_column": Entry(
        "每个表头只出现一次", "“{header}”在 {first} 列和 {second} 列都有，请只保留一列。"
    ),
    "cell_without_header": Entry(
        "有内容的列都有表头", "请在第 1 行写明这一列的表头，或清除这一列的内容。"
    ),
}

#: One cell by itself.
CELL = {
    "required": Entry("必填，不能为空", "请填写“{header}”。公式算出的单元格请先粘贴为数值。"),
    "uscc_form": Entry(
        "18 位统一社会信用代码：数字和大写字母，不含 I、O、S、V、Z，第 3 至 8 位是数字",
        "现为 {length} 位。请对照登记证照填写，注意区分数字 0、1、2、5 和字母。",
    ),
    "uscc_check": Entry(
        "末位校验码为 {fitting}（前 17 位无误时）",
        "校验码不符：现为 {last}。请对照登记证照逐位核对，前 17 位也可能有误。",
    ),
    "id_form": Entry(
        "18 位公民身份号码：17 位数字，末位数字或 X",
        "现为 {length} 位或含其他字符。请按证件填写，单元格设为“文本”格式。",
    ),
    "id_birthday": Entry(
        "第 7 至 14 位是真实的出生日期",
        "“{birthday}”不是日历上的一天，请对照证件核对第 7 至 14 位。",
    ),
    "id_check": Entry(
        "末位校验码为 {fitting}（前 17 位无误时）",
        "校验码不符：现为 {last}。请对照证件逐位核对。",
    ),
    "lost_digits": Entry(
        "完整的号码，单元格为“文本”格式",
        "单元格是数值格式，表格软件只保留 15 位数字，末尾已变成 0。请先把整列设为“文本”格式，再重新录入号码。",
    ),
    "bank_code_form": Entry("12 位数字的开户行行号", "现为 {length} 位。请向开户银行核对行号。"),
    "bank_code_check": Entry(
        "末位校验位为 {fitting}（前 11 位无误时）",
        "校验位不符：现为 {last}。请向开户银行核对行号。",
    ),
    "bad_digits": Entry(
        "{shortest} 至 {longest} 位数字", "请只填写数字；以 0 开头的请设为“文本”格式。"
    ),
    "bad_character": Entry("可显示的文字", "单元格中有不可见的控制字符，请清除后重新录入。"),
    "text_too_long": Entry("不超过 {longest} 个字", "请缩短，或检查是否错填到了这一列。"),
    "not_a_number": Entry("数字，例如 3236 或 3236.50", "请只填数字，不要带单位或文字。"),
    "not_finite": Entry("有限的数字", "请填写具体金额，不能是 NaN 或无穷大。"),
    "negative": Entry("不小于 0 的金额", "请改为 0 或正数；需要冲减的请按更正后的数重新申报。"),
    "too_many_decimals": Entry("最多两位小数（精确到分）", "请四舍五入到分后填写。"),
    "too_large": Entry("不大于 99,999,999.99", "请核对小数点和单位（应为元）。"),
    "rate_out_of_range": Entry(
        "{lowest} 至 {highest} 之间的百分数，例如 0.4 表示 0.4%",
        "是否填成了比例或使用了百分比格式？如填的是比例，应改为 {as_percent}；请以百分数填写，单元格设为“常规”格式。",
    ),
    "rate_too_fine": Entry("最多四位小数的百分数", "请核对费率，例如 0.4 或 0.16。"),
    "not_a_date": Entry(
        "日期，例如 2020-02-01", "请按“年-月-日”填写，例如 2020-02-01，或把单元格设为日期格式。"
    ),
    "no_such_day": Entry("日历上有的日期", "日历上没有这一天，请核对月和日。"),
    "not_a_month": Entry("月份，例如 2020-02 或 202002", "请按“年-月”填写，例如 2020-02。"),
    "not_listed": Entry("以下之一：{choices}", "请改成所列的写法。"),
}

#: A row among others, and among what is stored.
ROW = {
    "repeated_row": Entry(
        "同一内容在一个文件中只出现一次", "与第 {row} 行重复，请只保留正确的一行。"
    ),
    "filled_together": Entry(
        "{columns} 全部填写，或全部不填", "请补填“{header}”，或把这几列都留空。"
    ),
    "unknown_employer": Entry(
        "已登记、属于本经办机构的参保单位",
        "系统中没有这个单位。请核对统一社会信用代码；新单位请先导入参保单位。",
    ),
    "not_own_unit": Entry(
        "本单位的统一社会信用代码",
        "网上申报只能填本单位。请改为本单位的统一社会信用代码，或删除这一行。",
    ),
    "other_district": Entry(
        "属于本经办机构的参保单位",
        "这个单位的参保地不在您的办理范围内，请交由其参保地经办机构导入。",
    ),
    "month_without_rules": Entry(
        "已公布费率和缴费基数上下限的月份（{first} 至 {last}）",
        "请核对费款所属期；如月份无误，请先由管理员发布该月的费率和上下限。",
    ),
    "voucher_conflict": Entry(
        "新的缴费凭证号，或与已入库的内容完全相同",
        "凭证号 {voucher} 已入库，但内容不同（{differences}）。请核对凭证号和内容；已到账的记录不能改写。",
    ),
}

CATALOGUE = {**FILE, **CELL, **ROW}

#: What is worth a look and no reason to refuse.
WARNINGS = {
    "unknown_industry": Entry(
        "GB/T 4754-2017 的行业代码", "门类中没有这个大类，已按原样入库，请核对。"
    ),
    "holder_differs": Entry(
        "户名与单位名称一致：{name}（个体工商户也可以是法定代表人）",
        "已按原样入库。退费审核时会再核对，户名不符的不能付款；请与单位核实后更正。",
    ),
    "newer_account": Entry(
        "晚于现用账户启用日期（{later}）的日期",
        "单位已有 {later} 起启用的账户，付款仍用后者；本行只记入历史。如应换用本行账户，请核对启用日期。",
    ),
    "old_template": Entry(
        "现行模板，版本 {current}",
        "这个文件由旧版模板填写，已按现行要求核对。下次填写前请重新下载模板。",
    ),
}


def as_json(problem: Problem) -> dict[str, object]:
    """Return a problem as `import_workbook --format json` prints it."""
    entry = CATALOGUE.get(problem.code) or WARNINGS[problem.code]
    words = {**problem.hint, "header": problem.column or ""}
    return {
        "row": problem.row,
        "column": problem.column,
        "code": problem.code,
        "found": problem.found[:LONGEST_FOUND],
        "expected": entry.expected.format(**words),
        "remedy": entry.remedy.format(**words),
    }


def all_as_json(problems: Iterable[Problem]) -> list[dict[str, object]]:
    """Return problems in the same form and order."""
    return [as_json(problem) for problem in problems]
