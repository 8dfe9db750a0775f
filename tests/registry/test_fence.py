"""What the child that opens workbooks can't do, found by trying."""

import platform
import subprocess
import sys

from registry import checks
from registry.workbook import confine, fence


def test_the_child_has_no_network_and_starts_no_programs(tmp_path):
    """IPv4, IPv6 and local sockets are all tried; here, outside of the child, they can be had."""
    outside = confine.look()
    assert not outside.no_network
    assert not outside.no_programs

    inside = fence.look(tmp_path)

    here = sys.platform == "linux" and platform.machine() in {"x86_64", "aarch64"}
    assert (inside.no_network, inside.no_programs) == (here, here)
    assert inside.memory == fence.MEMORY


def test_what_was_given_up_is_not_had_again_by_a_second_filter_or_by_a_thread():
    script = (
        "import socket, threading\n"
        "from registry.workbook import confine\n"
        "held = confine.shut_in() and confine.shut_in()\n"
        "said = []\n"
        "def attempt():\n"
        "    try:\n"
        "        socket.socketpair()\n"
        "    except PermissionError:\n"
        "        said.append('refused')\n"
        "thread = threading.Thread(target=attempt); thread.start(); thread.join()\n"
        "print(held, said)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    here = sys.platform == "linux" and platform.machine() in {"x86_64", "aarch64"}
    assert done.stdout.strip() == ("True ['refused']" if here else "False []")


def test_the_deployment_check_says_whether_the_child_is_shut_in(monkeypatch):
    here = sys.platform == "linux" and platform.machine() in {"x86_64", "aarch64"}
    assert (checks.workbooks_are_opened_without_network() == []) is here

    open_still = confine.Confined(no_network=False, no_programs=False, memory=1)
    monkeypatch.setattr(fence, "look", lambda folder: open_still)
    assert [told.id for told in checks.workbooks_are_opened_without_network()] == ["registry.W001"]
