"""Construction projects for tests, stored as an import stores them."""

from datetime import date
from decimal import Decimal

from registry.models import Employer
from relief.models import Project, ProjectRelief, ProjectVersion
from relief.queries.projects import in_force
from tests.relief.builders import AT

YEAR_END = date(2020, 12, 31)


def make_project(
    employer: Employer,
    code: str = "XM1",
    *,
    premium: str = "60000.00",
    price: str = "50000000.00",
    paid_on: str = "2020-03-02",
    start: str = "2020-03-01",
    end: str = "2021-02-28",
) -> ProjectVersion:
    """File a project, or a new version of the one with this number."""
    project, _ = Project.objects.get_or_create(code=code)
    return ProjectVersion.objects.create(
        project=project,
        number=project.versions.filter(withdraws=None).count() + 1,
        employer=employer,
        name=f"{code}工程",
        price=Decimal(price),
        premium=Decimal(premium),
        paid_on=date.fromisoformat(paid_on),
        start_on=date.fromisoformat(start),
        end_on=date.fromisoformat(end),
        recorded_at=AT,
    )


def take_back(version: ProjectVersion) -> ProjectVersion:
    fields = {
        field.attname: getattr(version, field.attname)
        for field in ProjectVersion._meta.concrete_fields
        if field.name not in ("id", "withdraws")
    }
    return ProjectVersion.objects.create(**fields, withdraws=version)


def relief_of(code: str = "XM1", day: date = YEAR_END) -> ProjectRelief:
    return in_force(day).get(project__code=code)
