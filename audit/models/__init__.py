"""Auditing (稽核).

- `draws`: samples that anyone can draw again: frame, commitments, and who was drawn.
"""

from audit.models.draws import Commitment, Draw, FrameUnit, Pick

__all__ = ["Commitment", "Draw", "FrameUnit", "Pick"]
