"""Who has which say in an import: to confirm it, to second it, to drop it, to take it back.

An officer's import is confirmed at the agency that brought it in, by a handler; an
enterprise's by a member who may sign. The second person is a reviewer of the agency, of the
unit's own or of the city's, or another signing member of the enterprise.
"""

from registry import scope
from registry.models import Agency, Import, Membership, Officer, Post
from registry.scope import Viewer


def _same_agency(import_: Import, officer: Officer) -> bool:
    """Whether the officer's agency answers for the import; the city's for those of commands."""
    if officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return False
    if import_.by_id is not None:
        return bool(import_.by.agency_id == officer.agency_id)
    if import_.employer_id is not None:
        return scope.may_act(officer, import_.employer)
    return officer.agency.district.is_city


def _own(import_: Import, member: Membership | None) -> bool:
    return member is not None and import_.employer_id == member.employer_id


def may_confirm(import_: Import, viewer: Viewer) -> bool:
    """Whether the viewer may say yes to the preview."""
    if import_.employer_id is not None and import_.withdraws_id is None:
        member = viewer.membership
        return _own(import_, member) and member is not None and scope.may_sign(member)
    officer = viewer.officer
    return officer is not None and officer.post == Post.HANDLER and _same_agency(import_, officer)


def may_second(import_: Import, viewer: Viewer) -> bool:
    """Whether the viewer may be the second person; that it is another one, the service sees to."""
    officer = viewer.officer
    if officer is not None:
        city = (
            officer.agency.kind == Agency.Kind.SOCIAL_INSURANCE and officer.agency.district.is_city
        )
        return officer.post == Post.REVIEWER and (city or _same_agency(import_, officer))
    return import_.withdraws_id is None and may_confirm(import_, viewer)


def may_discard(import_: Import, viewer: Viewer) -> bool:
    """Whether the viewer may drop it: who brought it in or might confirm or second it."""
    return (
        _own(import_, viewer.membership)
        or may_confirm(import_, viewer)
        or may_second(import_, viewer)
    )


def may_ask_withdrawal(import_: Import, viewer: Viewer) -> bool:
    """Whether the viewer may ask to take it back: a handler of the agency that answers for it."""
    officer = viewer.officer
    return officer is not None and officer.post == Post.HANDLER and _same_agency(import_, officer)


def may_record_call(viewer: Viewer) -> bool:
    """Whether the viewer answers the telephone: handlers and reviewers, for imports they see."""
    officer = viewer.officer
    return officer is not None and officer.post in (Post.HANDLER, Post.REVIEWER)
