"""Who there is: `agencies`, `employers`, `people` who sign in; and `work` done behind pages."""

from registry.models.agencies import Agency, District
from registry.models.employers import BankAccount, Employer, EmployerTerms, UnitType
from registry.models.people import ActivationCode, Membership, Officer, Post
from registry.models.work import Import, Work, WorkState

__all__ = [
    "ActivationCode",
    "Agency",
    "BankAccount",
    "District",
    "Employer",
    "EmployerTerms",
    "Import",
    "Membership",
    "Officer",
    "Post",
    "UnitType",
    "Work",
    "WorkState",
]
