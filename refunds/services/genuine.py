"""Whether a file in the bank's folder is from the bank: its signature lies beside it."""

from hashlib import sha256
from pathlib import Path

from refunds.bank import signing

MISSING = "文件没有银行的签名，不能确认来自银行。请银行连同签名文件重新发送。"
WRONG = "文件与银行的签名不符，可能被改动过或不是银行发出的。请立即与银行核对。"


def doubt(path: Path, *, digest: str, key: bytes) -> str:
    """Return in Chinese why a file can't be believed; "" where no key is set, or it can.

    The bank puts the signature down before the file, so a file without one is not early.
    """
    if not key:
        return ""
    try:
        said = signature_of(path).read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return MISSING
    wanted = signing.sign_file(key, name=path.name, digest=digest)
    return "" if signing.same(said, wanted) else WRONG


def signature_of(path: Path) -> Path:
    return path.with_name(path.name + signing.BESIDE)


def as_doubtful(path: Path, digest: str) -> str:
    """Return under which digest a doubtful file is kept: not its own, so that a forger who is
    faster with a copy can't keep us from reading the bank's own file."""
    return sha256(f"doubtful\n{path.name}\n{digest}".encode()).hexdigest()
