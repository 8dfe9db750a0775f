"""Who works on the funds: officers of the city's own agency."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from registry import scope
from registry.models import Officer


def city_officer(request: HttpRequest) -> Officer:
    """Return the officer, who must be of the city's social insurance agency.

    :raises PermissionDenied: for a district's officer, or another bureau's.
    """
    officer = scope.officer_of(request)
    if not scope.of_the_city(officer):
        raise PermissionDenied("基金付款和对账由市社会保险经办机构办理。")
    return officer
