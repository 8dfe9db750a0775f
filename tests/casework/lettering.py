"""A letter to look at."""

from casework import services as casework
from casework.models import Letter
from casework.services import letters
from registry.models import Employer
from tests.factories import AT

FACTS = {
    "pairs": [["日期", "2020年7月20日"], ["合计", "1,234.00 元"]],
}
TEMPLATE = "tests/casework/letter.typ"


def issue_letter(*, employer: Employer | None = None, facts: dict | None = None) -> Letter:
    """Return a letter, issued now."""
    return letters.issue(
        kind="try",
        word="试字",
        title="试写的文书",
        template=TEMPLATE,
        facts=facts or FACTS,
        office="攀枝花市社会保险事务中心",
        matter_kind="try",
        matter_id=1,
        employer_id=employer.pk if employer else None,
        by=casework.SYSTEM,
        at=AT,
    )
