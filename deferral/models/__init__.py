"""Paying later (缓缴).

- `applications`: an application, what was handed in of it in each round, and its amounts;
- `decisions`: who said yes or no at the end;
- `agreements`: what was agreed, the months it defers, and its plan of repayment;
- `changes`: another plan, or an early end;
- `people`: one insured person's own part, paid ahead (一人一事).
"""

from deferral.models.agreements import Agreement, AgreementLine, Plan, PlanLine
from deferral.models.applications import Application, Submission, SubmittedLine
from deferral.models.changes import EarlyEnd, PlanChange
from deferral.models.decisions import Decision
from deferral.models.people import PersonLine, PersonMatter, PersonPayment

__all__ = [
    "Agreement",
    "AgreementLine",
    "Application",
    "Decision",
    "EarlyEnd",
    "PersonLine",
    "PersonMatter",
    "PersonPayment",
    "Plan",
    "PlanChange",
    "PlanLine",
    "Submission",
    "SubmittedLine",
]
