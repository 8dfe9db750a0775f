"""Which agency of the employer's own place, or of the city, does a part of a route."""

from deferral.routes import DISTRICT, Office, Review, Route, code_for
from deferral.workflow import State
from registry.models import Agency, Employer, Officer


def route_code(employer: Employer) -> str:
    """Return the route that a unit's place of insurance decides; a zone changes nothing."""
    return code_for(of_city_level=employer.district.is_city)


def agency(employer: Employer, kind: str, level: str) -> Agency:
    """Return the agency of a kind that works for a unit at a level."""
    agencies = Agency.objects.select_related("district").filter(kind=kind, zone="")
    if level == DISTRICT:
        return agencies.get(district=employer.district_id)
    return agencies.get(district__is_city=True)


def of_office(employer: Employer, office: Office) -> Agency:
    """Return the agency of an office's part."""
    return agency(employer, office.kind, office.level)


def asked(employer: Employer, review: Review) -> list[Agency]:
    """Return the agencies asked for opinions, in the route's order."""
    return [agency(employer, kind, review.level) for kind in review.kinds]


def works_at(officer: Officer, employer: Employer, office: Office | None) -> bool:
    """Return whether an officer works at the office that does a part, in a post that does it."""
    if office is None or officer.post not in office.posts:
        return False
    mine = officer.agency
    if mine.kind != office.kind or mine.zone:
        return False
    if office.level == DISTRICT:
        return mine.district_id == employer.district_id
    return mine.district.is_city


def has_part(officer: Officer, route: Route) -> bool:
    """Return whether an officer's kind of agency has a part in a route, and may read its papers.

    The social insurance agency always has: the money is its own.
    """
    parts = {route.intake.kind, route.decision.kind, *route.opinions.kinds}
    if route.report is not None:
        parts.add(route.report.kind)
    return officer.agency.kind in parts | {Agency.Kind.SOCIAL_INSURANCE.value}


def gives_opinion(officer: Officer, employer: Employer, route: Route) -> bool:
    """Return whether an officer's agency is asked on a route, and the officer speaks for it."""
    review = route.opinions
    return any(
        works_at(officer, employer, Office(kind, review.level, review.posts, review.working_days))
        for kind in review.kinds
    )


def in_charge(officer: Officer, employer: Employer, route: Route, state: str) -> bool:
    """Return whether an officer's office may speak with the unit in a state: the one that took it
    in, the one that reports or decides while it has it, and the one that follows an agreement."""
    has_it = {
        State.TO_REPORT: route.report,
        State.FOR_DECISION: route.decision,
        State.AGREED: route.following,
    }.get(State(state))
    return any(works_at(officer, employer, office) for office in (route.intake, has_it))


def in_case(officer: Officer, employer: Employer, route: Route) -> bool:
    """Return whether an officer works at one of the offices of a unit's own case: another place's,
    and departments that aren't asked, don't. The social insurance agency always does."""
    if officer.agency.kind == Agency.Kind.SOCIAL_INSURANCE:
        return True
    parts = (route.intake, route.report, route.decision, route.following)
    return gives_opinion(officer, employer, route) or any(
        works_at(officer, employer, office) for office in parts
    )


def waits_for(employer: Employer, route: Route, step: str) -> Agency | None:
    """Return the agency that can't go on before a step is done; None where only the unit waits.

    Opinions are waited for by the office that asked for them, a report by the office that
    decides, and a decision by the office that has brought it there, of an early end too.
    """
    match step:
        case "opinion":
            return of_office(employer, route.intake)
        case "report":
            return of_office(employer, route.decision)
        case "decision":
            return of_office(employer, route.report or route.intake)
        case "early_end":
            return of_office(employer, route.following)
    return None
