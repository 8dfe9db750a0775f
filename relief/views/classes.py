"""Classes by hand on the desk: one officer of the city proposes, another decides."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from casework.papers.files import MEDIA_TYPES, BadFile
from classification.models import ClassProposal
from registry import months, paging, scope
from registry import queries as registry_queries
from registry.models import Employer, Officer
from relief import queries
from relief.forms_classes import ClassForm, ClassVerdictForm
from relief.queries import classes as asked
from relief.services import classes

_REFUSALS = (classes.NotYours, classes.SamePerson, classes.CannotClass, BadFile)


@require_safe
@scope.officer_required()
def class_list(request: HttpRequest) -> HttpResponse:
    """List what was proposed of the units in sight, what waits first."""
    page = paging.page_of(request, asked.proposals_for(scope.viewer(request)))
    codes = {proposal.uscc for proposal in page}
    units = registry_queries.employers_for(scope.viewer(request)).filter(uscc__in=codes)
    of = {unit.uscc: unit for unit in units}
    rows = [(proposal, of.get(proposal.uscc)) for proposal in page]
    return render(request, "relief/classes/list.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@scope.officer_required()
def employer_class(request: HttpRequest, employer_id: int) -> HttpResponse:
    """Show what was decided of a unit; propose another class, or decide on what waits."""
    viewer, officer = scope.viewer(request), scope.officer_of(request)
    employer = get_object_or_404(registry_queries.employers_for(viewer), pk=employer_id)
    proposals = list(asked.proposals_of(employer))
    waiting = next((each for each in proposals if not hasattr(each, "decision")), None)
    form = _form(request, officer, employer, waiting)
    if form is not None and form.is_valid():
        try:
            told = _done(form, officer, employer, waiting)
        except _REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, told)
            return redirect("relief:employer_class", employer.pk)
    return render(
        request,
        "relief/classes/employer.html",
        {"employer": employer, "proposals": proposals, "waiting": waiting, "form": form},
    )


def _form(
    request: HttpRequest, officer: Officer, employer: Employer, waiting: ClassProposal | None
) -> ClassForm | ClassVerdictForm | None:
    """Return the form for what this officer may do now."""
    if waiting is not None:
        decides = classes.may_decide(officer) and waiting.proposed_by_id != officer.pk
        return ClassVerdictForm(request.POST or None) if decides else None
    if not classes.may_propose(officer):
        return None
    today = timezone.localdate()
    rule = asked.rule_for(employer, queries.policy_as_of(today), month=months.first_of(today))
    if rule is None and not asked.agreed_of(employer.uscc).exists():
        return None
    return ClassForm(request.POST or None, request.FILES or None)


def _done(
    form: ClassForm | ClassVerdictForm,
    officer: Officer,
    employer: Employer,
    waiting: ClassProposal | None,
) -> str:
    answers, at = form.cleaned_data, timezone.now()
    if waiting is not None:
        agreed = answers["verdict"] == ClassVerdictForm.AGREE
        classes.decide(
            proposal_id=waiting.pk, agreed=agreed, reason=answers["reason"], by=officer, at=at
        )
        return "已同意，系统会自动重新核定。" if agreed else "已记下不同意，归类不变。"
    file = answers["file"]
    classes.propose(
        employer=employer,
        counts_as=answers["counts_as"],
        from_month=answers["from_month"],
        to_month=answers["to_month"],
        ground=answers["ground"],
        paper=classes.Paper(answers["document"], answers["document_on"], file.file, file.name),
        by=officer,
        at=at,
    )
    return "已提出，等另一人复核；复核以前归类不变。"


@require_safe
@scope.officer_required()
def class_file(request: HttpRequest, proposal_id: int) -> FileResponse:
    """Give out the document of a proposal, for download only."""
    found = get_object_or_404(asked.proposals_for(scope.viewer(request)), pk=proposal_id)
    answer = FileResponse(
        found.file.open("rb"),
        as_attachment=True,
        filename=f"{found.pk}.{found.extension}",
        content_type=MEDIA_TYPES[found.extension],
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
