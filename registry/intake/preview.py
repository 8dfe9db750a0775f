"""What an import would change, as it is shown and agreed to. Pure."""

import hashlib
import json
from dataclasses import asdict
from typing import Any

from registry.intake.staging import MOST_CHANGES, Merged
from registry.slots import Decided

#: Shown where something was stored between the preview and its confirmation.
OUTDATED = "确认后有关数据发生了变化，未写入任何内容。请按新的预览重新核对。"


def fields(merged: Merged, decided: Decided, *, rejected: int) -> dict[str, Any]:
    """Return the preview of a rehearsal, and its digest: two that agree are the same change."""
    preview = {
        "new": merged.new,
        "changed": merged.changed,
        "unchanged": merged.unchanged,
        "rejected": rejected,
        "decided": asdict(decided),
        "totals": [asdict(total) for total in merged.totals],
        "changes": [asdict(change) for change in merged.changes[:MOST_CHANGES]],
        "facts": dict(merged.facts),
    }
    told = json.dumps(preview, ensure_ascii=False, sort_keys=True)
    return {"preview": preview, "preview_sha256": hashlib.sha256(told.encode()).hexdigest()}
