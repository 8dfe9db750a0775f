"""Who may see and do what: the one gate to other people's data.

Every query of a page, an API or an export of a signed-in person goes through `limit`
(sight) or `actionable` (what an officer may work on); a row outside answers 404, so that a
guessed number tells nothing. Views are guarded by `officer_required` and `member_required`; who has
been removed from an employer counts as nobody.

Sight: an office of the city level sees the whole city, a district's or county's its own
employers, a functional zone's committee the zone's, an enterprise itself; nobody else
anything. Acting: only the social insurance agency of the employer's own district, and the
fund's cashier and the head of the city level everywhere. Other bureaus see and don't act.

What is written out in full and what is masked:

    who                                            resident ID   bank account
    handler, reviewer of a social insurance agency full          masked; full where they approve
    fund finance, head of a social insurance agency masked       masked; full where they approve
    audit of a social insurance agency             full          masked
    other bureaus, zones                           masked        masked
    enterprise, for itself                         masked        masked
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, overload

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase

from registry.models import Agency, Employer, Membership, Officer, Post

M = TypeVar("M", bound=Model)
View = Callable[..., HttpResponseBase]

WRONG_AREA = "这个页面不在您的办理范围内。"
WRONG_POST = "您的岗位不办理这项业务。"
WRONG_ROLE = "您的角色不办理这一步，请由{roles}办理。"
#: The roles that commit the employer; preparers only prepare.
SIGNERS = frozenset({Membership.Role.OWNER, Membership.Role.SIGNER})
_SEES_IDENTITY = {Post.HANDLER, Post.REVIEWER, Post.AUDIT}
_APPROVES_ACCOUNTS = {Post.HANDLER, Post.REVIEWER, Post.FUND_FINANCE, Post.HEAD}
_CITY_WIDE = {Post.FUND_FINANCE, Post.HEAD}


@dataclass(frozen=True)
class Viewer:
    """Who looks on: an officer, or a member of an employer, or neither."""

    user: AbstractBaseUser | AnonymousUser
    officer: Officer | None = None
    membership: Membership | None = None


def viewer(request: HttpRequest) -> Viewer:
    """Return who looks on; asked of the database once per request and account."""
    user = request.user
    known: Viewer | None = getattr(request, "_viewer", None)
    if known is not None and known.user.pk == user.pk:
        return known
    found = viewer_of(user)
    request._viewer = found  # type: ignore[attr-defined]  # kept for this request only
    return found


def viewer_of(user: AbstractBaseUser | AnonymousUser) -> Viewer:
    """Return an account's viewer, for code that has no request."""
    if not user.is_authenticated:
        return Viewer(user)
    officer = Officer.objects.select_related("agency__district", "user").filter(user=user).first()
    if officer:
        return Viewer(user, officer=officer)
    members = Membership.objects.active().select_related("employer__district", "user")
    return Viewer(user, membership=members.filter(user=user).first())


def _path(employer: str, field: str) -> str:
    """Return the lookup of an employer's field; `employer` is empty for employers themselves."""
    return f"{employer}__{field}" if employer else field


def limit(queryset: QuerySet[M], viewer: Viewer, *, employer: str = "employer") -> QuerySet[M]:
    """Return the rows the viewer may see.

    `employer` is the lookup from the queryset's model to the employer, "" for `Employer`.
    """
    if viewer.officer:
        agency = viewer.officer.agency
        if agency.kind == Agency.Kind.ZONE:
            return queryset.filter(**{_path(employer, "zone"): agency.zone})
        if agency.district.is_city:
            return queryset
        return queryset.filter(**{_path(employer, "district"): agency.district_id})
    if viewer.membership:
        return queryset.filter(**{employer or "pk": viewer.membership.employer_id})
    return queryset.none()


def actionable(
    queryset: QuerySet[M], officer: Officer, *, employer: str = "employer"
) -> QuerySet[M]:
    """Return the rows the officer's agency works on; the post is the view's and service's matter."""
    if officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return queryset.none()
    if acts_city_wide(officer):
        return queryset
    return queryset.filter(**{_path(employer, "district"): officer.agency.district_id})


