"""Letters: handed out to who may see them, and whether one is genuine, for whoever holds it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from casework import queries, receipts
from casework.models import Letter


@require_safe
def check_letter(request: HttpRequest, letter_code: str) -> HttpResponse:
    """Say whether we issued the letter with this code, and what its file's digest is.

    Public: the code has 60 random bits and is printed on the letter; nothing of the letter's
    content is shown, only what whoever holds it can compare.
    """
    letter = get_object_or_404(queries.letters(), code=receipts.as_typed(letter_code))
    return render(request, "casework/check_letter.html", {"letter": letter})


def letter_file(letter: Letter, *, name: str) -> HttpResponse:
    """Return a letter's very bytes as a download; `name` is the file's, without its ending.

    The caller has asked whether the reader may have it.
    """
    response = HttpResponse(bytes(letter.pdf), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return response
