"""New hires' papers on the desk: what waits for review, what is late, one paper."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from casework import queries as casework_queries
from casework.models import RequiredPaper
from casework.papers.workflow import IllegalMove, State
from casework.services import handing_in
from casework.views.files import given_out
from registry import paging, scope
from registry import queries as registry_queries
from registry.models import Officer, Post
from relief.forms_hires import DeskPaperFilter, ReviewForm
from relief.queries import hires
from relief.services.hires import HIRE
from relief.views.hires import shown

#: The posts that may see what stands in the papers, an identity card in full among it.
_POSTS = (Post.HANDLER, Post.REVIEWER, Post.AUDIT)


@require_safe
@scope.officer_required(*_POSTS)
def paper_list(request: HttpRequest) -> HttpResponse:
    """List papers: those that wait for review, or late ones, or missing ones, or all."""
    viewer, today = scope.viewer(request), timezone.localdate()
    form = DeskPaperFilter(request.GET, districts=registry_queries.districts_for(viewer))
    asked = form.cleaned_data if form.is_valid() else {}
    asked["show"] = asked.get("show") or hires.REVIEW
    seen = hires.papers(viewer)
    page = paging.page_of(request, hires.search(seen, today=today, **asked))
    return render(
        request,
        "relief/hires/desk_list.html",
        {
            "form": form,
            "page": page,
            "rows": hires.with_hires(list(page.object_list), today=today),
            "counts": {
                "missing": casework_queries.open_papers(seen).count(),
                "overdue": casework_queries.overdue_papers(seen, today=today).count(),
                "review": casework_queries.papers_to_review(seen).count(),
            },
            "show": asked["show"],
            "sees_identity": scope.may_see_identity(viewer),
            "rule": shown.rule_today(),
        },
    )


def _may_review(officer: Officer, paper: RequiredPaper) -> bool:
    """Whether the paper waits for this officer's word."""
    return (
        officer.post == Post.HANDLER
        and scope.may_act(officer, paper.employer)
        and paper.closed_at is None
        and paper.state == State.SUBMITTED
    )


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required(*_POSTS)
def paper_detail(request: HttpRequest, paper_id: int) -> HttpResponse:
    """Show one paper, and let a handler of its district accept it or send it back."""
    viewer, officer = scope.viewer(request), scope.officer_of(request)
    paper = get_object_or_404(hires.papers(viewer), pk=paper_id)
    form = None
    if _may_review(officer, paper):
        others = casework_queries.waiting_with_the_same_file(paper)
        form = ReviewForm(request.POST or None, others=list(others[: handing_in.MOST_AT_ONCE - 1]))
        if form.is_valid() and _reviewed(request, form, paper, officer):
            return redirect("relief:hires")
    elif request.method == "POST":
        messages.error(request, "这份材料现在不由您审核，请看下面的状态。")
    return render(
        request,
        "relief/hires/desk_paper.html",
        {
            **shown.context_of(paper, today=timezone.localdate()),
            "form": form,
            "sees_identity": scope.may_see_identity(viewer),
        },
    )


def _reviewed(
    request: HttpRequest, form: ReviewForm, paper: RequiredPaper, officer: Officer
) -> bool:
    """Have the decision written down; a refusal becomes an error of the form."""
    answers = form.cleaned_data
    accept = answers["verdict"] == form.ACCEPT
    try:
        done = handing_in.review(
            paper_ids=[paper.pk, *answers.get("also", [])],
            accept=accept,
            reason=answers["reason"],
            by=officer,
            at=timezone.now(),
        )
    except (
        IllegalMove,
        handing_in.NoPapers,
        handing_in.NoReason,
        handing_in.NotYours,
    ) as refusal:
        form.add_error(None, str(refusal))
        return False
    what = "审核通过" if accept else "退回，单位会看到原因"
    messages.success(request, f"{len(done)} 份材料已{what}。")
    return True


@require_safe
@scope.officer_required(*_POSTS)
def paper_file(request: HttpRequest, paper_file_id: int) -> FileResponse:
    """Give out a file to officers who may see identity numbers in full."""
    viewer = scope.viewer(request)
    file = get_object_or_404(casework_queries.paper_files_for(viewer, HIRE), pk=paper_file_id)
    if not scope.may_see_identity(viewer):
        raise PermissionDenied("材料里有完整的证件号码，只有社会保险经办机构可以下载。")
    return given_out(file)