def acts_city_wide(officer: Officer) -> bool:
    """Whether the officer is the fund's cashier or head at the city level: one fund pays for all."""
    return of_the_city(officer) and officer.post in _CITY_WIDE


def of_the_city(officer: Officer) -> bool:
    """Whether the officer is of the city's own social insurance agency, in whatever post."""
    agency = officer.agency
    return agency.kind == Agency.Kind.SOCIAL_INSURANCE and agency.district.is_city


def may_act(officer: Officer, employer: Employer) -> bool:
    """Whether the officer's agency works on this employer; `actionable` for one row in hand."""
    if officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return False
    return acts_city_wide(officer) or officer.agency.district_id == employer.district_id


def may_see_identity(viewer: Viewer) -> bool:
    """Whether resident ID numbers are written out in full (table above)."""
    officer = viewer.officer
    return (
        officer is not None
        and officer.agency.kind == Agency.Kind.SOCIAL_INSURANCE
        and officer.post in _SEES_IDENTITY
    )


def may_see_account(viewer: Viewer, *, approving: bool = False) -> bool:
    """Whether bank account numbers are written out in full (table above).

    `approving` is true only on the page where a payment to the account is decided.
    """
    officer = viewer.officer
    return (
        approving
        and officer is not None
        and officer.agency.kind == Agency.Kind.SOCIAL_INSURANCE
        and officer.post in _APPROVES_ACCOUNTS
    )


def officer_of(request: HttpRequest) -> Officer:
    """Return the officer who asks.

    :raises PermissionDenied: if it is not an officer.
    """
    officer = viewer(request).officer
    if officer is None:
        raise PermissionDenied(WRONG_AREA)
    return officer


def member_of(request: HttpRequest) -> Membership:
    """Return the enterprise's member who asks.

    :raises PermissionDenied: if it is not one.
    """
    membership = viewer(request).membership
    if membership is None:
        raise PermissionDenied(WRONG_AREA)
    return membership


def officer_required(*posts: Post) -> Callable[[View], View]:
    """Guard a desk view: `@officer_required()` for every officer, or for the posts named.

    Nobody signed in: to the log-in page and back. Another kind of account, or another post: 403.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if posts and officer_of(request).post not in posts:
                raise PermissionDenied(WRONG_POST)
            officer_of(request)
            return view(request, *args, **kwargs)

        # For the test that walks every address with every kind of viewer.
        guarded.guard = ("officer", frozenset(posts))  # type: ignore[attr-defined]
        return guarded

    return guard


@overload
def member_required(view: View, /) -> View: ...


@overload
def member_required(*roles: Membership.Role) -> Callable[[View], View]: ...


def member_required(*given: Any) -> Any:
    """Guard a portal view: `@member_required` for every member, or
    `@member_required(Role.OWNER)` for the roles named.

    Nobody signed in goes to the log-in page; officers and other roles get 403.
    """
    if len(given) == 1 and not isinstance(given[0], Membership.Role):
        return _for_members(frozenset())(given[0])
    return _for_members(frozenset(given))


def _for_members(roles: frozenset[Membership.Role]) -> Callable[[View], View]:
    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if (member := member_of(request)) and roles and member.role not in roles:
                # In the order of the table of roles: the owner first.
                named = [role.label for role in Membership.Role if role in roles]
                raise PermissionDenied(WRONG_ROLE.format(roles="或".join(named)))
            return view(request, *args, **kwargs)

        # For the test that walks every address with every kind of viewer.
        guarded.guard = ("member", frozenset(roles))  # type: ignore[attr-defined]
        return guarded

    return guard


def signer_required(view: View) -> View:
    """Guard what commits the employer: for members who may sign."""
    return _for_members(SIGNERS)(view)


def may_sign(membership: Membership) -> bool:
    """Whether the member may commit the employer: hand in, confirm, choose, take back."""
    return membership.active and membership.role in SIGNERS


def may_prepare(membership: Membership) -> bool:
    """Whether the member may fill in and upload: everybody who still acts for the employer."""
    return membership.active
