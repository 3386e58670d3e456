"""Signatures by OpenSSH: `ssh-keygen -Y` makes and checks them; what stands inside one is read here.

The keys stay with ssh-keygen: files, agents and FIDO2 tokens work, its questions reach the terminal, and no private
key is ever read by this process. Source: OpenSSH PROTOCOL.sshsig.
"""

import base64
import binascii
import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from harness.disk import write_whole
from harness.errors import BenchError, UsageError
from harness.seal.names import NAMESPACE

_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n"
_MAGIC = b"SSHSIG"
_VERSION = 1
_COLUMNS = 70
_ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
_FINGERPRINT = re.compile(r"[0-9]+ (SHA256:[A-Za-z0-9+/]{43}) .*")
_SECONDS = 60


class BrokenSignatureError(UsageError):
    """A file is no signature as `ssh-keygen -Y sign` makes them."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature says of itself, which nobody has checked.

    Attributes:
        key: The public key, as it stands in base64 in a public key file.
        kind: Its type, such as "ssh-ed25519".
        fingerprint: Its fingerprint, "SHA256:…".
    """

    key: str
    kind: str
    fingerprint: str

    @classmethod
    def read(cls, armored: bytes) -> "Signature":
        """Read a signature file. Every byte counts: one that ssh-keygen would pass over is an error here.

        Raises:
            BrokenSignatureError: it is none.
        """
        if not armored.startswith(_BEGIN) or not armored.endswith(_END):
            raise BrokenSignatureError("is no signature of ssh-keygen")
        body = armored.removeprefix(_BEGIN).removesuffix(_END)
        try:
            blob = base64.b64decode(body.replace(b"\n", b""), validate=True)
        except binascii.Error as error:
            raise BrokenSignatureError("is no signature of ssh-keygen") from error
        if _armored(blob) != armored:
            raise BrokenSignatureError("is not as ssh-keygen writes a signature")
        fields = _Fields(blob)
        if fields.take(len(_MAGIC)) != _MAGIC or fields.number() != _VERSION:
            raise BrokenSignatureError("is no signature of this version")
        key, namespace, reserved, digest, signed = (fields.text() for _ in range(5))
        fields.end()
        if namespace != NAMESPACE.encode():
            raise BrokenSignatureError("was made for something else than a report")
        if reserved or digest not in {b"sha256", b"sha512"} or not _is_canonical(signed):
            raise BrokenSignatureError("is not as ssh-keygen writes a signature")
        fingerprint = base64.b64encode(hashlib.sha256(key).digest()).rstrip(b"=").decode()
        kind = _Fields(key).text().decode("ascii", "replace")
        if "-cert-" in kind:
            # A certificate has a fingerprint of its own: one key with several would pass for several people.
            raise BrokenSignatureError(
                "is by a certificate: sign with the key itself, not with FILE-cert.pub"
            )
        return cls(base64.b64encode(key).decode(), kind, f"SHA256:{fingerprint}")


def fingerprint(key: Path) -> str:
    """Return the fingerprint of the public part of a key, "SHA256:…".

    Args:
        key: A private key's file, or the public key's file of a key that an agent holds.

    Raises:
        UsageError: there is none, or it is no key.
        BenchError: there is no ssh-keygen.
    """
    _must_be_file(key)
    asked = _run(["-l", "-E", "sha256", "-f", _named(key)])
    found = _FINGERPRINT.fullmatch(asked.stdout.decode("utf-8", "replace").strip())
    if asked.returncode or found is None:
        raise UsageError(
            f"{key}: is no key that ssh-keygen can read",
            hint="name a private key of ssh-keygen -t ed25519, or the .pub file of a key in an agent; for a key in the "
            "old PEM form its .pub file must stand beside it",
        )
    return found[1]


