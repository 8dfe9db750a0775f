"""Declare a month online as an enterprise does: table, check, signature, receipt."""

from dataclasses import dataclass
from datetime import date

from config.demo.people import MAIL_DOMAIN, OWNERS
from config.demo.steps import Town, Unexpected
from registry import scope, work
from registry.intake import services as intake
from registry.models import Import, Membership
from relief.models import MonthlyFiling, MonthlySubmission
from relief.monthly_data import monthly_data
from relief.services import monthly


@dataclass
class FileMonth:
    """Have the owner of a story's unit declare a month, everybody as in the month before.

    Killed anywhere it goes on: a draft, a check or a signature that is there is not repeated.
    """

    story: str
    month: date

    @property
    def title(self) -> str:
        return f"网上申报 {self.month:%Y-%m}"

    def done(self, town: Town) -> bool:
        employer = town.employers[self.story]
        return MonthlySubmission.objects.filter(employer=employer, month=self.month).exists()

    def do(self, town: Town) -> str:
        member = self._owner(town)
        viewer = scope.viewer_of(member.user)
        signed = MonthlyFiling.objects.filter(
            employer=member.employer, month=self.month, import_of__stage=Import.Stage.STORING
        ).first()
        if signed is None:
            draft = monthly.open_draft(member=member, month=self.month, at=town.clock())
            signed = monthly.send_draft(
                draft_id=draft.pk, member=member, viewer=viewer, at=town.clock()
            )
            checked = self._work(signed.import_of_id, town)
            monthly.sign(
                filing_id=signed.pk,
                viewer=viewer,
                seen=checked.preview_sha256,
                undertaking=monthly_data().undertaking.version,
                at=town.clock(),
            )
        self._work(signed.import_of_id, town)
        found = MonthlySubmission.objects.filter(import_of=signed.import_of_id).first()
        if found is None:
            raise Unexpected(f"{self.title}：{signed.import_of.get_stage_display()}")
        return f"{member.employer.name}，{found.totals['headcount']} 人，回执 {found.receipt}"

    def _owner(self, town: Town) -> Membership:
        username = next(who.username for who in OWNERS if who.story == self.story)
        return Membership.objects.select_related("user", "employer").get(
            user__username=username,
            user__email=f"{username}@{MAIL_DOMAIN}",
            employer=town.employers[self.story],
        )

    @staticmethod
    def _work(import_id: int, town: Town) -> Import:
        """Do what a worker would, unless one has."""
        claimed = work.claim(Import, import_id, at=town.clock())
        if claimed is not None:
            intake.work_on(claimed=claimed, clock=town.clock)
        return Import.objects.get(pk=import_id)
