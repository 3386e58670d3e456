"""Time stamps of an outside service over a signature (RFC 3161), by openssl: the signature was there at that moment."""

import hashlib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from harness.disk import write_whole
from harness.errors import BenchError, ServiceError, UsageError

_SECONDS = 30
_LARGEST = 1 << 20
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"
_TIME = re.compile(r"^Time stamp: (.+)$", re.MULTILINE)
_HASH = re.compile(r"^    [0-9a-f]{4} - ((?:[0-9a-f]{2}[ -]){1,16})", re.MULTILINE)
_GRANTED = re.compile(r"^Status: Granted", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """What a token says: the moment, as openssl writes it, and the SHA-256 in hex of what was there."""

    moment: str
    sha256: str


def fetch(data: bytes, url: str) -> bytes:
    """Return a token of the service at `url` over `data`.

    Raises:
        UsageError: the address is none.
        ServiceError: the service cannot be reached, or gives no token for this.
        BenchError: there is no openssl.
    """
    import httpx  # noqa: PLC0415  # takes long, and few need it

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url}: is no address of a time stamp service", hint="give http://… or https://…")
    with TemporaryDirectory(prefix="harness-tsa-") as folder:
        source, query = Path(folder) / "data", Path(folder) / "query.tsq"
        write_whole(source, data)
        _openssl(["ts", "-query", "-data", str(source), "-sha256", "-cert", "-out", str(query)])
        try:
            answer = httpx.post(
                url, content=query.read_bytes(), headers={"Content-Type": _QUERY}, timeout=_SECONDS
            ).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceError(
                f"{url}: gave no time stamp: {error}",
                hint="try later, or seal without --tsa: it is never a condition",
            ) from error
        token = answer.content
    if len(token) > _LARGEST or read(token).sha256 != hashlib.sha256(data).hexdigest():
        raise ServiceError(f"{url}: gave a time stamp of something else")
    return token


def read(token: bytes, *, vouched: bool = False) -> TimeStamp:
    """Return what a token says, after a check that its service signed it, whoever that is.

    Args:
        token: The token.
        vouched: Whether `is_vouched` has checked that, and more, already.

    Raises:
        UsageError: it is no token, or was changed.
        BenchError: there is no openssl.
    """
    # openssl passes over what stands behind a reply. Source: X.690, 8.1.3: a long length, in two bytes here.
    if token[:2] != b"\x30\x82" or len(token) != 4 + int.from_bytes(token[2:4], "big"):
        raise UsageError("is no time stamp, or has bytes too few or too many")
    with TemporaryDirectory(prefix="harness-tsr-") as folder:
        reply, inner = Path(folder) / "reply.tsr", Path(folder) / "token.der"
        write_whole(reply, token)
        told = _openssl(["ts", "-reply", "-in", str(reply), "-text"])
        text = told.stdout.decode("utf-8", "replace")
        moment = _TIME.search(text)
        if vouched and moment is not None:
            return TimeStamp(moment[1].strip(), _imprint(text))
        _openssl(["ts", "-reply", "-in", str(reply), "-token_out", "-out", str(inner)])
        signed = _openssl(
            [
                "cms",
                "-verify",
                "-noverify",
                "-binary",
                "-inform",
                "DER",
                "-in",
                str(inner),
                "-out",
                "/dev/null",
            ]
        )
    if told.returncode or not _GRANTED.search(text) or moment is None or signed.returncode:
        raise UsageError("is no time stamp, or was changed")
    return TimeStamp(moment[1].strip(), _imprint(text))


def _imprint(text: str) -> str:
    """Return the hash that openssl prints as bytes in hex, 16 a line."""
    lines = _HASH.finditer(text.partition("Message data:")[2].partition("Serial")[0])
    return re.sub(r"[^0-9a-f]", "", "".join(found[1] for found in lines))


def is_vouched(data: Path, token: Path, roots: Path) -> bool:
    """Return whether one of the authorities in the PEM file `roots` vouches for the token over the file `data`.

    Raises:
        BenchError: there is no openssl.
    """
    command = ["ts", "-verify", "-data", str(data), "-in", str(token), "-CAfile", str(roots)]
    return _openssl(command).returncode == 0


def _openssl(arguments: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603  # openssl of this machine
            ["openssl", *arguments],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as error:
        raise BenchError("there is no openssl here", hint="install it: apt-get install openssl") from error
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"openssl gave no answer within {_SECONDS} s") from error
