"""Which imports somebody may see."""

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404

from registry import slots
from registry.models import Agency, Import, ImportCall, Officer, Post, WorkState
from registry.scope import Viewer, viewer_of
from registry.slots import ImportKind


def imports_for(viewer: Viewer) -> QuerySet[Import]:
    """Return imports, the newest first, without their errors.

    The social insurance agency of the city sees all; those of districts their own, and those
    of their own units; an enterprise what it brought in itself. An import speaks of whole
    workbooks, so nobody else sees any.
    """
    people = ("by__agency__district", "member", "employer", "confirmed_by", "seconded_by")
    imports = Import.objects.select_related(*people).defer("errors", "warnings", "preview")
    if viewer.membership is not None:
        own = Q(employer=viewer.membership.employer_id, withdraws__isnull=True)
        return imports.filter(own).order_by("-id")
    officer = viewer.officer
    if officer is None or officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return imports.none()
    if not officer.agency.district.is_city:
        own = Q(by__agency=officer.agency_id)
        imports = imports.filter(own | Q(employer__district=officer.agency.district_id))
    return imports.order_by("-id")


def find(viewer: Viewer, import_id: int) -> Import:
    """Return one import that the viewer may see, with everything that was found in it.

    :raises Http404: if there is none such.
    """
    imports = imports_for(viewer).defer(None).select_related("corrects", "withdraws")
    return get_object_or_404(imports, pk=import_id)


def with_waiting_rows(imports: QuerySet[Import]) -> QuerySet[Import]:
    """Return imports with `waiting_rows`: how many of their rows wait for correction."""
    waiting = Count("parked", filter=Q(parked__ended_at__isnull=True))
    return imports.annotate(waiting_rows=waiting)


def waiting_for(viewer: Viewer) -> QuerySet[Import]:
    """Return the imports in which the viewer has the next say, the oldest first."""
    officer = viewer.officer
    if officer is None or officer.post not in (Post.HANDLER, Post.REVIEWER):
        return Import.objects.none()
    stages = [Import.Stage.SECOND]
    if officer.post == Post.HANDLER:
        stages = [Import.Stage.PREVIEW, Import.Stage.REFUSED, Import.Stage.PARTLY]
    waiting = imports_for(viewer).filter(stage__in=stages, state=WorkState.DONE).order_by("id")
    if officer.post == Post.HANDLER:
        return waiting.filter(employer__isnull=True, by__agency=officer.agency_id)
    return waiting.exclude(confirmed_by=officer.user_id)


def name_of(user: AbstractBaseUser | None) -> str:
    """Return the name of an officer or member behind an account; empty for nobody."""
    if user is None:
        return ""
    viewer = viewer_of(user)
    person = viewer.officer or viewer.membership
    return person.name if person else user.get_username()


def kinds_for(officer: Officer) -> dict[str, ImportKind]:
    """Return the kinds that an officer may bring in."""
    if officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return {}
    city = officer.agency.district.is_city
    return {name: kind for name, kind in slots.import_kinds().items() if city or not kind.city_wide}


def kinds_of(viewer: Viewer) -> dict[str, ImportKind]:
    """Return the kinds that somebody may bring in: an officer, or an enterprise for itself."""
    if viewer.officer is not None:
        return kinds_for(viewer.officer)
    if viewer.membership is None:
        return {}
    return {name: kind for name, kind in slots.import_kinds().items() if kind.portal}


def calls_about(import_: Import) -> QuerySet[ImportCall]:
    """Return the calls for help with an import, the newest first."""
    calls = ImportCall.objects.filter(import_of=import_).select_related("by")
    return calls.order_by("-at", "-pk")
