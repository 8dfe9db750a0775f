"""A unit's agreement while it runs: another plan, and one person's matter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from casework.services.freezes import Frozen
from deferral.forms import PlanForm, WithdrawForm
from deferral.forms_changes import PersonForm, PlanChangeForm
from deferral.models import Agreement, Application, PersonMatter
from deferral.people_data import people as people_rules
from deferral.queries import people as people_queries
from deferral.queries.standing import standing
from deferral.queries.statement import statement
from deferral.schedule import BadPlan
from deferral.services import people, plan_changes
from deferral.services.moving import NotYours
from deferral.services.taking_in import NoReason
from deferral.views.portal import own
from deferral.views.shown import person_context, person_letter_answer, statement_answer
from deferral.workflow import ChangeState, IllegalMove
from registry import kept, scope

PLAN_REFUSALS = (Frozen, NotYours, IllegalMove, NoReason, BadPlan, plan_changes.NothingOpen)
PERSON_REFUSALS = (NotYours, IllegalMove, NoReason, people.NotInvolved, people.NotAssessed)


def _agreement(application: Application) -> Agreement:
    return get_object_or_404(
        Agreement.objects.select_related("application__employer__district"), application=application
    )


@require_http_methods(["GET", "HEAD", "POST"])
@kept.keeps_entries
@scope.member_required
def plan_change(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Ask for another plan of what is open."""
    application = own(request, deferral_receipt)
    agreement = _agreement(application)
    today = timezone.localdate()
    (now,) = standing([agreement], today)
    form = PlanChangeForm(
        kept.said(request),
        amount=now.open,
        today=today,
        latest=agreement.ends_on,
        initial=PlanForm.initial_of({}, latest=agreement.ends_on),
    )
    if request.method == "POST" and form.is_valid():
        try:
            plan_changes.ask(
                application_id=application.pk,
                member=scope.member_of(request),
                plan=form.cleaned_data["plan"],
                reason=form.cleaned_data["reason"],
                at=timezone.now(),
            )
        except PLAN_REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "变更申请已提交，经办机构决定前仍按原计划。")
            return redirect("portal_deferrals:agreement", application.receipt)
    context = {
        "application": application,
        "agreement": agreement,
        "now": now,
        "form": form,
        "pending": agreement.plan_changes.filter(state=ChangeState.ASKED).first(),
        "may_sign": scope.may_sign(scope.member_of(request)),
    }
    return render(request, "deferral/plan_change.html", context)


@require_POST
@scope.member_required
def plan_change_withdraw(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Take the wish for another plan back."""
    application = own(request, deferral_receipt)
    pending = _agreement(application).plan_changes.filter(state=ChangeState.ASKED).first()
    try:
        if pending is None:
            raise IllegalMove("没有等决定的变更申请。")
        plan_changes.withdraw(
            change_id=pending.pk, member=scope.member_of(request), at=timezone.now()
        )
    except PLAN_REFUSALS as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "变更申请已撤回，仍按原计划缴纳。")
    return redirect("portal_deferrals:agreement", application.receipt)


@require_http_methods(["GET", "HEAD", "POST"])
@kept.keeps_entries
@scope.member_required
def person_begin(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """Open one person's matter."""
    application = own(request, deferral_receipt)
    agreement = _agreement(application)
    form = PersonForm(kept.said(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = people.begin(
                application_id=application.pk,
                by=scope.member_of(request),
                at=timezone.now(),
                **form.cleaned_data,
            )
        except PERSON_REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("portal_deferrals:person", made.receipt)
    context = {
        "application": application,
        "agreement": agreement,
        "form": form,
        "rules": people_rules(),
    }
    return render(request, "deferral/person_begin.html", context)


def _own_person(request: HttpRequest, receipt: str) -> PersonMatter:
    return get_object_or_404(people_queries.of_unit(scope.viewer(request)), receipt=receipt)


@require_http_methods(["GET", "HEAD", "POST"])
@scope.member_required
def person(request: HttpRequest, person_receipt: str) -> HttpResponse:
    """One person's matter: what is to be paid, how, and how far it is; looked at again at a wish."""
    matter = _own_person(request, person_receipt)
    form = WithdrawForm(request.POST if "withdraw" in request.POST else None)
    if request.method == "POST":
        try:
            if "withdraw" in request.POST:
                form.full_clean()
                people.withdraw(
                    matter_id=matter.pk,
                    reason=form.cleaned_data["reason"],
                    by=scope.member_of(request),
                    at=timezone.now(),
                )
                messages.success(request, "已撤回。已经缴的款仍计入贵单位的缓缴。")
            else:
                paid = people.settle(matter_ids=[matter.pk], at=timezone.now())
                if paid:
                    messages.success(request, "款项已到账，等经办机构办结。")
                else:
                    messages.info(request, "还没有收到足够的款项。到账后会自动核对，不用守着。")
        except PERSON_REFUSALS as refusal:
            messages.error(request, str(refusal))
        return redirect("portal_deferrals:person", matter.receipt)
    context = person_context(matter, today=timezone.localdate()) | {"form": form}
    return render(request, "deferral/person.html", context)


@require_safe
@scope.member_required
def letter(request: HttpRequest, person_receipt: str, person_letter: str) -> HttpResponse:
    """Download one of the letters of a person's matter."""
    return person_letter_answer(_own_person(request, person_receipt), person_letter)


@require_safe
@scope.member_required
def statement_page(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """The agreement's account to the fen: payments, what is open, each late fee explained."""
    agreement = _agreement(own(request, deferral_receipt))
    context = {
        "application": agreement.application,
        "agreement": agreement,
        "statement": statement(agreement, timezone.localdate()),
    }
    return render(request, "deferral/statement.html", context)


@require_safe
@scope.member_required
def statement_file(request: HttpRequest, deferral_receipt: str) -> HttpResponse:
    """The account as a letter."""
    return statement_answer(_agreement(own(request, deferral_receipt)), at=timezone.now())
