"""Making the servers' folders, without losing or mixing up anybody's data."""

import shutil
import sys
import time
from signal import SIGINT, SIGKILL

from config.embedded.paths import Places, make_private
from config.embedded.processes import running_in, signal_all, wait_until
from config.embedded.runtime import Account, CannotRun, account, make_shared


def prepare(places: Places) -> Account | None:
    """Make what is missing and return who owns it (None: ourselves). Under `start.lock`.

    :raises CannotRun: if root is to use a user's data or the other way round.
    """
    _refuse_foreign(places)
    _set_aside_forgotten(places)
    user = account(places)
    if user is None:
        make_private(places.sockets)
        return None
    make_shared()
    places.home.mkdir(exist_ok=True)
    places.home.chmod(0o755)
    make_private(places.sockets, uid=user.uid, gid=user.gid)
    places.owner.touch(mode=0o600)
    places.owner.write_text(f"{places.data_dir}\n")
    places.pointer.write_text(f"{places.home}\n")
    return user


def _refuse_foreign(places: Places) -> None:
    if places.as_root and (places.data_dir / "postgres").exists():
        owner = (places.data_dir / "postgres").stat().st_uid
        raise CannotRun(f"{places.data_dir} 由普通用户（编号 {owner}）建立，请以该用户运行。")
    if not places.as_root and places.pointer.exists():
        raise CannotRun(f"{places.data_dir} 由 root 建立，请以 root 运行。")


def _set_aside_forgotten(places: Places) -> None:
    """Move the cluster of a deleted DATA_DIR away: a new DATA_DIR starts empty."""
    if not places.as_root or places.pointer.exists() or not places.home.exists():
        return
    if not places.cluster.exists():
        shutil.rmtree(places.home)
        return
    for number in (SIGINT, SIGKILL):
        signal_all(running_in(places.cluster, "postgres"), number)
        if wait_until(lambda: not running_in(places.cluster, "postgres"), 30):
            break
    aside = places.home.with_name(f"{places.home.name}.{time.strftime('%Y%m%d-%H%M%S')}")
    places.home.rename(aside)
    sys.stderr.write(f"{places.data_dir} 是空的，新建数据库；原来的数据库移到 {aside}。\n")
