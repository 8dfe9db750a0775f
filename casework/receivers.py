"""News of the apps below that an employer is told in its portal."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from casework import services
from registry.models import ActivationCode, Membership


def tell_of_replacement_asked(*, code: ActivationCode, at: datetime, **kwargs: Any) -> None:
    """Warn the employer, its owner above all, while it can still be stopped."""
    services.send_notice(
        at=at,
        employer_id=code.employer_id,
        key=f"owner-replacement-asked:{code.pk}",
        title="经办机构正在为贵单位办理更换管理员",
        body=(
            f"{code.issued_by.agency.name}收到贵单位更换网上办理管理员的申请，原因：{code.reason}。\n\n"
            f"复核通过、新管理员开通账号以后，现管理员{code.replaces.name}的账号停用。\n\n"
            "不是贵单位提出的，请马上联系经办机构。"
        ),
        path=reverse("portal_members:list"),
    )


def tell_of_replacement(
    *,
    code: ActivationCode,
    former: Membership,
    owner: Membership,
    at: datetime,
    **kwargs: Any,
) -> None:
    """Tell the employer who runs its accounts now."""
    services.send_notice(
        at=at,
        employer_id=code.employer_id,
        key=f"owner-replaced:{code.pk}",
        title="贵单位的网上办理管理员已更换",
        body=(
            f"新管理员：{owner.name}。原管理员{former.name}的账号已停用，"
            "原管理员发出的邀请同时失效，其他人员的账号不变。\n\n"
            "不是贵单位提出的，请马上联系经办机构。"
        ),
        path=reverse("portal_members:list"),
    )
