"""ISO 20022 messages: pain.001 out; pain.002, camt.054 and camt.053 in. Pure.

Our line number is the EndToEndId, the batch number the MsgId and PmtInfId, the CNAPS code the
clearing member. `order` writes, `reader` reads, `replies` is the bank's side, `reasons` says
reason codes in Chinese.
"""

from refunds.bank.iso20022.order import IsoAdapter
from refunds.bank.iso20022.reader import is_xml, parse, read
from refunds.bank.iso20022.replies import acknowledge, answer, state

__all__ = ["IsoAdapter", "acknowledge", "answer", "is_xml", "parse", "read", "state"]
