"""Which adapter takes the messages of a channel: the settings say it."""

from pathlib import Path

from django.conf import settings

from casework.tell.by_gateway import ByGateway
from casework.tell.by_smtp import BySmtp
from casework.tell.interface import Adapter
from casework.tell.rules import RULES
from casework.tell.to_file import ToFile


def of_channel(channel: str) -> Adapter:
    """Return the adapter of a channel. With nothing configured, nothing leaves the house."""
    told = dict(settings.TELLING[channel])
    if not told:
        return ToFile(Path(settings.OUTBOX_DIR))
    if channel == "SMS":
        return ByGateway(url=told["url"], key=told["key"], timeout=RULES.timeout)
    return BySmtp(timeout=RULES.timeout, **told)
