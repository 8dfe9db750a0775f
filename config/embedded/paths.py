"""Where the embedded servers keep their files.

An ordinary user has everything in DATA_DIR. PostgreSQL refuses to run as root, and
no other user could enter a DATA_DIR below root's home; so as root the cluster lies in
`/var/lib/relief/<hash of DATA_DIR>` and DATA_DIR holds a pointer to it.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

SHARED = Path("/var/lib/relief")
#: The kernel's limit for the path of a socket, with its final zero.
SOCKET_LIMIT = 107
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
#: Paths of sockets become parts of URLs, which must not need quoting.
PLAIN = re.compile(r"[A-Za-z0-9/._-]+\Z")


@dataclass(frozen=True)
class Places:
    """The folders of one DATA_DIR."""

    data_dir: Path
    as_root: bool
    #: Holds the folders below; `/var/lib/relief/<hash>` for root, else DATA_DIR.
    home: Path
    sockets: Path

    @property
    def cluster(self) -> Path:
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        return self.home / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / VALKEY_SOCKET

    @property
    def locks(self) -> Path:
        return self.data_dir / "locks"

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"

    @property
    def pointer(self) -> Path:
        """For root: the file in DATA_DIR that names `home`."""
        return self.data_dir / "database.location"

    @property
    def owner(self) -> Path:
        """For root: the file in `home` that names DATA_DIR, the pointer's other end."""
        return self.home / "data_dir"

    @property
    def database_url(self) -> str:
        host = quote(str(self.sockets), safe="/")
        return f"postgresql://relief@/relief?host={host}&port=5432"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.valkey_socket}"


def short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def places(data_dir: Path, *, as_root: bool | None = None) -> Places:
    """Return where the servers of this DATA_DIR live. Reads, and creates nothing."""
    data_dir = Path(os.path.realpath(data_dir))
    if as_root is None:
        as_root = os.geteuid() == 0
    if as_root:
        home = _home_of_root(data_dir)
        return Places(data_dir, as_root, home, home / "run")
    return Places(data_dir, as_root, data_dir, _sockets_of_user(data_dir))


def _home_of_root(data_dir: Path) -> Path:
    """Follow the pointer, unless it is the copy of a pointer that belongs to another DATA_DIR."""
    own = SHARED / short_hash(data_dir)
    try:
        home = Path((data_dir / "database.location").read_text().strip())
        owner = Path((home / "data_dir").read_text().strip())
    except OSError:
        return own
    moved_here = not (owner / "database.location").exists()
    return home if owner == data_dir or moved_here else own


def _sockets_of_user(data_dir: Path) -> Path:
    sockets = data_dir / "run"
    if PLAIN.match(str(sockets)) and len(os.fsencode(sockets / POSTGRES_SOCKET)) < SOCKET_LIMIT:
        return sockets
    return Path(f"/tmp/relief-{os.getuid()}-{short_hash(data_dir)}")  # noqa: S108 - see prepare()


def make_private(folder: Path, *, uid: int | None = None, gid: int | None = None) -> None:
    """Make a folder of mode 0700, or accept the one that is there and is nobody else's.

    :raises PermissionError: if somebody else made it (as anybody may in `/tmp`).
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    wanted = os.geteuid() if uid is None else uid
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        if folder.is_symlink() or found.st_uid != wanted:
            raise PermissionError(f"目录 {folder} 属于其他用户，不能使用。") from None
    else:
        if uid is not None and gid is not None:
            os.chown(folder, uid, gid)
