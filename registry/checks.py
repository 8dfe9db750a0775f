"""What must hold before the site starts."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.checks import CheckMessage, Error, Warning

from registry.intake import manual
from registry.workbook import fence


def manual_is_complete(**kwargs: Any) -> list[CheckMessage]:
    """Every error code has its page in the manual, and every page its code."""
    try:
        manual.pages()
    except manual.BrokenManual as broken:
        return [Error(str(broken), hint="See registry/data/error_manual.", id="registry.E001")]
    return []


def workbooks_are_opened_without_network(**kwargs: Any) -> list[CheckMessage]:
    """The child that opens workbooks has no network here and starts no programs: it tries."""
    with TemporaryDirectory(prefix="relief-look-") as folder:
        found = fence.look(Path(folder))
    if found.no_network and found.no_programs:
        return []
    told = "The program that opens workbooks is limited in memory and time only on this platform."
    return [Warning(told, hint="Seccomp needs Linux on x86_64 or aarch64.", id="registry.W001")]
