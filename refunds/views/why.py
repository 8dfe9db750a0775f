"""Why a refund is this much, as a letter: on the desk and in the portal."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from casework.views.letters import letter_file
from refunds import queries
from refunds.services import explanation_letters
from registry import scope


@require_safe
@scope.officer_required()
def desk_letter(request: HttpRequest, receipt: str) -> HttpResponse:
    """Download the letter of a refund that the officer may see."""
    return _letter(request, receipt, page="desk_refunds:detail")


@require_safe
@scope.member_required
def portal_letter(request: HttpRequest, receipt: str) -> HttpResponse:
    """Download the letter of one of the enterprise's own refunds."""
    return _letter(request, receipt, page="portal_refunds:detail")


def _letter(request: HttpRequest, receipt: str, *, page: str) -> HttpResponse:
    refunds = queries.refunds_for(scope.viewer(request))
    obligation = get_object_or_404(refunds, receipt=receipt)
    try:
        found = explanation_letters.of_refund(obligation=obligation, at=timezone.now())
    except explanation_letters.NothingStands as nothing:
        messages.warning(request, str(nothing))
        return redirect(page, receipt)
    return letter_file(found, name=f"why-{obligation.receipt}")
