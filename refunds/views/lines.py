"""Single payments on the desk: what was sent, what the bank said, its written word."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from refunds import queries_lines as queries
from refunds.answer_advice import ADVICE
from refunds.forms_lines import HandledForm, WordForm, WordVerdictForm
from refunds.models import Attempt, BankAnswerLine, BankWord
from refunds.services import differences, words
from refunds.views.city import city_officer
from refunds.workflow import AttemptState
from registry import paging, scope
from registry.models import Officer, Post

LOOKERS = (Post.FUND_FINANCE, Post.HEAD, Post.AUDIT)
REFUSALS = (words.NotWaiting, words.SamePerson, words.Incomplete, differences.NotYours)
WAITING = frozenset({AttemptState.SENT, AttemptState.UNKNOWN, AttemptState.PAID})


@require_safe
@scope.officer_required(*LOOKERS)
def to_clear_up(request: HttpRequest) -> HttpResponse:
    """List the rows of the bank that changed nothing, with what to do about each."""
    city_officer(request)
    page = paging.page_of(request, queries.to_clear_up())
    for row in page:
        row.advice = ADVICE.get(row.finding, "")
    return render(request, "refunds/lines/to_clear_up.html", {"page": page})


@require_http_methods(["GET", "POST"])
@scope.officer_required(*LOOKERS)
def line(request: HttpRequest, line_no: str) -> HttpResponse:
    """Show one payment; enter or confirm the bank's written word about it."""
    officer = city_officer(request)
    attempt = get_object_or_404(queries.attempts(), line_no=line_no)
    said = list(queries.words_about(attempt))
    proposed = next((word for word in said if word.state == BankWord.State.PROPOSED), None)
    form = WordForm(request.POST or None) if proposed is None else None
    verdict = WordVerdictForm(request.POST or None) if proposed else None
    active = form or verdict
    if request.method == "POST" and active is not None and active.is_valid():
        try:
            done = _settle(attempt, proposed, active.cleaned_data, officer)
        except REFUSALS as refusal:
            active.add_error(None, str(refusal))
        else:
            messages.success(request, done)
            return redirect("desk_refunds:line", line_no=line_no)
    answers = list(queries.answers_to(attempt))
    for row in answers:
        row.advice = ADVICE.get(row.finding, "")
    return render(
        request,
        "refunds/lines/line.html",
        {
            "attempt": attempt,
            "answers": answers,
            "words": said,
            "proposed": proposed,
            "mine": proposed is not None and proposed.prepared_by_id == officer.pk,
            "form": form,
            "verdict": verdict,
            "may_enter": officer.post in words.ENTERS and attempt.state in WAITING,
            "may_confirm": officer.post in words.CONFIRMS,
        },
    )


def _settle(
    attempt: Attempt, proposed: BankWord | None, asked: dict[str, object], officer: Officer
) -> str:
    at = timezone.now()
    if proposed is None:
        said = words.Said(**{**asked, "outcome": BankWord.Outcome(str(asked["outcome"]))})  # type: ignore[arg-type]  # the form's own fields
        words.enter(attempt_id=attempt.pk, said=said, officer=officer, at=at)
        return "已录入银行证明，等另一位工作人员确认。"
    if asked["verdict"] == WordVerdictForm.CONFIRM:
        words.confirm(word_id=proposed.pk, officer=officer, at=at)
        return "已确认，按银行证明记账。"
    words.refuse(word_id=proposed.pk, reason=str(asked["refusal"]), officer=officer, at=at)
    return "已退回，这笔付款继续等待银行答复。"


@require_http_methods(["GET", "POST"])
@scope.officer_required(Post.FUND_FINANCE, Post.HEAD)
def handled(request: HttpRequest, answer_id: int) -> HttpResponse:
    """Note what came of asking the bank about a row that changed nothing."""
    officer = city_officer(request)
    row = get_object_or_404(BankAnswerLine.objects.select_related("file", "attempt"), pk=answer_id)
    form = HandledForm(request.POST or None)
    if form.is_valid():
        try:
            words.note_handled(
                line_id=row.pk, note=form.cleaned_data["note"], officer=officer, at=timezone.now()
            )
        except REFUSALS as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "已记录核实结果。")
            return redirect("desk_refunds:to_clear_up")
    return render(
        request,
        "refunds/lines/handled.html",
        {"row": row, "form": form, "advice": ADVICE.get(row.finding, "")},
    )
