"""What is due: policy documents, what was declared and paid, and what the runs found.

- `policy`: published documents; `policy_drafts`: those on their way there;
- `declared`: lines of persons and their totals;
- `monthly`: declarations online: drafts, what is on its way, receipts;
- `hires`: new hires, whose papers may come later;
- `holds`: raised bases that wait for their audit, and how it ended;
- `paid`: money that arrived or left again, and what is overpaid;
- `projects`: construction projects, what was filed, waived and paid back;
- `reports`: sums over the city as they stood;
- `due_dates`: due days moved for one employer;
- `recoveries`: notices of what is still to be paid;
- `cross_checks`: what the cross-checks found when they last looked;
- `relief.ledger.models`: the double-entry book;
- `runs`: recalculations, their shards, what waits for one, and assessments;
- `simulations`: what a run would change, who agreed to it, and what a run has changed.
"""

from relief.ledger.models import (
    LedgerCorrection,
    LedgerCorrectionItem,
    LedgerEntry,
    LedgerLeg,
    LedgerPosting,
    LedgerProof,
    LedgerWork,
)
from relief.models.cross_checks import CrossCheck, CrossCheckCount, CrossCheckFinding
from relief.models.declared import Declaration, DeclarationLine, Insurance
from relief.models.due_dates import LaterDueDate
from relief.models.estimates import EstimatedAssessment, EstimateDecision, EstimateOrder
from relief.models.hires import Hire
from relief.models.holds import BaseHold, BaseHoldEnd
from relief.models.monthly import (
    MonthlyDraft,
    MonthlyDraftRow,
    MonthlyFiling,
    MonthlySubmission,
)
from relief.models.paid import Overpaid, OverpaidMark, PaidBack, Payment
from relief.models.policy import PolicyDocument
from relief.models.policy_drafts import (
    PolicyCaseBook,
    PolicyDraft,
    PolicyDraftVersion,
    PolicyProposal,
)
from relief.models.projects import (
    Project,
    ProjectLook,
    ProjectPaidBack,
    ProjectRelief,
    ProjectVersion,
)
from relief.models.recoveries import (
    PlaceCheck,
    RecoveryItem,
    RecoveryLook,
    RecoveryMark,
    RecoveryNotice,
)
from relief.models.reports import Report, ReportLine
from relief.models.runs import Assessment, ReassessmentDue, Run, RunShard
from relief.models.simulations import (
    RunDifference,
    RunOfSimulation,
    Simulation,
    SimulationApproval,
)

__all__ = [
    "Assessment",
    "BaseHold",
    "BaseHoldEnd",
    "CrossCheck",
    "CrossCheckCount",
    "CrossCheckFinding",
    "Declaration",
    "DeclarationLine",
    "EstimateDecision",
    "EstimateOrder",
    "EstimatedAssessment",
    "Hire",
    "Insurance",
    "LaterDueDate",
    "LedgerCorrection",
    "LedgerCorrectionItem",
    "LedgerEntry",
    "LedgerLeg",
    "LedgerPosting",
    "LedgerProof",
    "LedgerWork",
    "MonthlyDraft",
    "MonthlyDraftRow",
    "MonthlyFiling",
    "MonthlySubmission",
    "Overpaid",
    "OverpaidMark",
    "PaidBack",
    "Payment",
    "PlaceCheck",
    "PolicyCaseBook",
    "PolicyDocument",
    "PolicyDraft",
    "PolicyDraftVersion",
    "PolicyProposal",
    "Project",
    "ProjectLook",
    "ProjectPaidBack",
    "ProjectRelief",
    "ProjectVersion",
    "ReassessmentDue",
    "RecoveryItem",
    "RecoveryLook",
    "RecoveryMark",
    "RecoveryNotice",
    "Report",
    "ReportLine",
    "Run",
    "RunDifference",
    "RunOfSimulation",
    "RunShard",
    "Simulation",
    "SimulationApproval",
]
