"""What to do about a row of the bank's file that changed nothing: the next safe action."""

from collections.abc import Mapping

from refunds.models import BankAnswerLine

Finding = BankAnswerLine.Finding

ADVICE: Mapping[str, str] = {
    Finding.UNKNOWN_LINE: "请银行说明这一行的来源。没有对应的付款，系统不会记账。",
    Finding.NEVER_SENT: "立即请银行停止付款并说明来源，同时报告负责人和稽核岗。",
    Finding.OTHER_BATCH: "请银行核对批次号后重新发送。这一笔仍按原批次等待答复。",
    Finding.WRONG_AMOUNT: "请银行说明实际付款金额，并取得书面证明。核实以前，这一笔不会再次付款。",
    Finding.WRONG_ACCOUNT: "请银行说明实际收款账户，并取得书面证明。核实以前，这一笔不会再次付款。",
    Finding.WRONG_DATE: "请银行核对处理日期后重新发送。",
    Finding.CONTRADICTION: "请银行说明资金现在在哪里，并取得书面证明，再录入“银行证明”。",
    Finding.BAD_CELL: "请银行更正这一行后重新发送。",
    Finding.HELD: "文件不完整，整个文件没有处理。请银行重新发送完整的文件。",
}
