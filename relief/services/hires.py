"""New hires (policy R55): found when an enterprise's declaration is stored, papers asked for later.

New is who is declared for a month and wasn't for the employer's last declared month before it;
who returns is new again. Of the first month an employer ever declares nobody is. What officers
bring in counts as processed and opens nothing, but takes back what it takes out.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.urls import reverse
from django.utils import timezone

from casework.services import holidays, papers, send_notice
from casework.services.papers import Asked, PaperKind
from registry.models import Import
from relief.hires_data import HireRule, rule_on
from relief.intake.declarations import SCHEMA

#: The kind under which hires have papers.
HIRE = "hire"

_DECLARED = "({0}.pension_base > 0 OR {0}.unemployment_base > 0 OR {0}.injury_base > 0)"

# For every month of the import, the employer's last declared month before it.
_MONTHS = """
SELECT m.month, (
    SELECT max(d.month) FROM relief_declaration d
    WHERE d.employer_id = %(employer)s AND d.month < m.month AND d.replaced_by IS NULL
        AND d.headcount > 0
) AS last_before
FROM (SELECT DISTINCT month FROM intake_line WHERE employer_id = %(employer)s) m
ORDER BY m.month
"""

# Month by month with the month written out: only two partitions are read. Who was in the month
# already was reported or processed then. A month declared late doesn't ask again for what a
# later one has asked for.
_RECORD = f"""
INSERT INTO relief_hire (employer_id, month, person_id, person_name, reported_at, source_id)
SELECT l.employer_id, l.month, l.person_id, l.person_name, %(at)s, %(source)s
FROM intake_line l
LEFT JOIN relief_declarationline o ON o.month = %(month)s AND o.id = l.old_id
LEFT JOIN relief_declarationline b ON b.employer_id = %(employer)s AND b.month = %(before)s
    AND b.person_id = l.person_id AND b.replaced_by IS NULL AND {_DECLARED.format("b")}
WHERE l.employer_id = %(employer)s AND l.month = %(month)s AND {_DECLARED.format("l")}
    AND b.id IS NULL AND (o.id IS NULL OR NOT {_DECLARED.format("o")})
    AND NOT EXISTS (
        SELECT FROM relief_hire later WHERE later.employer_id = l.employer_id
            AND later.person_id = l.person_id AND later.month > l.month
            AND later.ended_at IS NULL)
ORDER BY l.person_id
ON CONFLICT (employer_id, month, person_id) DO NOTHING
RETURNING id, employer_id, person_name, person_id
"""

_END = f"""
UPDATE relief_hire h SET ended_at = %(at)s, ended_by_id = %(source)s
FROM intake_line l
WHERE h.employer_id = l.employer_id AND h.month = l.month AND h.person_id = l.person_id
    AND h.ended_at IS NULL AND NOT {_DECLARED.format("l")}
RETURNING h.id
"""

_BRING_BACK = f"""
UPDATE relief_hire h SET ended_at = NULL, ended_by_id = NULL
FROM intake_line l
WHERE h.employer_id = l.employer_id AND h.month = l.month AND h.person_id = l.person_id
    AND h.ended_at IS NOT NULL AND {_DECLARED.format("l")}
RETURNING h.id
"""


@dataclass(frozen=True)
class Recorded:
    """How many new hires were recorded, ended, and brought back."""

    new: int = 0
    ended: int = 0
    back: int = 0


def record(*, import_: Import, at: datetime) -> Recorded:
    """Record the new hires of a declaration that has just been stored, and open their papers.

    Call it inside the storing transaction: it reads the temporary table `intake_line` (id,
    employer_id, month, person_id, person_name, the three bases, old_id). Safe to repeat.
    """
    rule = rule_on(timezone.localdate(at))
    if import_.kind != SCHEMA.kind or rule is None:
        return Recorded()
    names = {"source": import_.pk, "at": at}
    with connection.cursor() as cursor:
        ended = _ids(cursor, _END, names)
        back = _ids(cursor, _BRING_BACK, names)
        own = import_.employer_id is not None and import_.withdraws_id is None
        new = _new(cursor, {**names, "employer": import_.employer_id}) if own else []
    papers.close(matter_kind=HIRE, matter_ids=ended, at=at)
    if new or back:
        _ask(new, back, rule, import_=import_, at=at)
    return Recorded(len(new), len(ended), len(back))


def _ids(cursor: CursorWrapper, statement: str, names: dict[str, object]) -> list[int]:
    cursor.execute(statement, names)
    return [row[0] for row in cursor.fetchall()]


def _new(cursor: CursorWrapper, names: dict[str, object]) -> list[Asked]:
    cursor.execute(_MONTHS, names)
    found: list[Asked] = []
    for month, before in cursor.fetchall():
        if before is None:
            continue  # the first month the employer declares: nobody is new
        cursor.execute(_RECORD, {**names, "month": month, "before": before})
        found += [
            Asked(hire, employer, f"{name}（尾号{person[-4:]}）")
            for hire, employer, name, person in cursor.fetchall()
        ]
    return found


def _ask(
    new: list[Asked], back: list[int], rule: HireRule, *, import_: Import, at: datetime
) -> None:
    day = timezone.localdate(at)
    deadline = holidays.open_deadline(
        start=day, working_days=rule.due_after, clause=rule.ground, at=at
    )
    kinds = [PaperKind(paper.code, paper.title) for paper in rule.papers]
    papers.reopen(matter_kind=HIRE, matter_ids=back, deadline=deadline)
    papers.ask_for(matter_kind=HIRE, matters=new, kinds=kinds, deadline=deadline, at=at)
    if not new:
        return
    due = deadline.due_on
    titles = "、".join(kind.title for kind in kinds)
    send_notice(
        at=at,
        employer_id=new[0].employer_id,
        key=f"hires:{import_.pk}",
        title=f"新增 {len(new)} 人已报备，请在{due.year}年{due.month}月{due.day}日前补交材料",
        body=(
            f"增员可以先报备、后补材料，申报照常有效。每人请补交：{titles}。"
            "可以一人一份上传，也可以一个文件用于几个人。"
        ),
        path=reverse("portal_hires:list"),
    )
