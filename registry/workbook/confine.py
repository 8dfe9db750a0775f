"""What the child may not do: limits on memory, time and output; no network, no other programs.

Memory, time and output are limits of the kernel for any process (`setrlimit`). The rest is a
filter of system calls (seccomp) that can't be taken off again. It holds on Linux on the two
processors we run on; elsewhere `take_on` says that it doesn't, and the limits alone hold.
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import socket
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

# Operations of the filter's little language, see linux/bpf_common.h.
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
#: Where the number of the call and the architecture stand in what the filter is shown.
_NUMBER, _ARCHITECTURE = 0, 4
#: Calls from here on are those of x32, a second set of numbers for the same calls.
_X32 = 0x40000000

#: By processor: its name in the kernel, and the numbers of the calls that are refused. The
#: calls of io_uring are among them, by which sockets can be had without calling for one.
_REFUSED: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46,
            "bind": 49, "listen": 50, "socketpair": 53, "accept4": 288, "sendmmsg": 307,
            "fork": 57, "vfork": 58, "execve": 59, "execveat": 322,
            "kill": 62, "ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311,
            "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
            "pidfd_send_signal": 424, "pidfd_getfd": 438,
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202,
            "connect": 203, "sendto": 206, "sendmsg": 211, "accept4": 242, "sendmmsg": 269,
            "execve": 221, "execveat": 281,
            "kill": 129, "ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271,
            "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
            "pidfd_send_signal": 424, "pidfd_getfd": 438,
        },
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Confined:
    """What a process found that it can't do any more, by trying."""

    no_network: bool
    no_programs: bool
    memory: int


def limit(*, memory: int, seconds: int, output: int) -> None:
    """Take on the limits in bytes and CPU seconds for good; no core file."""
    limits = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, output),
    )
    for which, wanted in limits:
        hard = resource.getrlimit(which)[1]
        bound = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(which, (bound, bound))


def die_with(parent: int) -> None:
    """End with the parent, at once where it has gone already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)


def shut_in() -> bool:
    """Give up network, other programs and other processes for good; say whether that holds."""
    known = _REFUSED.get(platform.machine())
    if sys.platform != "linux" or known is None or struct.calcsize("P") != 8:
        return False
    program = _filter(known[0], known[1].values())
    code = ctypes.create_string_buffer(program, len(program))
    told = ctypes.create_string_buffer(
        struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    )
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    arguments = [ctypes.c_ulong] * 4
    prctl.argtypes = [ctypes.c_int, *arguments]
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return False
    return bool(prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(told), 0, 0) == 0)


def _filter(architecture: int, refused: Iterable[int]) -> bytes:
    """Return the filter: refuse any other architecture, x32 and the calls named; allow the rest."""
    numbers = sorted(refused)
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        # A jump counts the steps that it leaps over: the refusal is the last step of all.
        (_AT_LEAST, len(numbers) + 1, 0, _X32),
        *((_EQUAL, len(numbers) - place, 0, number) for place, number in enumerate(numbers)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def peak() -> int:
    """Return the bytes of memory that this program has had at most."""
    with contextlib.suppress(OSError):
        # `getrusage` would count what the parent had when it started us.
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most << 10


def look() -> Confined:
    """Try what should be refused, and say what was. Harmless where nothing is."""
    families = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
    return Confined(
        no_network=not any(_opens(family) for family in families),
        no_programs=not _starts_programs(),
        memory=resource.getrlimit(resource.RLIMIT_AS)[0],
    )


def _opens(family: int) -> bool:
    """Say whether a socket can be had; a family that the host lacks can't be had either."""
    with contextlib.suppress(OSError):
        socket.socket(family, socket.SOCK_STREAM).close()
        return True
    return False


def _starts_programs() -> bool:
    """Say whether the kernel would start a program: it looks for a file that isn't there."""
    try:
        os.execv("/nonexistent/program", ["program"])  # noqa: S606
    except OSError as error:
        return error.errno != errno.EPERM
    return True
