"""Begin a draft from what was declared last, and drop one."""

from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone

from registry import months
from registry.models import Employer, Membership
from registry.models.intake import Stage
from relief import queries
from relief.models import MonthlyDraft, MonthlyDraftRow, MonthlyFiling
from relief.queries import monthly

#: Signed, and not yet stored: what it says is no longer a draft's matter.
ON_ITS_WAY = (Stage.SECOND, Stage.STORING)


class MonthNotOpen(Exception):
    """The month can't be declared online."""


class NotOpen(Exception):
    """The draft was sent or dropped meanwhile."""


class AlreadyOnItsWay(Exception):
    """A declaration of the month was signed and is being stored, or waits for a second person."""


# The cells are filled as the tables of the database write them, and read without asking again.
_FILL = """
INSERT INTO relief_monthlydraftrow (draft_id, position, origin, removed, person_id, person_name,
    pension_base, unemployment_base, injury_base, read_id, read_pension, read_unemployment,
    read_injury, faults)
SELECT %(draft)s, row_number() OVER (ORDER BY row, id), %(origin)s, false, person_id, person_name,
    pension_base::text, unemployment_base::text, injury_base::text, person_id, pension_base,
    unemployment_base, injury_base, 0
FROM relief_declarationline
WHERE employer_id = %(employer)s AND month = %(month)s AND replaced_by IS NULL
    AND (pension_base > 0 OR unemployment_base > 0 OR injury_base > 0)
"""


def locked(draft_id: int, member: Membership) -> MonthlyDraft:
    """Return a draft of the member's employer, locked.

    :raises MonthlyDraft.DoesNotExist: if it is another's.
    :raises NotOpen: if it was sent or dropped.
    """
    draft = (
        MonthlyDraft.objects.select_for_update(of=("self",))
        .select_related("updated_by")
        .get(pk=draft_id, employer_id=member.employer_id)
    )
    if draft.state != MonthlyDraft.State.OPEN:
        raise NotOpen(
            f"这份草稿{draft.get_state_display()}，不能再修改（{draft.updated_by.name}）。"
        )
    return draft


def refuse_on_its_way(employer_id: int, month: date) -> None:
    """Refuse where the month's declaration was signed and is not yet stored.

    :raises AlreadyOnItsWay: with where it stands.
    """
    going = MonthlyFiling.objects.filter(
        employer_id=employer_id, month=month, import_of__stage__in=ON_ITS_WAY
    ).select_related("import_of")
    if found := going.first():
        raise AlreadyOnItsWay(
            f"本月有一份申报{found.import_of.get_stage_display()}，办结或放弃后才能再改。"
        )


@transaction.atomic
def open_draft(*, member: Membership, month: date, at: datetime) -> MonthlyDraft:
    """Return the month's open draft; begin one where there is none.

    A month that was declared begins from what is in force, another from the last one declared
    before it.

    :raises MonthNotOpen: if the month can't be declared online.
    :raises AlreadyOnItsWay: if a declaration of the month is signed and not yet stored.
    """
    # Whoever begins at the same moment waits here and finds the draft.
    employer = Employer.objects.select_for_update().get(pk=member.employer_id)
    found = monthly.open_draft(employer.pk, month)
    if found is not None:
        return found
    today = timezone.localdate(at)
    if not queries.policy_as_of(today).has_rules(month) or month > months.first_of(today):
        raise MonthNotOpen("这个月份还不能申报。")
    refuse_on_its_way(employer.pk, month)
    started_from = monthly.month_to_start_from(employer.pk, month)
    draft = MonthlyDraft.objects.create(
        employer=employer,
        month=month,
        started_from=started_from,
        lines_mark=monthly.lines_mark(employer.pk, month),
        opened_by=member,
        opened_at=at,
        updated_by=member,
        updated_at=at,
    )
    if started_from is not None:
        origin = MonthlyDraftRow.Origin
        with connection.cursor() as cursor:
            cursor.execute(
                _FILL,
                {
                    "draft": draft.pk,
                    "origin": origin.DECLARED if started_from == month else origin.LAST,
                    "employer": employer.pk,
                    "month": started_from,
                },
            )
    return draft


@transaction.atomic
def drop_draft(*, draft_id: int, member: Membership, at: datetime) -> MonthlyDraft:
    """Give a draft up. Its rows stay on record; dropping it again changes nothing."""
    draft = MonthlyDraft.objects.select_for_update().get(
        pk=draft_id, employer_id=member.employer_id
    )
    if draft.state == MonthlyDraft.State.OPEN:
        refuse_on_its_way(draft.employer_id, draft.month)
        draft.state = MonthlyDraft.State.DROPPED
        draft.updated_by, draft.updated_at = member, at
        draft.save(update_fields=["state", "updated_by", "updated_at"])
    return draft
