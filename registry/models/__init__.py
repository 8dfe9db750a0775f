"""Who there is: `agencies`, `employers`, `people` who sign in, what `sign_in`
remembers; and `work` done behind pages."""

from registry.models.agencies import Agency, District
from registry.models.employers import BankAccount, Employer, EmployerTerms, UnitType
from registry.models.people import ActivationCode, Membership, Officer, Post
from registry.models.sign_in import ActivationFailure, TemporaryPassword
from registry.models.work import Import, Work, WorkState

__all__ = [
    "ActivationCode",
    "ActivationFailure",
    "Agency",
    "BankAccount",
    "District",
    "Employer",
    "EmployerTerms",
    "Import",
    "Membership",
    "Officer",
    "Post",
    "TemporaryPassword",
    "UnitType",
    "Work",
    "WorkState",
]
