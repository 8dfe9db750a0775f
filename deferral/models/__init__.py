"""Paying later (缓缴).

- `applications`: an application, what was handed in of it in each round, and its amounts;
- `decisions`: who said yes or no at the end;
- `agreements`: what was agreed, the months it defers, and its plan of repayment.
"""

from deferral.models.agreements import Agreement, AgreementLine, Plan, PlanLine
from deferral.models.applications import Application, Submission, SubmittedLine
from deferral.models.decisions import Decision

__all__ = [
    "Agreement",
    "AgreementLine",
    "Application",
    "Decision",
    "Plan",
    "PlanLine",
    "Submission",
    "SubmittedLine",
]
