"""An enterprise's new hires and their papers: what is missing, uploading, one paper."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from casework import queries as casework_queries
from casework.models import RequiredPaper
from casework.papers.files import BadFile
from casework.papers.workflow import IllegalMove
from casework.services import handing_in
from casework.views.files import given_out
from registry import paging, scope
from relief.forms_hires import PaperFileForm, PortalPaperFilter
from relief.queries import hires
from relief.services.hires import HIRE
from relief.views.hires import shown


@require_safe
@scope.member_required
def paper_list(request: HttpRequest) -> HttpResponse:
    """List the papers of the enterprise's new hires, first what was sent back."""
    viewer, today = scope.viewer(request), timezone.localdate()
    form = PortalPaperFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    asked["show"] = asked.get("show") or hires.OPEN
    mine = hires.papers(viewer)
    page = paging.page_of(request, hires.search(mine, today=today, **asked))
    rows = hires.with_hires(list(page.object_list), today=today)
    return render(
        request,
        "relief/hires/portal_list.html",
        {
            "form": form,
            "page": page,
            "rows": rows,
            "deadlines": hires.deadlines_of(rows),
            "any_pickable": any(_takes_files(row.paper) for row in rows),
            "counts": {
                "missing": casework_queries.open_papers(mine).count(),
                "overdue": casework_queries.overdue_papers(mine, today=today).count(),
                "review": casework_queries.papers_to_review(mine).count(),
            },
            "show": asked["show"],
            "rule": shown.rule_today(),
        },
    )


def _takes_files(paper: RequiredPaper) -> bool:
    """Whether a file may still be handed in."""
    return paper.closed_at is None and paper.state != "ACCEPTED"


@require_http_methods(["GET", "HEAD", "POST"])
@scope.member_required
def upload(request: HttpRequest) -> HttpResponse:
    """Take one file for the papers that were picked, of one person or of several."""
    today = timezone.localdate()
    picked = [int(number) for number in request.GET.getlist("paper") if number.isdecimal()]
    picked = picked[: handing_in.MOST_AT_ONCE + 1]
    mine = hires.papers(scope.viewer(request)).filter(pk__in=picked).order_by("due_on", "pk")
    papers = [paper for paper in mine if _takes_files(paper)]
    if not papers:
        messages.warning(request, "请先选择要上传的材料。")
        return redirect("portal_hires:list")
    form = PaperFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            handing_in.hand_in(
                paper_ids=[paper.pk for paper in papers],
                file=file,
                name=file.name,
                by=scope.member_of(request),
                at=timezone.now(),
            )
        except (BadFile, IllegalMove, handing_in.NoPapers, handing_in.NotYours) as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(
                request, f"已提交，用于 {len(papers)} 份材料。经办机构审核后会显示结果。"
            )
            return redirect("portal_hires:list")
    rule = shown.rule_today()
    hints = {paper.code: paper.hint for paper in rule.papers} if rule else {}
    return render(
        request,
        "relief/hires/upload.html",
        {
            "form": form,
            "rows": hires.with_hires(papers, today=today),
            "left_out": len(set(picked)) - len(papers),
            "hints": sorted({hints[paper.kind] for paper in papers if paper.kind in hints}),
        },
    )


@require_safe
@scope.member_required
def paper_detail(request: HttpRequest, paper_id: int) -> HttpResponse:
    """Show one paper: its deadline with the counted days, its files, what happened to it."""
    paper = get_object_or_404(hires.papers(scope.viewer(request)), pk=paper_id)
    context = shown.context_of(paper, today=timezone.localdate())
    return render(
        request,
        "relief/hires/portal_paper.html",
        {**context, "takes_files": _takes_files(paper)},
    )


@require_safe
@scope.member_required
def paper_file(request: HttpRequest, paper_file_id: int) -> FileResponse:
    """Give out a file that the enterprise has handed in."""
    mine = casework_queries.paper_files_for(scope.viewer(request), HIRE)
    return given_out(get_object_or_404(mine, pk=paper_file_id))
