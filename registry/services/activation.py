"""How an enterprise opens its online account: with a code that its agency hands out.

The code is shown once, on the slip; stored is its digest. It opens one account, within
thirty days, and only together with the employer's credit code.
"""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction

from registry import scope, secrets
from registry.models import (
    ActivationCode,
    ActivationFailure,
    Employer,
    Membership,
    Officer,
    Post,
)
from registry.services import accounts

VALID_FOR = timedelta(days=30)
GROUPS = 4  # of 20 bits each

WINDOW = timedelta(minutes=30)
TRIES_PER_EMPLOYER = 5
TRIES_PER_ADDRESS = 20  # an office or a market shares one address


class NotYours(Exception):
    """The officer does not work on this employer."""


class ActivationRefused(Exception):
    """The account can't be opened; the text says what to do."""


class TooManyTries(ActivationRefused):
    """Wrong codes have been tried too often; not even a right one is looked at."""


class WrongCode(ActivationRefused):
    """No such employer, or not its code: which of the two is not said."""


class CodeSpent(ActivationRefused):
    """The right code, but used, replaced or expired."""


@transaction.atomic
def hand_out_code(
    *, employer_id: int, officer: Officer, at: datetime
) -> tuple[str, ActivationCode]:
    """Draw a code for an employer; return it in clear, this once, and its record.

    Codes handed out before and not used end with it.

    :raises NotYours: if the officer's agency or post does not work on this employer.
    """
    employer = Employer.objects.select_for_update().get(pk=employer_id)
    if officer.post != Post.HANDLER or not scope.may_act(officer, employer):
        raise NotYours("激活码由单位参保地社保经办机构的经办岗发放。")
    former = employer.activation_codes.filter(
        used_at__isnull=True, expires_at__gt=at, issued_at__lt=at
    )
    former.update(expires_at=at)
    code = secrets.draw(GROUPS)
    record = ActivationCode.objects.create(
        employer=employer,
        digest=secrets.digest(code, salt=employer.uscc),
        issued_by=officer,
        issued_at=at,
        expires_at=at + VALID_FOR,
    )
    return code, record


def activate(
    *,
    uscc: str,
    code: str,
    username: str,
    name: str,
    phone: str,
    password: str,
    address: str | None,
    at: datetime,
) -> Membership:
    """Open an enterprise's account with its credit code and activation code.

    A wrong code is counted even though nothing else is stored, hence two transactions.

    :raises TooManyTries: after 5 wrong codes on one employer or 20 from one address in 30 minutes.
    :raises WrongCode: if the employer or the code is unknown.
    :raises CodeSpent: if the code was used, replaced, or has expired.
    :raises accounts.AccountRefused: if the user name is taken or the password too weak.
    """
    uscc = secrets.plain(uscc)[:18]
    _refuse_guessing(uscc=uscc, address=address, at=at)
    try:
        return _open_account(
            uscc=uscc,
            code=code,
            username=username,
            name=name,
            phone=phone,
            password=password,
            at=at,
        )
    except WrongCode:
        ActivationFailure.objects.create(address=address, uscc=uscc, at=at)
        raise


def _refuse_guessing(*, uscc: str, address: str | None, at: datetime) -> None:
    recent = ActivationFailure.objects.filter(at__gt=at - WINDOW)
    for failures, limit in (
        (recent.filter(uscc=uscc), TRIES_PER_EMPLOYER),
        (recent.filter(address=address) if address else recent.none(), TRIES_PER_ADDRESS),
    ):
        latest = list(failures.order_by("-at").values_list("at", flat=True)[:limit])
        if len(latest) == limit:
            minutes = -((at - latest[-1] - WINDOW) // timedelta(minutes=1))
            raise TooManyTries(
                f"激活码输错的次数太多，请约{minutes}分钟后再试。"
                "激活码看不清或已丢失的，请联系经办机构重新发放。"
            )


@transaction.atomic
def _open_account(
    *, uscc: str, code: str, username: str, name: str, phone: str, password: str, at: datetime
) -> Membership:
    digest = secrets.digest(code, salt=uscc)
    records = ActivationCode.objects.select_for_update(of=("self",)).select_related("employer")
    record = records.filter(employer__uscc=uscc, digest=digest).first()
    if record is None:
        raise WrongCode("统一社会信用代码或激活码不正确，请对照经办机构发放的激活码单核对。")
    if record.used_at:
        raise CodeSpent(
            "这个激活码已经用过了。账号已开通的请直接登录；不是本单位开通的，请马上联系经办机构。"
        )
    if record.expires_at <= at:
        raise CodeSpent("这个激活码已经失效，请联系经办机构重新发放。")
    membership = Membership(
        user=accounts.open_user(username=username, password=password),
        employer=record.employer,
        name=name.strip(),
        phone=phone.strip(),
        since=at,
    )
    try:
        membership.full_clean()
    except ValidationError as refusal:
        raise accounts.AccountRefused(" ".join(refusal.messages)) from refusal
    membership.save()
    record.used_at, record.used_by = at, membership
    record.save(update_fields=["used_at", "used_by"])
    return membership
