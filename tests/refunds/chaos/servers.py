"""Servers of our own that may be killed: a Valkey, set up as the site sets up its own."""

import signal
import subprocess
import tempfile
from pathlib import Path

from django.conf import settings

from config.embedded import paths, runtime, valkey
from config.embedded.processes import die_with_parent, wait_until


class Bell:
    """A Valkey on a socket, which comes and goes."""

    def __init__(self) -> None:
        # A socket's path must be short.
        self.folder = Path(tempfile.mkdtemp(prefix="relief-bell-", dir="/tmp"))
        self.socket = self.folder / "bell.sock"
        self.program = runtime.programs(paths.places(settings.DATA_DIR)).valkey
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        # What a killed one leaves lies in the way of nobody.
        options = ("--appendonly", "yes", "--appendfsync", "everysec", "--save", "")
        self.process = subprocess.Popen(
            [self.program, "--port", "0", "--unixsocket", self.socket, *options],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        assert wait_until(lambda: valkey.answers(self.socket), 20)

    def end(self, number: signal.Signals) -> None:
        """End it by a signal."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None
