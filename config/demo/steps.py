"""The steps of loading: each does its work through a real service, or finds it done.

Killed anywhere, the next start goes on: a step that was not finished is done again, and
what a service had stored by then it finds stored.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Protocol

from django.utils import timezone

from config.demo import accounts, city, workbooks
from config.demo.deferring import stories as deferring
from config.demo.people import COLLEAGUES, OWNERS, USERNAMES
from config.demo.stories import BY_KEY
from refunds.models import OfferWork
from refunds.services import offers
from registry.intake import services as intake
from registry.models import Employer, Import, WorkState
from registry.work import OPEN
from relief.ledger.services import runs as posting
from relief.models import RecoveryLook, RecoveryMark, Run
from relief.services import places, recoveries, reports, runs
from relief.services import work as run_work

#: How imports and runs of the demo are recorded instead of an officer.
BY = "演示城市"
Clock = Callable[[], datetime]
_PAUSE_SECONDS = 0.3
#: So long before the start some units were asked to pay: their day is past.
_ASKED_BEFORE = timedelta(days=45)


class Unexpected(Exception):
    """A real service answered otherwise than the demo's data are made for."""


@dataclass
class Town:
    """Where the demo lies and what its steps need; the town is drawn only if somebody asks."""

    folder: Path
    clock: Clock
    say: Callable[[str], None]

    @cached_property
    def paths(self) -> dict[str, Path]:
        """The workbooks, written where they are missing."""
        folder = self.folder / "demo"
        found = {file.name: folder / file.name for file in workbooks.FILES}
        if not all(path.exists() for path in found.values()):
            workbooks.write(city.build(), folder)
        return found

    @property
    def employers(self) -> dict[str, Employer]:
        """The units of all stories, as far as they are stored."""
        stories = BY_KEY | deferring.BY_KEY
        codes = {city.code_of(story): key for key, story in stories.items()}
        found = Employer.objects.filter(uscc__in=codes)
        return {codes[employer.uscc]: employer for employer in found}


class Step(Protocol):
    """One step of loading."""

    @property
    def title(self) -> str:
        """What the progress line begins with."""

    def done(self, town: Town) -> bool:
        """Ask the database whether it has been done."""

    def do(self, town: Town) -> str:
        """Do it and return what came of it, in a few words."""


@dataclass
class BringIn:
    """Import one workbook as `import_workbook` does."""

    file: workbooks.File

    @property
    def title(self) -> str:
        return f"导入 {self.file.name}"

    def done(self, town: Town) -> bool:
        known = Import.objects.filter(os_user=BY, file_name=self.file.name)
        return known.filter(state=WorkState.DONE).exists()

    def path(self, town: Town) -> Path:
        """Return where the workbook lies."""
        return town.paths[self.file.name]

    def do(self, town: Town) -> str:
        path = self.path(town)
        for left in Import.objects.filter(os_user=BY, file_name=path.name, state__in=OPEN):
            # Killed in it: whoever finds it later is to drop it.
            intake.request_cancel(import_id=left.pk, at=town.clock())
        with path.open("rb") as content:
            claimed = intake.receive_and_claim(
                kind=self.file.kind,
                file=content,
                file_name=path.name,
                at=town.clock(),
                os_user=BY,
            )
        ended = intake.check_and_commit(claimed=claimed, clock=town.clock)
        if ended.state != WorkState.DONE or bool(ended.error_count) != self.file.wrong:
            raise Unexpected(f"{path.name}：{ended.failure or ended.errors[:3]}")
        if self.file.wrong:
            return f"按预期拒收，{ended.error_count} 处错误"
        return f"{ended.accepted} 行"


