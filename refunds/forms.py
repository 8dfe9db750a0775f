"""Forms of refunds: an enterprise's account, an officer's decision, filters."""

import unicodedata
from typing import Any

from django import forms

from refunds.queries_accounts import Paying
from refunds.services import choose
from refunds.workflow import State
from registry.models import BankAccount, District, Employer, UnitType
from relief.models import Insurance

PAYING, REGISTERED, NEW = "paying", "registered", "new"
ALL = [("", "全部")]


def _digits(text: str) -> str:
    """Return a number as typed, without blanks and dashes, in half width."""
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "")


class AccountForm(forms.Form):
    """The account a refund goes to: the one that paid, the registered one, or another."""

    which = forms.ChoiceField(
        label="收款账户",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择收款账户", "invalid_choice": "请选择收款账户"},
    )
    holder = forms.ChoiceField(
        label="户名",
        required=False,
        help_text="户名必须与单位名称一致，否则银行会退回。",
        error_messages={"invalid_choice": "户名必须与单位名称一致"},
    )
    bank = forms.CharField(
        label="开户银行",
        required=False,
        max_length=120,
        help_text="写到支行，例如：中国工商银行攀枝花东区支行",
        error_messages={"max_length": "开户银行不能超过120个字"},
    )
    bank_code = forms.CharField(
        label="开户行行号",
        required=False,
        max_length=30,
        help_text="12位数字，也叫联行号。",
        error_messages={"max_length": "开户行行号应为12位数字"},
    )
    number = forms.CharField(
        label="银行账号",
        required=False,
        max_length=60,
        help_text="8至32位数字，空格和横线会自动去掉。",
        error_messages={"max_length": "银行账号应为8至32位数字"},
    )

    def __init__(
        self,
        data: Any = None,
        *,
        employer: Employer,
        unit_type: str,
        registered: BankAccount | None,
        new_only: bool = False,
        paying: Paying | None = None,
    ) -> None:
        super().__init__(data)
        self.registered = None if new_only else registered
        self.paying = None if new_only else paying
        if self.paying and self.registered and self.paying.number == self.registered.number:
            self.registered = None  # one and the same: the one that paid
        choices = [(NEW, "填写新的账户")]
        if self.registered:
            known = self.registered
            choices.insert(
                0,
                (REGISTERED, f"登记的账户：{known.holder}，{known.bank}，尾号{known.number[-4:]}"),
            )
        if self.paying:
            bank = f"{self.paying.bank}，" if self.paying.bank else ""
            ask = "" if self.paying.bank else "（请在下面填写开户银行和行号）"
            label = f"原缴费账户：{self.paying.holder}，{bank}尾号{self.paying.number[-4:]}{ask}"
            choices.insert(0, (PAYING, label))
        self.fields["which"].choices = choices  # type: ignore[attr-defined]
        self.fields["which"].initial = choices[0][0]
        names = [employer.name]
        if unit_type == UnitType.INDIVIDUAL_BUSINESS and employer.legal_person:
            names.append(employer.legal_person)
        self.fields["holder"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        bank = {"bank": "请填写开户银行", "bank_code": "请填写开户行行号"}
        if self.asks_only_bank:
            wanted = bank
        elif cleaned.get("which") == NEW:
            wanted = {"holder": "请选择户名", **bank, "number": "请填写银行账号"}
        else:
            return cleaned
        for name, message in wanted.items():
            if name not in self.errors and not cleaned.get(name):
                self.add_error(name, message)
        return cleaned

    @property
    def offers_known(self) -> bool:
        """Whether there is an account to choose, not only to fill in."""
        return self.registered is not None or self.paying is not None

    @property
    def asks_only_bank(self) -> bool:
        """Whether the account that paid was chosen and only its bank is not known."""
        chosen = self.cleaned_data.get("which") == PAYING
        return chosen and self.paying is not None and not self.paying.bank

    def account(self) -> choose.Account:
        """Return the account chosen, in plain form."""
        if (paid := self.paying) and self.cleaned_data["which"] == PAYING:
            typed = self.asks_only_bank
            return choose.Account(
                holder=paid.holder,
                bank=self.cleaned_data["bank"].strip() if typed else paid.bank,
                bank_code=_digits(self.cleaned_data["bank_code"]) if typed else paid.bank_code,
                number=paid.number,
            )
        known = self.registered
        if known and self.cleaned_data["which"] == REGISTERED:
            return choose.Account(known.holder, known.bank, known.bank_code, known.number)
        return choose.Account(
            holder=self.cleaned_data["holder"],
            bank=self.cleaned_data["bank"].strip(),
            bank_code=_digits(self.cleaned_data["bank_code"]),
            number=_digits(self.cleaned_data["number"]),
        )

    def refuse(self, field: str, message: str) -> None:
        """Show what a service refused, at the field it stands in."""
        chosen = self.cleaned_data.get("which")
        if chosen == REGISTERED or (chosen == PAYING and not self.asks_only_bank):
            self.add_error("which", f"{message}请填写新的账户。")
        else:
            self.add_error({"account": "number"}.get(field, field), message)


class DecisionForm(forms.Form):
    """An officer's decision on a refund."""

    GRANT, REFUSE = "grant", "refuse"
    decision = forms.ChoiceField(
        label="审核意见",
        widget=forms.RadioSelect,
        choices=[(GRANT, "通过"), (REFUSE, "退回单位")],
        error_messages={"required": "请选择通过或者退回", "invalid_choice": "请选择通过或者退回"},
    )
    reason = forms.CharField(
        label="退回原因",
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="退回时必填。单位会看到这段话，请写清楚哪里不对、怎样改。",
        error_messages={"max_length": "退回原因不能超过200个字"},
    )
    level = forms.CharField(widget=forms.HiddenInput)
    # The digest of what this page showed.
    content = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        refused = cleaned.get("decision") == self.REFUSE
        if refused and not cleaned.get("reason", "").strip():
            self.add_error("reason", "请写明退回原因，单位会看到这段话")
        return cleaned


class RefundFilter(forms.Form):
    """What to show in the desk's list."""

    q = forms.CharField(label="编号、单位名称或信用代码", required=False, max_length=60, strip=True)
    state = forms.ChoiceField(label="状态", required=False, choices=[*ALL, *State.choices])
    insurance = forms.ChoiceField(label="险种", required=False, choices=[*ALL, *Insurance.choices])
    district = forms.ChoiceField(label="参保地", required=False)

    def __init__(self, data: Any = None, *, districts: list[District]) -> None:
        super().__init__(data)
        places = [(district.code, district.name) for district in districts]
        self.fields["district"].choices = [*ALL, *places]  # type: ignore[attr-defined]
        if len(places) < 2:
            del self.fields["district"]


class PortalFilter(forms.Form):
    """What to show in the enterprise's own list."""

    state = forms.ChoiceField(label="状态", required=False, choices=[*ALL, *State.choices])


class AnswerFilter(forms.Form):
    """Which rows of a bank's file to show."""

    WRONG = "wrong"
    show = forms.ChoiceField(
        label="显示", required=False, choices=[("", "全部"), (WRONG, "只看待核实的")]
    )
