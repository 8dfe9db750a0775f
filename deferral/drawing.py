"""The states of an application drawn from the table of moves, for docs/algorithms. Pure.

python -m deferral.drawing > docs/algorithms/deferral-states.md
"""

import sys

from deferral.workflow import AGREEMENT_MOVES, MOVES, AgreementState, State

_HEAD = """# Deferral: what may follow what

Drawn from `deferral/workflow.py` by `python -m deferral.drawing`; a test holds both equal. The
database's own trigger enforces the same table.
"""


def drawn() -> str:
    """Return the page: two diagrams in Mermaid."""
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
    return "\n".join([*lines, "```", ""])


if __name__ == "__main__":
    sys.stdout.write(drawn())
