"""How a paper is shown, alike in the portal and on the desk, and how its files are given out."""

from datetime import date
from typing import Any

from django.utils import timezone

from casework import queries as casework_queries
from casework.models import RequiredPaper
from casework.papers.workflow import State
from casework.services.handing_in import PAPER
from relief.hires_data import HireRule, rule_on
from relief.queries import hires


def rule_today() -> HireRule | None:
    """Return the rule for what is reported today."""
    return rule_on(timezone.localdate())


def context_of(paper: RequiredPaper, *, today: date) -> dict[str, Any]:
    """Return what a paper's page shows."""
    (row,) = hires.with_hires([paper], today=today)
    asked_for = {"what": "登记应补材料", "at": paper.asked_at, "who": "系统自动办理"}
    moves = [
        {
            "what": move.action,
            "at": move.at,
            "who": move.by_name,
            "text": move.note,
            "state": "bad" if move.after == State.SENT_BACK else "done",
        }
        for move in casework_queries.timeline(PAPER, paper.pk)
    ]
    return {
        "row": row,
        "today": today,
        "deadline": paper.deadline,
        "submissions": casework_queries.submissions_of(paper)[:20],
        "steps": [asked_for, *moves],
        "rule": rule_on(timezone.localdate(paper.asked_at)),
    }
