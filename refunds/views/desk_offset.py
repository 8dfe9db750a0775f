"""An officer ends a unit's offset, say because the unit is deregistered."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from refunds import queries
from refunds.forms_offset import EndOffsetForm
from refunds.services import ending
from refunds.views import shown
from refunds.workflow import IllegalMove, State
from registry import scope
from registry.models import Post


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.REVIEWER)
def end_offset(request: HttpRequest, receipt: str) -> HttpResponse:
    """Ask why, and end it."""
    seen = queries.refunds_for(scope.viewer(request))
    obligation = get_object_or_404(seen, receipt=receipt)
    officer = scope.officer_of(request)
    if obligation.state != State.OFFSETTING or not ending.may_end(officer, obligation):
        return redirect("desk_refunds:detail", receipt=receipt)
    form = EndOffsetForm(request.POST or None)
    if form.is_valid():
        try:
            ending.end_by_officer(
                receipt=receipt,
                officer=officer,
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
        except (ending.NotYours, ending.ReasonMissing, IllegalMove) as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "冲抵已终止，没有用完的部分已改为退费并通知单位选择账户。")
            return redirect("desk_refunds:detail", receipt=receipt)
    return render(
        request,
        "refunds/end_offset.html",
        {"form": form, "obligation": obligation, **shown.offset(obligation)},
    )
