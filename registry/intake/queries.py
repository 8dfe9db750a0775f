"""Which imports somebody may see."""

from django.db.models import QuerySet

from registry import slots
from registry.models import Agency, Import, Officer
from registry.scope import Viewer
from registry.slots import ImportKind


def imports_for(viewer: Viewer) -> QuerySet[Import]:
    """Return imports, the newest first, without their errors.

    The social insurance agency of the city sees all, those of districts their own; an import
    speaks of whole workbooks, so nobody else sees any.
    """
    officer = viewer.officer
    imports = Import.objects.select_related("by__agency").defer("errors", "warnings")
    if officer is None or officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return imports.none()
    if not officer.agency.district.is_city:
        imports = imports.filter(by__agency=officer.agency_id)
    return imports.order_by("-id")


def kinds_for(officer: Officer) -> dict[str, ImportKind]:
    """Return the kinds that an officer may bring in."""
    if officer.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        return {}
    city = officer.agency.district.is_city
    return {name: kind for name, kind in slots.import_kinds().items() if city or not kind.city_wide}
