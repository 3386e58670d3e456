"""What a run on a board has for itself on this machine: what is locked, and what boards of a campaign do not share."""

import os
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from harness.board.models import BoardFile
from harness.board.opening.opener import adapters_of, occupies
from harness.errors import HarnessError
from harness.web.exposure import is_loopback

_USUAL_PORTS = {"http": 80, "https": 443}


def locked(board: BoardFile) -> list[str]:
    """Return what the kernel locks for a run on a board, in words that are equal for equal things.

    Whole adapters are among it: two chips on one bus have names of their own, but one that hangs would spoil the other,
    whoever runs it. A board of simulated transports only occupies nothing, unless its board file names a port to listen
    on, so any number of runs may use it at once.

    Raises:
        HarnessError: as `occupies`.
    """
    names: list[str] = []
    for settings in board.transports.values():
        names += (*occupies(settings, board.folder), *adapters_of(settings, board.folder))
    names += [place for one in board.controllers.values() for place in one.occupies()]
    names += _ports(board)
    if names:
        names.append(f"board {board.name}")
    return list(dict.fromkeys([*names, *_devices(names)]))


def kept_apart(board: BoardFile) -> tuple[str, ...]:
    """Return what no two boards of a campaign may use at once: what is locked, and the devices that it leads to.

    What cannot be told, as an adapter that is not plugged in, is left out: the run itself says what is wrong with it.
    """
    names: set[str] = set()
    for settings in board.transports.values():
        try:
            names.update(occupies(settings, board.folder), adapters_of(settings, board.folder))
        except HarnessError:
            continue
    for one in board.controllers.values():
        names.update(one.occupies())
    names.update(_ports(board))
    if names:
        names.add(f"board {board.name}")
    return tuple(sorted({*names, *_devices(names)}))


def overlap(one: Iterable[str], other: Iterable[str]) -> list[str]:
    """Return those of `one` that are the same as one of `other`, a part of it, or its whole.

    A part is named by the name of the whole, a blank and more: `hub 1-1` and `hub 1-1 port 2`. A part of what is
    returned already is not.
    """
    others = tuple(other)
    shared: list[str] = []
    for place in sorted(one):
        if any(place.startswith(f"{each} ") for each in shared):
            continue
        if any(
            place == each or place.startswith(f"{each} ") or each.startswith(f"{place} ") for each in others
        ):
            shared.append(place)
    return shared


def _ports(board: BoardFile) -> Iterator[str]:
    """Give the TCP ports on which a run listens, or a server that it starts or asks, where the board file names them.

    A port is one place whatever address of this machine it is on: two listeners on one port are seldom meant.
    """
    chosen = [] if board.link is None else [board.link.port]
    if board.server is not None:
        chosen += [board.server.port, board.server.link_port, _port_of(board.server.trigger.url or "")]
    yield from sorted({f"port {port}" for port in chosen if port})


def _port_of(url: str) -> int:
    """Return the port of a URL that names this machine; 0 where it names another, or what a started server says."""
    try:
        address = urlsplit(url)
        port = address.port or _USUAL_PORTS.get(address.scheme, 0)
    except ValueError:
        return 0
    return port if is_loopback(address.hostname or "") else 0


def _devices(names: Iterable[str]) -> Iterator[str]:
    """Give the devices that names of another form lead to: a relay on a port and a console on it are one place."""
    for name in names:
        for word in name.split():
            if word.startswith("/dev/"):
                yield os.path.realpath(word)
