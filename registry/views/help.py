"""The manual of import errors, blank templates, and the payment codes of banks: open to everybody, with or without a script.

Pages are kept by the reader's own browser only: their foot has a form of its own for every
visitor (大字版), so a cache that many share must not hand one visitor's to the next.
"""

from functools import lru_cache
from io import BytesIO

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from registry import banks, slots
from registry.intake import manual, report
from registry.intake.forms import BankSearch, ManualSearch
from registry.workbook import template as workbook_template
from registry.workbook.schema import Schema

#: Seconds. The manual changes with a release, and nobody is hurt by an older page.
_KEPT = 600
_keep = cache_control(private=True, max_age=_KEPT)


@require_safe
@_keep
def error_index(request: HttpRequest) -> HttpResponse:
    """List every error code by group; `?q=` narrows it to pages with all the words."""
    form = ManualSearch(request.GET or None)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    groups = manual.search(words)
    return render(
        request,
        "registry/help/index.html",
        {
            "form": form,
            "words": words,
            "groups": groups,
            "count": sum(len(found) for _, found in groups),
            "kinds": [kind.schema for kind in slots.import_kinds().values()],
        },
    )


@require_safe
@_keep
def bank_codes(request: HttpRequest) -> HttpResponse:
    """Find the payment code of a bank's office; public, as the table is."""
    form = BankSearch(request.GET or None)
    words = form.cleaned_data["q"].strip() if form.is_valid() else ""
    return render(
        request,
        "registry/help/banks.html",
        {
            "form": form,
            "words": words,
            "found": banks.search(words),
            "most": banks.MOST_FOUND,
            "is_complete": banks.is_complete(),
        },
    )


@require_safe
@_keep
def error_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show what a code means and how to mend it."""
    pages = manual.pages()
    page = pages.get(code)
    if page is None:
        raise Http404
    return render(
        request,
        "registry/help/page.html",
        {
            "page": page,
            "group": next(group for group in manual.GROUPS if code in group.codes),
            "related": [pages[other] for other in page.related],
            "kinds": manual.schemas(page),
        },
    )


@require_safe
@cache_control(private=True, max_age=_KEPT)
def template(request: HttpRequest, kind: str) -> HttpResponse:
    """Hand out the blank workbook of a kind; it tells nothing that the manual doesn't."""
    known = slots.import_kinds().get(kind)
    if known is None:
        raise Http404
    schema = known.schema
    response = HttpResponse(
        _blank(kind, workbook_template.version(schema)), content_type=report.WORKBOOK
    )
    response["Content-Disposition"] = f'attachment; filename="{kind}.xlsx"'
    return response


@lru_cache(maxsize=32)
def _blank(kind: str, version: str) -> bytes:
    """Return a kind's template; written once a version, because anybody may ask for it."""
    schema: Schema = slots.import_kinds()[kind].schema
    target = BytesIO()
    workbook_template.write(schema, target)
    return target.getvalue()
