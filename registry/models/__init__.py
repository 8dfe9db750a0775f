"""Who there is: `agencies`, `employers`, `banks`, `people` who sign in, how employers run their own
accounts (`members`), what `sign_in` remembers; `work` done behind pages, and `intake`:
workbooks brought in, and `calls` for help with them."""

from registry.models.agencies import Agency, District
from registry.models.banks import BankOffice
from registry.models.calls import ImportCall
from registry.models.employers import (
    BankAccount,
    Employer,
    EmployerFormer,
    EmployerTerms,
    UnitType,
)
from registry.models.intake import Import, ImportProblem, ParkedRow
from registry.models.members import Handover, Invitation, MembershipEvent
from registry.models.people import ActivationCode, Membership, Officer, Post
from registry.models.sign_in import ActivationFailure, TemporaryPassword
from registry.models.work import Work, WorkState

__all__ = [
    "ActivationCode",
    "ActivationFailure",
    "Agency",
    "BankAccount",
    "BankOffice",
    "District",
    "Employer",
    "EmployerFormer",
    "EmployerTerms",
    "Handover",
    "Import",
    "ImportCall",
    "ImportProblem",
    "Invitation",
    "Membership",
    "MembershipEvent",
    "Officer",
    "ParkedRow",
    "Post",
    "TemporaryPassword",
    "UnitType",
    "Work",
    "WorkState",
]