def sign(data: Path, key: Path, into: Path) -> Signature:
    """Sign the file `data` and write the signature to `into`; ssh-keygen may ask for a passphrase or a touch.

    Raises:
        UsageError: ssh-keygen could not sign with this key.
        BenchError: there is no ssh-keygen, or the disk refuses.
    """
    _must_be_file(key)
    # Where nobody can answer, a question would wait for ever on a terminal that happens to be there.
    alone = not (sys.stdin and sys.stdin.isatty()) and not (sys.stderr and sys.stderr.isatty())
    try:
        with data.open("rb") as source:
            signed = subprocess.run(  # noqa: S603  # ssh-keygen of this machine
                ["ssh-keygen", "-Y", "sign", "-q", "-f", _named(key), "-n", NAMESPACE],  # noqa: S607
                stdin=source,
                stdout=subprocess.PIPE,
                start_new_session=alone,
                check=False,
            )
    except FileNotFoundError as error:
        raise missing() from error
    if signed.returncode:
        raise UsageError(
            f"{key}: ssh-keygen could not sign with it (exit code {signed.returncode}); what it said stands above",
            hint="a key with a passphrase needs a terminal to ask in, or an agent: ssh-add, then --key FILE.pub; a "
            "FIDO2 key must be plugged in and touched",
        )
    made = Signature.read(signed.stdout)
    write_whole(into, signed.stdout)
    return made


def holds(data: Path, signature: Path) -> bool:
    """Return whether a signature over the file `data` is whole, whoever made it.

    Raises:
        BenchError: there is no ssh-keygen, or a file cannot be read.
    """
    arguments = ["-Y", "check-novalidate", "-n", NAMESPACE, "-s", _named(signature)]
    return _run(arguments, data).returncode == 0


def is_trusted(
    data: Path, signature: Path, signers: Path, principal: str, *, at: str, revoked: Path | None
) -> bool:
    """Return whether ssh-keygen takes the signature for one of `principal`, by a file of allowed signers.

    Args:
        data: The signed file.
        signature: The signature.
        signers: The file of allowed signers.
        principal: Who is to have signed.
        at: The moment for which keys must be valid, as ssh-keygen takes it; empty for now.
        revoked: A file of revoked keys (a KRL or public keys), or None.

    Raises:
        BenchError: there is no ssh-keygen, or a file cannot be read.
    """
    arguments = [
        "-Y",
        "verify",
        "-n",
        NAMESPACE,
        "-f",
        _named(signers),
        "-I",
        principal,
        "-s",
        _named(signature),
    ]
    arguments += [f"-Overify-time={at}"] if at else []
    arguments += ["-r", _named(revoked)] if revoked else []
    return _run(arguments, data).returncode == 0


def missing() -> BenchError:
    """Return the error for a machine without ssh-keygen."""
    return BenchError("there is no ssh-keygen here", hint="install OpenSSH: apt-get install openssh-client")


def _run(arguments: list[str], data: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        with (data or Path("/dev/null")).open("rb") as source:
            return subprocess.run(  # noqa: S603  # as above
                ["ssh-keygen", *arguments],  # noqa: S607
                stdin=source,
                capture_output=True,
                start_new_session=True,
                timeout=_SECONDS,
                check=False,
            )
    except FileNotFoundError as error:
        if error.filename == "ssh-keygen":
            raise missing() from error
        raise BenchError(f"{error.filename}: cannot be read: {error.strerror}") from error
    except OSError as error:
        raise BenchError(f"{error.filename or 'ssh-keygen'}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"ssh-keygen gave no answer within {_SECONDS} s") from error


def _named(path: Path) -> str:
    return str(path.absolute())  # a name that begins with a dash is no option then


def _must_be_file(key: Path) -> None:
    if not key.is_file():
        raise UsageError(f"{key}: there is no such key", hint="make one: ssh-keygen -t ed25519 -f tester")


def _armored(blob: bytes) -> bytes:
    encoded = base64.b64encode(blob)
    lines = [encoded[start : start + _COLUMNS] + b"\n" for start in range(0, len(encoded), _COLUMNS)]
    return b"".join([_BEGIN, *lines, _END])


def _is_canonical(signed: bytes) -> bool:
    """Return whether no other bytes say the same: an Ed25519 signature counts its number modulo the curve's order."""
    fields = _Fields(signed)
    kind, value = fields.text(), fields.text()
    if kind not in {b"ssh-ed25519", b"sk-ssh-ed25519@openssh.com"}:
        return True
    return len(value) == 64 and int.from_bytes(value[32:], "little") < _ED25519_ORDER


class _Fields:
    """The fields of SSH's wire format, one after the other. Source: RFC 4251, 5."""

    def __init__(self, data: bytes) -> None:
        self._rest = data

    def take(self, count: int) -> bytes:
        if count > len(self._rest):
            raise BrokenSignatureError("is truncated inside")
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def text(self) -> bytes:
        return self.take(self.number())

    def end(self) -> None:
        if self._rest:
            raise BrokenSignatureError("has more inside than a signature")
