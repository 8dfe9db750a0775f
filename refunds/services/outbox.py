"""What the bank has for us over the direct link, put down in the folder as if it had come there."""

import json
import logging
from collections.abc import Set as AbstractSet
from pathlib import Path

from django.conf import settings

from refunds.bank import link
from refunds.bank.signing import sign_file
from refunds.services import genuine
from refunds.services.files import put

#: So many files that can't be had one after the other, and the bank is asked later.
MOST_IN_VAIN = 3
logger = logging.getLogger("relief.bank")


def fetch(bank: link.Link, *, into: Path) -> int:
    """Put down what the bank has for us; return how many files.

    One that can't be had, or isn't what the bank's list promised, holds up none of the others: it
    is asked for again each time. How far we are is a note beside the folders: without it
    everything is fetched again, which does no harm, as each content is read once.
    """
    note = Path(settings.BANK_DIR) / "outbox-after.txt"
    after, beyond = _noted(note)
    fetched, in_vain = 0, 0
    try:
        listed = bank.files(after=after)
        for file in listed:
            if file.id <= after or file.id in beyond:
                continue
            try:
                content = bank.fetch(file)
            except link.NoAnswer as silence:
                logger.error("%s %s", file.name, silence)
                in_vain += 1
                if in_vain == MOST_IN_VAIN:
                    break
                continue
            _put_down(into, file, content)
            beyond.add(file.id)
            for each in listed:
                if each.id > after and each.id not in beyond:
                    break
                after = max(after, each.id)
            beyond = {number for number in beyond if number > after}
            _write(note, after, beyond)
            fetched, in_vain = fetched + 1, 0
    except link.NoAnswer:
        pass  # the next exchange asks again
    except OSError as failure:
        logger.error("what the bank has for us could not be put down: %s", failure)
    return fetched


def _put_down(into: Path, file: link.Offered, content: bytes) -> None:
    # The name is the bank's, the place isn't.
    plain = file.name.replace("/", "_").replace("\\", "_").lstrip(".~")[-100:]
    target = into / f"{file.id:08d}-{plain}"
    if settings.BANK_HMAC_KEY:  # the bank has signed the answer that brought it
        key = settings.BANK_HMAC_KEY.encode()
        signed = sign_file(key, name=target.name, digest=file.sha256)
        put(genuine.signature_of(target), signed.encode())
    put(target, content)


def _noted(note: Path) -> tuple[int, set[int]]:
    """Return the last file until which we have all, and what we have beyond."""
    try:
        said = json.loads(note.read_text())
        if isinstance(said, int):  # as it was written before
            return said, set()
        return int(said["after"]), {int(number) for number in said["beyond"]}
    except (OSError, ValueError, KeyError, TypeError):
        return 0, set()


def _write(note: Path, after: int, beyond: AbstractSet[int]) -> None:
    put(note, json.dumps({"after": after, "beyond": sorted(beyond)}).encode())
