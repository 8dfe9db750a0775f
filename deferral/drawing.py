"""The states of an application drawn from the table of moves, for docs/algorithms. Pure.

python -m deferral.drawing > docs/algorithms/deferral-states.md
"""

import sys

from django.db.models import TextChoices

from deferral.workflow import (
    AGREEMENT_MOVES,
    MOVES,
    AgreementState,
    ChangeState,
    PersonState,
    State,
    change_transitions,
    person_transitions,
)

_HEAD = """# Deferral: what may follow what

Drawn from `deferral/workflow.py` by `python -m deferral.drawing`; a test holds both equal. The
database's own trigger enforces the same table.
"""


def drawn() -> str:
    """Return the page: four diagrams in Mermaid."""
    lines = [_HEAD, "## An application", "", "```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state.label}" as {state.value}' for state in State]
    lines.append(f"    [*] --> {State.DRAFT.value}")
    for action, move in MOVES.items():
        for source in sorted(move.sources):
            if source != move.target:
                lines.append(f"    {source} --> {move.target.value}: {action.label}")
    lines += ["```", "", "## An agreement", "", "```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state.label}" as {state.value}' for state in AgreementState]
    lines.append(f"    [*] --> {AgreementState.IN_FORCE.value}")
    for before, targets in AGREEMENT_MOVES.items():
        lines += [f"    {before.value} --> {target}" for target in sorted(targets)]
    lines += _small(
        "A wish for another plan, and a proposal to end early", ChangeState, change_transitions()
    )
    lines += _small("One person's matter", PersonState, person_transitions())
    return "\n".join([*lines, "```", ""])


def _small(title: str, states: type[TextChoices], moves: list[tuple[str, str]]) -> list[str]:
    lines = ["```", "", f"## {title}", "", "```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{state.label}" as {state.value}' for state in states]
    lines.append(f"    [*] --> {next(iter(states)).value}")
    lines += [f"    {before} --> {after}" for before, after in moves]
    return lines


if __name__ == "__main__":
    sys.stdout.write(drawn())
