"""Whether an account may receive an employer's refund (D15)."""

from registry.models import UnitType
from registry.names import plain
from registry.numbers import BadCheckDigit, BadForm, cnaps


class BadAccount(Exception):
    """The account can't be used; `field` says which part."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def check_holder(
    holder: str, *, employer_name: str, unit_type: str, legal_person: str = ""
) -> None:
    """Accept an account's holder: the unit itself, or the owner of an individual business.

    :raises BadAccount: if the money would go to somebody else.
    """
    allowed = [employer_name]
    if unit_type == UnitType.INDIVIDUAL_BUSINESS and legal_person:
        allowed.append(legal_person)
    if plain(holder) not in {plain(name) for name in allowed}:
        names = "”或“".join(allowed)
        raise BadAccount("holder", f"户名与单位名称不一致，银行会退回。户名应为“{names}”。")


def check_number(number: str) -> None:
    """Accept an account number in its plain form. Banks differ: no check digit is known.

    :raises BadAccount: if it isn't 8 to 32 digits.
    """
    if not (number.isascii() and number.isdigit() and 8 <= len(number) <= 32):
        raise BadAccount("account", "银行账号应为8至32位数字，请核对后重新填写。")


def check_bank_code(code: str) -> None:
    """Accept a bank's code (行号) with its check digit.

    :raises BadAccount: if it has another form or the last digit does not fit.
    """
    try:
        cnaps.check(code)
    except BadForm:
        raise BadAccount("bank_code", "开户行行号应为12位数字，可向开户银行查询。") from None
    except BadCheckDigit:
        raise BadAccount(
            "bank_code", "开户行行号校验不通过，可能有一位填错了，请对照开户许可证核对。"
        ) from None
