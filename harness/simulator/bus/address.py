"""Where a simulator listens: `tcp:HOST:PORT`, `unix:PATH` or `pty`."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchError, UsageError

_TCP = re.compile(r"tcp:(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^:\[\]]+):(?P<port>\d{1,5})")
_LONGEST_PATH = 107  # bytes; the kernel's limit


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A TCP port; port 0 takes any free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"tcp:{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A Unix socket."""

    path: Path

    def __str__(self) -> str:
        return f"unix:{self.path}"


@dataclass(frozen=True, slots=True)
class PtyAddress:
    """A pseudo-terminal, with a link to it or without."""

    link: Path | None = None

    def __str__(self) -> str:
        return "pty" if self.link is None else f"pty:{self.link}"


Address = TcpAddress | UnixAddress | PtyAddress


def parse_address(text: str) -> Address:
    """Read an address.

    Raises:
        UsageError: none of the three forms.
    """
    if text == "pty":
        return PtyAddress()
    kind, _, rest = text.partition(":")
    if kind == "pty" and rest:
        return PtyAddress(Path(rest))
    if kind == "unix" and rest:
        if len(rest.encode()) > _LONGEST_PATH:
            raise UsageError(f"{text[:40]!a}…: a socket path has at most {_LONGEST_PATH} bytes")
        return UnixAddress(Path(rest))
    found = _TCP.fullmatch(text)
    if found and int(found["port"]) <= 65535:
        return TcpAddress(found["host"].strip("[]"), int(found["port"]))
    raise UsageError(
        f"{text[:60]!a} is no address to listen at", hint="write tcp:HOST:PORT, unix:PATH or pty"
    )


def require_loopback(address: Address) -> None:
    """Refuse a TCP address that other machines can reach.

    Raises:
        UsageError: it is one.
        BenchError: the host name is unknown.
    """
    if not isinstance(address, TcpAddress):
        return
    for _, place in lookup(address):
        if not ipaddress.ip_address(str(place[0]).split("%")[0]).is_loopback:
            raise UsageError(
                f"{address}: other machines could reach the simulated device",
                hint="listen at 127.0.0.1, or say --allow-remote",
            )


def lookup(address: TcpAddress) -> list[tuple[int, tuple[object, ...]]]:
    """Return what the system knows of the host: address family and socket address, the first one to be used.

    Raises:
        BenchError: the host name is unknown.
    """
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise BenchError(f"{address}: {error}", hint="write an address such as 127.0.0.1") from error
    return [(int(family), place) for family, _, _, _, place in found]
