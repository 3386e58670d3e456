"""Files of allowed signers: whose key is whose, and from when to when. Source: ssh-keygen(1), ALLOWED SIGNERS.

Trust is ssh-keygen's to decide. What is read here tells people why it decided so.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import UsageError

_LARGEST = 16 * 1024 * 1024
_REVOKED = b"SSHKRL\n\0"  # Source: OpenSSH PROTOCOL.krl
_FIELD = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|(\S+))\s*(.*)', re.DOTALL)
_OPTIONS = re.compile(r'((?:[^\s"]|"[^"]*")+)\s+(.*)', re.DOTALL)
_OPTION = re.compile(r'([A-Za-z-]+)(?:="([^"]*)")?')
_KEY_TYPE = re.compile(r"(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+")


@dataclass(frozen=True, slots=True)
class Signer:
    """One line of the file.

    Attributes:
        principals: Whom it is for.
        key: The public key in base64.
        after: From when the key counts; None from ever.
        before: Until when it counts; None for ever.
        namespaces: What it may sign for; empty for anything.
        authority: Whether it is the key of an authority, which signs the keys of others.
    """

    principals: tuple[str, ...]
    key: str
    after: datetime | None = None
    before: datetime | None = None
    namespaces: tuple[str, ...] = ()
    authority: bool = False

    @property
    def name(self) -> str:
        """The principals as people read them."""
        return ", ".join(self.principals)


def read(path: Path) -> tuple[Signer, ...]:
    """Return the lines of a file of allowed signers; lines that are none are left to ssh-keygen's judgement.

    Raises:
        UsageError: the file cannot be read, or names no signer at all.
    """
    try:
        with path.open("rb") as file:
            lines = file.read(_LARGEST).decode("utf-8", "surrogateescape").splitlines()
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}",
            hint="name the file of allowed signers that the laboratory published: a line PERSON KEYTYPE KEY each",
        ) from error
    found = [signer for line in lines if (signer := _signer(line.strip())) is not None]
    if not found:
        raise UsageError(
            f"{path}: names no signer",
            hint="a line is: PERSON ssh-ed25519 KEY; see ssh-keygen(1), ALLOWED SIGNERS",
        )
    return tuple(found)


def require_revoked(path: Path) -> None:
    """Refuse a file that is no list of revoked keys: ssh-keygen would take every key for a revoked one.

    Raises:
        UsageError: it cannot be read, or is neither a list of public keys nor a list that `ssh-keygen -k` made.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be read: {error.strerror}",
            hint="name the file of revoked keys that the laboratory published",
        ) from error
    lines = [line.strip() for line in data.decode("utf-8", "surrogateescape").splitlines()]
    odd = [line for line in lines if line and not line.startswith("#") and not _KEY_TYPE.match(line)]
    if odd and not data.startswith(_REVOKED):
        raise UsageError(
            f"{path}: is no list of revoked keys",
            hint="it holds public keys, a line each, or is what ssh-keygen -k writes",
        )


def _signer(line: str) -> Signer | None:
    if not line or line.startswith("#") or (found := _FIELD.fullmatch(line)) is None:
        return None
    names, rest = found[1] or found[2] or "", found[3]
    options: dict[str, str] = {}
    if not _KEY_TYPE.match(rest) and (told := _OPTIONS.fullmatch(rest)) is not None:
        options = {name.lower(): value for name, value in _OPTION.findall(told[1])}
        rest = told[2]
    parts = rest.split()
    if len(parts) < 2 or not _KEY_TYPE.fullmatch(parts[0]):
        return None
    return Signer(
        principals=tuple(name for name in names.split(",") if name),
        key=parts[1],
        after=moment(options.get("valid-after", "")),
        before=moment(options.get("valid-before", "")),
        namespaces=tuple(name for name in options.get("namespaces", "").split(",") if name),
        authority="cert-authority" in options,
    )


def moment(text: str) -> datetime | None:
    """Return the moment of YYYYMMDD[Z] or YYYYMMDDHHMM[SS][Z]; without Z it is in this machine's zone."""
    digits = text.removesuffix("Z")
    form = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}.get(len(digits))
    if form is None:
        return None
    try:
        moment = datetime.strptime(digits, form)  # noqa: DTZ007  # its zone follows
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if text.endswith("Z") else moment.astimezone()
