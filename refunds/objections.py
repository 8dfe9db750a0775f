"""Why an import of payments or projects can't be taken back: the money is on its way to the
enterprise, or there."""

from django.db.models import QuerySet

from refunds.models import Obligation
from refunds.workflow import UNDECIDED, State
from registry.models import Import
from relief.models import Payment


def objection(import_: Import) -> str | None:
    """Say which refunds rest on the payments or projects of an import, or None."""
    if import_.kind == "payments":
        what, count = "缴费", _of_payments(import_)
    elif import_.kind == "projects":
        what, count = "建设项目", _of_projects(import_)
    else:
        return None
    if count:
        return f"其中的{what}已有 {count:,} 笔退费在办理或已退还，请先办结或退回那些退费"
    return None


def _decided() -> QuerySet[Obligation]:
    return Obligation.objects.exclude(state__in=[*UNDECIDED, State.SUPERSEDED])


def _of_payments(import_: Import) -> int:
    paid = Payment.objects.filter(source=import_, reverses__isnull=True)
    employers = paid.values("employer")
    months = set(paid.values_list("employer", "month", "insurance"))
    resting = (
        _decided()
        .filter(employer__in=employers, project=None)
        .values_list("pk", "employer", "items__month", "insurance")
    )
    return len({pk for pk, *where in resting if tuple(where) in months})


def _of_projects(import_: Import) -> int:
    return _decided().filter(items__project_relief__version__source=import_).count()
