"""What was accepted: the receipt, and what the versions of a month differ in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registry import scope
from registry.models import ParkedRow
from relief.models import MonthlyFiling, MonthlySubmission
from relief.monthly_data import monthly_data
from relief.queries import monthly, monthly_facts
from relief.views.monthly.start import due_on, month_of


@require_safe
@scope.member_required
def receipt(request: HttpRequest, monthly_receipt: str) -> HttpResponse:
    """Show a receipt: number, who signed, what was accepted, and what comes next."""
    found = get_object_or_404(
        monthly.submissions_for(scope.viewer(request)), receipt=monthly_receipt
    )
    rows = monthly_facts.amounts_of(found.totals["estimate"])
    due = due_on(found.month)
    return render(
        request,
        "relief/monthly/receipt.html",
        {
            "submission": found,
            "month": found.month,
            "written": f"{found.month:%Y-%m}",
            "import": found.import_of,
            "filing": MonthlyFiling.objects.filter(import_of=found.import_of).first(),
            "amounts": rows,
            "overall": monthly_facts.overall(rows),
            "undertaking": monthly_data().wording(found.undertaking),
            "due_on": due,
            "is_late": due is not None and due < timezone.localdate(),
            "is_latest": not MonthlySubmission.objects.filter(supersedes=found).exists(),
            "parked": ParkedRow.objects.filter(
                import_of=found.import_of, ended_at__isnull=True
            ).count(),
            "together": found.import_of.submissions.exclude(pk=found.pk).order_by("month"),
        },
    )


@require_safe
@scope.member_required
def versions(request: HttpRequest, month: str) -> HttpResponse:
    """List the versions of a month, and show what one changed against another."""
    period = month_of(request, month)
    employer_id = scope.member_of(request).employer_id
    known = list(monthly.submissions(employer_id, period))
    by_number = {str(version.version): version for version in known}
    later = by_number.get(request.GET.get("later", ""), known[0] if known else None)
    earlier = by_number.get(request.GET.get("earlier", ""))
    if earlier is None and later is not None:
        earlier = by_number.get(str(later.version - 1))
    if later and earlier and earlier.version > later.version:
        earlier, later = later, earlier
    return render(
        request,
        "relief/monthly/versions.html",
        {
            "month": period,
            "written": month,
            "versions": known,
            "later": later,
            "earlier": earlier,
            "comparison": monthly.compare(employer_id, period, earlier=earlier, later=later)
            if later
            else None,
        },
    )