@dataclass
class Recalculate:
    """Run a recalculation in this process, then offer what it found overpaid."""

    #: None: the day of loading.
    as_of: date | None
    reason: str

    @property
    def title(self) -> str:
        return f"核定：{self.reason}"

    def done(self, town: Town) -> bool:
        return Run.objects.filter(os_user=BY, reason=self.reason, state=WorkState.DONE).exists()

    def start(self, town: Town) -> Run:
        """Queue the run."""
        return runs.start_run(
            as_of=self.as_of or town.clock().date(),
            os_user=BY,
            reason=self.reason,
            at=town.clock(),
        )

    def do(self, town: Town) -> str:
        left = Run.objects.filter(os_user=BY, reason=self.reason, state__in=OPEN).first()
        run = left or self.start(town)
        waited = False
        while not runs.is_over(run):
            due = run_work.due_shards(at=town.clock())
            for shard_id in due:
                run_work.work_shard(shard_id=shard_id, clock=town.clock)
            posting.work_run(run_id=run.pk, clock=town.clock)
            if not due and not runs.is_over(run):
                # A worker has it, or one that died has not yet lost its lease.
                if not waited:
                    town.say(f"{self.title}：等待上次中断的核定释放（最多一分钟）……")
                    waited = True
                time.sleep(_PAUSE_SECONDS)
        if run.state != WorkState.DONE:
            raise Unexpected(f"{self.reason}：{run.failure}")
        found = runs.result(run)
        return f"{found['employers']} 户，{found['lines']} 条，减免 {found['relief']} 元"


class Offer:
    """Turn what is overpaid today into offers and notices, as the worker does after a run."""

    title = "多缴转为待退费，通知单位"

    def done(self, town: Town) -> bool:
        return not self._unheard() and not OfferWork.objects.filter(state__in=OPEN).exists()

    def _unheard(self) -> list[Run]:
        """Runs whose news was lost because we were killed right after them."""
        heard = OfferWork.objects.filter(run__isnull=False).values("run")
        return list(Run.objects.filter(os_user=BY, state=WorkState.DONE).exclude(pk__in=heard))

    def do(self, town: Town) -> str:
        for run in self._unheard():
            offers.mark_due(run_id=run.pk, reason=run.reason, at=town.clock())
        offered = offers.work_due(clock=town.clock)
        while not self.done(town):
            time.sleep(_PAUSE_SECONDS)
            offered.add(offers.work_due(clock=town.clock))
        return f"{offered.opened} 笔，{offered.amount} 元"


class AskForRecoveries:
    """Ask for what is overdue, as the worker does; the first units were asked long ago."""

    title = "到期没有缴清的发补缴通知"

    def done(self, town: Town) -> bool:
        return RecoveryMark.objects.exists()

    def do(self, town: Town) -> str:
        long_ago = town.clock() - _ASKED_BEFORE
        recoveries.mark(day=timezone.localdate(long_ago))
        first = RecoveryLook.objects.order_by("pk").values_list("pk", flat=True)
        half = list(first[: (len(first) + 1) // 2])
        asked = recoveries.settle(employer_ids=half, at=long_ago)
        asked.add(recoveries.work_due(clock=town.clock))
        places.check(at=town.clock())
        reports.make_due(at=town.clock())
        return f"{asked.opened} 份"


class OpenStaff:
    """Open the officers' accounts."""

    title = "开通经办机构和部门的账号"

    def done(self, town: Town) -> bool:
        return accounts.staff_opened()

    def do(self, town: Town) -> str:
        accounts.open_staff(at=town.clock())
        return "完成"


class OpenOwners:
    """Open the enterprises' accounts, with codes that the handlers hand out."""

    title = "用激活码开通单位账号"

    def done(self, town: Town) -> bool:
        return accounts.owners_opened()

    def do(self, town: Town) -> str:
        accounts.open_owners(town.employers, at=town.clock())
        return f"{len(OWNERS)} 个，另邀请同事 {len(COLLEAGUES)} 个"


class AgreeOnPassword:
    """Give all accounts the one password."""

    title = "设置演示密码"

    def done(self, town: Town) -> bool:
        return accounts.agreed(town.folder)

    def do(self, town: Town) -> str:
        accounts.agree_on_password(town.folder)
        return f"{len(accounts.ours())}/{len(USERNAMES)} 个账号"
