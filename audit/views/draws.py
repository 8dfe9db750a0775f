"""Samples on the desk: the frame, two commitments, the list."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from audit.forms import FrameForm, PhraseForm
from audit.models import Draw
from audit.queries import draws as queries
from audit.sampling import sizes
from audit.services import draws
from registry import months, paging, scope
from registry.models import Agency, Post
from relief.run.inputs import declared_months

_REFUSALS = (draws.NotYours, draws.NotNow, draws.EmptyFrame, draws.BadPhrase)


def _check_agency(request: HttpRequest) -> None:
    if scope.officer_of(request).agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        raise PermissionDenied(scope.WRONG_AREA)


@require_safe
@scope.officer_required(Post.AUDIT, Post.HEAD)
def draw_list(request: HttpRequest) -> HttpResponse:
    """List the samples of the agency; another bureau has none."""
    page = paging.page_of(request, queries.draws_for(scope.viewer(request)))
    agency = scope.officer_of(request).agency
    may_begin = agency.kind == Agency.Kind.SOCIAL_INSURANCE
    return render(request, "audit/draws.html", {"page": page, "may_begin": may_begin})


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required(Post.AUDIT, Post.HEAD)
def new(request: HttpRequest) -> HttpResponse:
    """Fix the frame of a sample."""
    _check_agency(request)
    officer = scope.officer_of(request)
    known = declared_months()
    form = FrameForm(
        request.POST or None,
        covered=list(months.span(*known)) if known else [],
        rounds=queries.draws_for(scope.viewer(request))
        .filter(agency=officer.agency_id)
        .exclude(seed=""),
        initial={"percent": 5, "least": 3, "as_of": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = draws.fix_frame(**form.asked(), by=officer, at=timezone.now())
        except _REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "抽样框已固定，请公布摘要，再由两个人分别作出承诺。")
            return redirect("desk_audit:draw", made.number)
    return render(request, "audit/draw_new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required(Post.AUDIT, Post.HEAD)
def draw(request: HttpRequest, draw_number: str) -> HttpResponse:
    """One sample: its frame and digest, what each of the two has to do, and the list once drawn."""
    found = get_object_or_404(queries.draws_for(scope.viewer(request)), number=draw_number)
    officer = scope.officer_of(request)
    step = queries.next_step(found, officer)
    form = PhraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        act = draws.reveal if step == "公开口令" else draws.commit
        try:
            act(
                draw_id=found.pk,
                phrase=form.cleaned_data["phrase"],
                by=officer,
                at=timezone.now(),
            )
        except _REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            revealed = act is draws.reveal
            messages.success(
                request, "口令已公开。" if revealed else "承诺已记录，请自己保存好口令。"
            )
            return redirect("desk_audit:draw", found.number)
    return render(request, "audit/draw.html", _context(request, found, step, form))


def _context(request: HttpRequest, found: Draw, step: str, form: PhraseForm) -> dict[str, object]:
    picks = found.picks.select_related("unit__employer").order_by("unit__stratum", "place", "pk")
    return {
        "draw": found,
        "step": step,
        "form": form,
        "sizes": sizes(queries.units_of(found), queries.design_of(found)).items(),
        "commitments": list(found.commitments.order_by("place")),
        "page": paging.page_of(request, picks, per_page=50) if found.seed else None,
    }
