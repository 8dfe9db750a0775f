"""Progress of matters that have no clocks: state, the employer's own agency, and the steps."""

from casework import queries
from casework.lookup import Office, Progress
from registry.models import Agency, Employer


def progress_of(
    kind: str, matter_kind: str, matter_id: int, *, state: str, employer: Employer
) -> Progress:
    """Return a matter's progress for the public look-up.

    :param kind: what it is called; `matter_kind` the kind its timeline stands under.
    """
    agency = Agency.objects.get(
        kind=Agency.Kind.SOCIAL_INSURANCE, district=employer.district_id, zone=""
    )
    moves = queries.timeline(matter_kind, matter_id)
    return Progress(
        kind=kind,
        state=state,
        offices=(Office(agency.name, agency.phone),),
        expected=None,
        steps=tuple((move.action.split("：")[0], move.at) for move in moves),
    )
