"""Who can reach a listener: which hosts are this computer, and what is asked for beyond it."""

import ipaddress
from contextlib import suppress
from pathlib import Path

from harness.errors import UsageError

_IPV4 = Path("/proc/net/fib_trie")
_IPV6 = Path("/proc/net/if_inet6")
_GLOBAL = "00"


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


def addresses(host: str) -> list[str]:
    """Return the addresses under which other computers reach a listener, as the kernel has them; nothing is asked for.

    Args:
        host: Where it listens: all addresses of this computer for `0.0.0.0` and `::`, else this one.
    """
    where = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    if not where.is_unspecified:
        return [str(where)]
    found: dict[str, None] = {}
    last = ""
    with suppress(OSError, ValueError):
        for line in _IPV4.read_text().splitlines():
            words = line.split()
            if words[:1] == ["|--"]:
                last = words[1]
            elif words[:3] == ["/32", "host", "LOCAL"] and not ipaddress.ip_address(last).is_loopback:
                found[last] = None
    if where.version == 6:
        with suppress(OSError, ValueError, IndexError):
            for line in _IPV6.read_text().splitlines():
                digits, _, _, scope, *_ = line.split()
                if scope == _GLOBAL:
                    found[str(ipaddress.ip_address(bytes.fromhex(digits)))] = None
    return list(found)
