"""What the commands that serve pages share: address, TLS, token, and being told to stop."""

import contextlib
import signal
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.secret import Secret
    from harness.web.tls import Tls

_TOKEN_MIN = 16


def check_host(host: str) -> None:
    """Check what `--host` names.

    Raises:
        UsageError: It is no address, nor localhost.
    """
    import ipaddress

    from harness.errors import UsageError

    if host == "localhost":
        return
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise UsageError(
            f"--host {host!r} is not an address of this computer",
            hint="give an IP address, for example 127.0.0.1, or 0.0.0.0 for all of them",
        ) from None


def tls_of(
    *,
    wanted: bool | None,
    beyond: bool,
    cert: Path | None,
    key: Path | None,
    ca: Path | None,
    host: str,
    names: Iterable[str] = (),
) -> "Tls | None":
    """Return what a TLS listener needs; None for no TLS.

    Args:
        wanted: What `--tls` says; None for the default, which is TLS beyond this computer.
        beyond: Whether other computers can reach the listener.
        cert: File of the certificate; None has one made.
        key: File of its key.
        ca: Where the certificate goes that clients have to trust.
        host: Where the listener listens.
        names: Further host names under which people open it: a certificate that is made is for them, too.

    Raises:
        UsageError: The options do not go together, or a file cannot be used.
    """
    from harness.errors import UsageError

    if (cert is None) != (key is None):
        raise UsageError("--tls-cert and --tls-key belong together: one is missing")
    if wanted is False and cert is not None:
        raise UsageError("--no-tls and --tls-cert contradict each other", hint="leave one of them out")
    if not (beyond if wanted is None else wanted) and cert is None:
        if ca is not None:
            raise UsageError("--tls-ca needs --tls: without TLS there is no certificate")
        return None
    from harness.web.exposure import addresses
    from harness.web.tls import Tls

    made = (
        Tls.from_files(cert, key)
        if cert is not None and key is not None
        else Tls.made(host, *addresses(host), *names)
    )
    if ca is not None:
        try:
            ca.write_bytes(made.ca_pem)
        except OSError as error:
            raise UsageError(f"--tls-ca {ca} cannot be written: {error.strerror}") from None
    return made


def token_of(path: Path | None, *, needed: bool) -> "tuple[Secret | None, bool]":
    """Return the token that people must show, and whether it was made up here.

    Args:
        path: The file that holds it; None has one made up when it is needed.
        needed: Whether there must be one.

    Raises:
        UsageError: The file cannot be used.
    """
    from harness.errors import UsageError
    from harness.secret import Secret

    if path is None:
        if not needed:
            return None, False
        import secrets

        return Secret(secrets.token_urlsafe(24)), True
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(f"token file {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"token file {path} is not text") from None
    if len(text) < _TOKEN_MIN or not text.isprintable() or " " in text:
        raise UsageError(f"token file {path} must hold one word of {_TOKEN_MIN} characters or more")
    return Secret(text), False


def tell_where(address: str, host: str, names: Iterable[str]) -> None:
    """Say on stderr where other computers find what listens on all addresses, which is no address to open.

    Args:
        address: Where it listens.
        host: The host in it.
        names: Further host names of it.
    """
    import ipaddress
    import sys

    from harness.web.exposure import addresses

    if host == "localhost" or not ipaddress.ip_address(host).is_unspecified:
        return
    scheme, port = address.partition("://")[0], address.rpartition(":")[2]
    for each in (*names, *addresses(host)):
        print(f"open {scheme}://{f'[{each}]' if ':' in each else each}:{port}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """Give an event that SIGTERM or Ctrl-C sets, instead of ending the process where it stands."""
    told = threading.Event()
    before = {
        number: signal.signal(number, lambda _number, _frame: told.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
