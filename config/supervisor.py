"""Keeps a few programs running, and leaves none behind whatever ends it.

Every program is the leader of a session of its own, so Ctrl-C reaches only us; we signal the
leader alone (Celery's pool must not be signalled, or a running task is lost) and after a while
kill the whole group. If we are killed, the kernel signals the leaders, and the reaper kills
what does not listen.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from config.embedded.processes import die_with_parent

PATIENCE = 20  # seconds a program has to end by itself
LOG_LIMIT = 10 * 1024 * 1024
REAPER = Path(__file__).resolve().parent / "embedded" / "reaper.py"


class Stopped(BaseException):
    """Somebody asked us to stop: Ctrl-C, `make stop`, the system's shutdown."""


@dataclass
class Program:
    """One program to keep running, and what the kernel sends it if we are killed."""

    name: str
    command: Sequence[str]
    when_orphaned: signal.Signals = signal.SIGTERM
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    failures: int = field(default=0)


def tell(message: str) -> None:
    """Say something to the operator, at once even into a pipe."""
    sys.stdout.write(message + "\n")
    sys.stdout.flush()


class Supervisor:
    """Runs programs in a folder, each with a log of its own."""

    def __init__(self, *, folder: Path, logs: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.logs = logs
        self.environment = environment
        self.programs: list[Program] = []
        self._reaper: subprocess.Popen[bytes] | None = None

    @staticmethod
    def stop_on_signals() -> None:
        """From now on Ctrl-C, SIGTERM and a closed terminal raise `Stopped`, once."""

        def stop(number: int, frame: FrameType | None) -> None:
            for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(again, signal.SIG_IGN)
            raise Stopped

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)

    def run(self, command: Sequence[str]) -> int:
        """Run a command to its end, with our output, and return its exit code."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
            check=False,
        ).returncode

    def start(self, program: Program) -> None:
        log = self.logs / f"{program.name}.log"
        if log.exists() and log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        if program not in self.programs:
            self.programs.append(program)
        with log.open("ab") as output:
            program.process = subprocess.Popen(
                program.command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent(program.when_orphaned),
                pass_fds=program.pass_fds,
            )
        program.started = time.monotonic()
        self._tell_reaper("+", program.process)

    def _tell_reaper(self, sign: str, process: subprocess.Popen[bytes]) -> None:
        """Let the reaper know which groups live; one that has died is replaced."""
        if self._reaper is None or self._reaper.poll() is not None:
            self._reaper = subprocess.Popen(
                [sys.executable, "-I", "-S", str(REAPER)],
                cwd="/",
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            known = [one.process for one in self.programs if one.process and one.process != process]
        else:
            known = []
        assert self._reaper.stdin is not None
        lines = [*(f"+{one.pid}" for one in known), f"{sign}{process.pid}"]
        with suppress(BrokenPipeError):
            self._reaper.stdin.write("".join(f"{line}\n" for line in lines).encode())
            self._reaper.stdin.flush()

    def keep_running(self, look_after: Callable[[], None]) -> None:
        """Start again what ends, until `Stopped` is raised; calls `look_after` twice a second."""
        while True:
            time.sleep(0.5)
            look_after()
            for program in self.programs:
                self._restart_if_ended(program)

    def _restart_if_ended(self, program: Program) -> None:
        process = program.process
        if process is None or process.poll() is None:
            return
        _kill_group(process)
        self._tell_reaper("-", process)
        now = time.monotonic()
        # One that ends at once is tried less and less often, up to every half minute.
        program.failures = program.failures + 1 if now - program.started < 60 else 1
        if now - program.started < min(2**program.failures - 2, 30):
            program.failures -= 1
            return
        tell(f"{program.name} 意外结束，重新启动；详见 {self.logs / program.name}.log")
        self.start(program)

    def stop(self) -> None:
        """End every program: politely, then after `PATIENCE` by force."""
        running = [program.process for program in self.programs if program.process]
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + PATIENCE
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0))
            _kill_group(process)
            process.wait()
        self.programs.clear()
        if self._reaper is not None and self._reaper.stdin is not None:
            with suppress(BrokenPipeError):
                self._reaper.stdin.close()
            self._reaper.wait()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a program and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
