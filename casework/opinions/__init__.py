"""What departments say, and what their opinions add up to. Pure.

Opinions are rows, one per department and round; the outcome is derived and never typed in.
"""

from collections.abc import Mapping
from enum import Enum

from django.db.models import TextChoices


class Verdict(TextChoices):
    AGREE = "AGREE", "同意"
    CONDITIONS = "CONDITIONS", "附条件同意"
    DISAGREE = "DISAGREE", "不同意"
    RETURN = "RETURN", "需补正后再审"


class Weight(Enum):
    """What departments' opinions are for: to inform who decides, or to decide jointly."""

    INFORM = "inform"
    JOINT = "joint"


class Outcome(Enum):
    """What the opinions given so far come to."""

    WAITING = "waiting"
    COMPLETE = "complete"
    RETURNED = "returned"
    REFUSED = "refused"


def outcome(
    opinions: Mapping[str, Verdict], *, required: frozenset[str], weight: Weight
) -> Outcome:
    """Return what departments' opinions add up to.

    In a joint review one refusal refuses and one return returns, at once; granting takes
    everybody. Where opinions inform, nothing is settled before all are in, and whoever decides
    then reads them. Silence is never agreement.

    :param opinions: by the department's kind, of the content as it is now.
    :param required: the kinds without which nothing is complete.
    """
    verdicts = set(opinions.values())
    if weight is Weight.JOINT:
        if Verdict.DISAGREE in verdicts:
            return Outcome.REFUSED
        if Verdict.RETURN in verdicts:
            return Outcome.RETURNED
    return Outcome.COMPLETE if required <= opinions.keys() else Outcome.WAITING
