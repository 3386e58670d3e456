"""Who can reach a listener: which hosts are this computer, and what is asked for beyond it."""

import ipaddress

from harness.errors import UsageError


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this computer itself; no name is looked up."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_protected(*, token: bool, tls: bool) -> None:
    """Check what pages need that other computers can reach.

    Args:
        token: They ask for a token.
        tls: They speak TLS, so that nobody on the way reads it.

    Raises:
        UsageError: One of the two is missing.
    """
    if not token:
        raise UsageError(
            "pages that are served beyond this computer need a token",
            hint="give one with --token-file, or listen on 127.0.0.1 and forward the port with ssh",
        )
    if not tls:
        raise UsageError(
            "pages that are served beyond this computer need TLS: their token could be read on the way",
            hint="give --tls, or a certificate with --tls-cert and --tls-key, or listen on 127.0.0.1",
        )
