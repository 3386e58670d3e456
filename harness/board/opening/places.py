"""What a run on a board has for itself on this machine: what is locked, and what boards of a campaign do not share."""

import os
from collections.abc import Iterable, Iterator

from harness.board.models import BoardFile
from harness.board.opening.opener import adapters_of, occupies
from harness.errors import HarnessError


def locked(board: BoardFile) -> list[str]:
    """Return what the kernel locks for a run on a board, in words that are equal for equal things.

    A board of simulated transports only occupies nothing, unless its link has a port of its own, so any number of runs
    may use it at once.

    Raises:
        HarnessError: as `occupies`.
    """
    names = [place for settings in board.transports.values() for place in occupies(settings, board.folder)]
    names += [place for one in board.controllers.values() for place in one.occupies()]
    if board.link is not None and board.link.port:
        names.append(f"port {board.link.port}")
    if names:
        names.append(f"board {board.name}")
    return names


def kept_apart(board: BoardFile) -> tuple[str, ...]:
    """Return what no two boards of a campaign may use at once: what is locked, and whole adapters beside.

    Two chips on one bus have locks of their own, but one that hangs would spoil the other. What cannot be told, as an
    adapter that is not plugged in, is left out: the run itself says what is wrong with it.
    """
    names: set[str] = set()
    for settings in board.transports.values():
        try:
            names.update(occupies(settings, board.folder), adapters_of(settings, board.folder))
        except HarnessError:
            continue
    for one in board.controllers.values():
        names.update(one.occupies())
    if board.link is not None and board.link.port:
        names.add(f"port {board.link.port}")
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


def _devices(names: Iterable[str]) -> Iterator[str]:
    """Give the devices that names of another form lead to: a relay on a port and a console on it are one place."""
    for name in names:
        for word in name.split():
            if word.startswith("/dev/"):
                yield os.path.realpath(word)
