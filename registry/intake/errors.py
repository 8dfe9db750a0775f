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

#: What is no workbook though it bears the name of one, and what a workbook may not have in it.
SAFETY = {
    "pdf_file": Entry(
        "表格文件（.xlsx、.xls 或 .csv）",
        "这是 PDF 文件，不能导入。请找到生成它的原表格；没有的，请下载空白模板填写。",
    ),
    "image_file": Entry(
        "表格文件（.xlsx、.xls 或 .csv）",
        "这是图片，不能导入。请上传原表格；只有纸质材料的，请下载空白模板填写。",
    ),
    "web_page": Entry(
        "表格文件（.xlsx、.xls 或 .csv）",
        "这是网页，只是名字像表格。请用 Excel 或 WPS 打开，选“文件”→“另存为”，类型选“Excel 工作簿(*.xlsx)”，再导入新文件。",
    ),
    "xml_workbook": Entry(
        "表格文件（.xlsx、.xls 或 .csv）",
        "这是“XML 表格 2003”格式。请用 Excel 或 WPS 打开，选“文件”→“另存为”，类型选“Excel 工作簿(*.xlsx)”，再导入新文件。",
    ),
    "archive_file": Entry(
        "没有压缩的表格文件",
        "这是压缩包或安装包，不能直接导入。请先解压，再上传里面的表格。",
    ),
    "document_file": Entry(
        "表格文件（.xlsx、.xls 或 .csv）",
        "这是文字文档或演示文稿，不能导入。请把表格复制到空白模板中再导入。",
    ),
    "program_file": Entry(
        "表格文件（.xlsx、.xls 或 .csv）",
        "这是程序，不是表格。请勿打开它，并告知本单位的信息技术人员。",
    ),
    "ods_workbook": Entry(
        "表格文件（.xlsx、.xls 或 .csv）",
        "这是 .ods 或 Numbers 表格。请在原软件中另存为 .xlsx，再导入。",
    ),
    "binary_workbook": Entry(
        "表格文件（.xlsx、.xls 或 .csv）",
        "这是二进制工作簿（.xlsb）。请用 Excel 或 WPS 打开，选“文件”→“另存为”，类型选“Excel 工作簿(*.xlsx)”，再导入新文件。",
    ),
    "old_excel": Entry(
        "Excel 97 及以后的表格",
        "这是很旧的 Excel 格式（Excel 95 以前）。请用 Excel 或 WPS 打开，选“文件”→“另存为”，类型选“Excel 工作簿(*.xlsx)”，再导入新文件。",
    ),
    "utf16_text": Entry(
        "UTF-8 或 GB18030 编码的 .csv，或 .xlsx",
        "这是“Unicode 文本”。请用 Excel 或 WPS 打开，选“文件”→“另存为”，类型选“Excel 工作簿(*.xlsx)”，再导入新文件。",
    ),
    "mixed_encoding": Entry(
        "全文同一种编码（UTF-8 或 GB18030）的文本",
        "文件中有认不出的字节，可能是两份不同编码的文本拼在一起。请用 Excel 或 WPS 打开核对有无乱码，另存为 .xlsx 再导入。",
    ),
    "binary_file": Entry(
        "文本或表格文件",
        "文件里是程序才懂的内容，不是表格。请确认选对了文件。",
    ),
    "broken_quotes": Entry(
        "每个引号都成对的 .csv",
        "从第 {row} 行起引号没有成对，后面的内容都粘在了一起。请用 Excel 或 WPS 打开核对，另存为 .xlsx 再导入。",
    ),
    "line_too_long": Entry(
        "每行一条记录的文本",
        "有一行超过 100 万字，不是表格的一行。请确认文件按行分开，再导入。",
    ),
    "damaged_archive": Entry(
        "完好的 .xlsx 文件",
        "文件没有下载完整，或传送中损坏。请重新下载或导出；能打开的，请另存为新的 .xlsx 再导入。",
    ),
    "tampered_package": Entry(
        "由 Excel、WPS 或 LibreOffice 保存的工作簿",
        "文件的内部结构不是表格软件写出来的。请用 Excel 或 WPS 打开核对内容，另存为新的 .xlsx 再导入。",
    ),
    "nested_archive": Entry(
        "里面没有压缩包的工作簿",
        "工作簿里夹带了压缩包。请删除其中插入的文件，另存为新的 .xlsx 再导入。",
    ),
    "too_many_parts": Entry(
        "由不超过 {most} 个部分组成的工作簿",
        "工作簿里的工作表或对象太多。请把要导入的那张工作表复制到新工作簿，再导入。",
    ),
    "zip_bomb": Entry(
        "展开后大小正常的工作簿",
        "文件展开后比原来大一百倍以上，不是正常的表格。请把数据复制到空白模板，另存后再导入。",
    ),
    "dtd_in_xml": Entry(
        "由 Excel、WPS 或 LibreOffice 保存的工作簿",
        "文件中有表格软件不会写的定义（DTD），可能被人改过。请用 Excel 或 WPS 打开核对，另存为新的 .xlsx 再导入。",
    ),
    "odd_xml": Entry(
        "由 Excel、WPS 或 LibreOffice 保存的工作簿",
        "文件内部的文字编码不是 UTF-8。请用 Excel 或 WPS 打开核对，另存为新的 .xlsx 再导入。",
    ),
    "has_macros": Entry(
        "没有宏的工作簿",
        "工作簿里有宏（自动运行的程序）。请另存为“Excel 工作簿(*.xlsx)”，提示“无法保存宏”时选“是”，再导入。",
    ),
    "external_links": Entry(
        "不引用其他文件的工作簿",
        "公式引用了别的文件。请点“数据”→“编辑链接”→“断开链接”，保存后再导入。",
    ),
    "dde_link": Entry(
        "不调用其他程序的工作簿",
        "工作簿会调用别的程序（DDE）。请勿点“启用”，把数据复制到空白模板，“粘贴为数值”后再导入。",
    ),
    "embedded_objects": Entry(
        "没有嵌入对象的工作簿",
        "工作簿里插入了别的文件（对象）。请选中并删除，或把数据复制到空白模板，再导入。",
    ),
    "active_controls": Entry(
        "没有 ActiveX 控件的工作簿",
        "工作簿里有 ActiveX 控件（按钮、下拉框等）。请删除控件，或把数据复制到空白模板，再导入。",
    ),
    "too_many_columns": Entry(
        "不超过 {most} 列",
        "第 {most} 列以右还有内容（{cell}）。请删除右侧多余的列，再导入。",
    ),
    "sparse_sheet": Entry(
        "数据连在一起的工作表",
        "最下面的内容在 {cell}，离数据很远，中间都是空行。请删除多余的行，再导入。",
    ),
    "too_many_formats": Entry(
        "不超过 {most} 种单元格格式",
        "工作簿里的单元格格式太多。请把数据复制到空白模板，“粘贴为数值”后再导入。",
    ),
    "huge_cell": Entry(
        "单元格不超过 32,767 个字",
        "有一个单元格的文字长得异常。请找到并删除，再导入。",
    ),
    "too_much_text": Entry(
        "文字总量正常的工作表",
        "同一段长文字在很多单元格里重复。请删除这一列的长文字，再导入。",
    ),
}

#: One cell by itself.
CELL = {
    "required": Entry("必填，不能为空", "请填写“{header}”。公式算出的单元格请先粘贴为数值。"),
    "formula_error": Entry(
        "公式算出的结果，不是出错标记",
        "这个公式出错了（#N/A 等）。请改正公式，或直接填写内容，再把整列粘贴为数值。",
    ),
    "formula_without_value": Entry(
        "公式已算出结果",
        "文件里只有公式，没有算出的结果。请用 Excel 或 WPS 打开后保存一次，或把公式粘贴为数值。",
    ),
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
    "zero_amount": Entry(
        "大于 0 的金额", "金额不能是 0。请按合同和缴费凭证填写；还没有缴费的项目，缴费后再导入。"
    ),
    "ends_before_start": Entry(
        "不早于合同开工日期（{start}）的日期",
        "请对照备案合同核对开工日期和竣工日期，常见的是填反或年份写错。",
    ),
    "project_elsewhere": Entry(
        "本经办机构的项目编号，或新的项目编号",
        "这个编号的项目登记在其他经办机构的单位名下。请核对项目编号；确需更换总承包单位的，请由市级经办机构导入。",
    ),
}

CATALOGUE = {**FILE, **SAFETY, **CELL, **ROW}

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
