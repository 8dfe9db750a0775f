"""Telling once of everything that is missing, and that it was put right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from casework.models import Supplement, SupplementItem
from registry.models import Officer


class NothingNamed(Exception):
    """Nothing is named that has to be put right, or it isn't said how."""


@dataclass(frozen=True)
class Missing:
    """One thing to put right: `target` is `step:…` or `paper:…`, `note` says how."""

    target: str
    label: str
    note: str


@transaction.atomic
def tell(
    *,
    kind: str,
    matter_id: int,
    round: int,
    missing: Sequence[Missing],
    by: Officer,
    at: datetime,
) -> Supplement:
    """Write down everything that is missing, at once.

    :raises NothingNamed: if the list is empty, or a thing has no note.
    """
    if not missing:
        raise NothingNamed("请至少勾选一项要补正的内容。")
    if bare := [item.label for item in missing if not item.note.strip()]:
        raise NothingNamed(f"请写明怎样补正：{'、'.join(bare)}。")
    made = Supplement.objects.create(
        matter_kind=kind, matter_id=matter_id, round=round, officer=by, asked_at=at
    )
    SupplementItem.objects.bulk_create(
        SupplementItem(
            supplement=made, target=item.target, label=item.label, note=item.note.strip()
        )
        for item in missing
    )
    return made


def answered(*, kind: str, matter_id: int, at: datetime) -> None:
    """Note that the open notice was answered. Safe to repeat."""
    Supplement.objects.filter(
        matter_kind=kind, matter_id=matter_id, answered_at__isnull=True
    ).update(answered_at=at)
