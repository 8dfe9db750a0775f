"""Shared reads about single payments and the rows of the bank that need somebody."""

from django.db.models import QuerySet

from refunds.models import Attempt, BankAnswerLine, BankWord


def attempts() -> QuerySet[Attempt]:
    """Return payments with their refund and batch."""
    rows = Attempt.objects.select_related("obligation__employer", "batch")
    return rows.defer("batch__content")


def answers_to(attempt: Attempt) -> QuerySet[BankAnswerLine]:
    """Return what the bank said about a payment, the first time first."""
    return attempt.answers.select_related("file", "handled__by").order_by("pk")


def words_about(attempt: Attempt) -> QuerySet[BankWord]:
    """Return what the bank has put in writing about a payment, the latest first."""
    return attempt.words.select_related("prepared_by", "decided_by").order_by("-pk")


def to_clear_up() -> QuerySet[BankAnswerLine]:
    """Return the rows that changed nothing and that nobody has cleared up, the oldest first."""
    harmless = [finding.value for finding in BankAnswerLine.HARMLESS]
    rows = BankAnswerLine.objects.exclude(finding__in=harmless).filter(handled__isnull=True)
    return rows.select_related("file", "attempt__obligation__employer").order_by("pk")
