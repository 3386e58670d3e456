"""Which part of a board needs what from which transport: checked before any hardware is opened."""

from dataclasses import dataclass

from harness.board.models import BoardFile
from harness.settings.problems import Loc, Problem
from harness.settings.suggest import meant
from harness.transport.base import Capability
from harness.transport.kinds import TRANSPORTS


@dataclass(frozen=True, slots=True)
class Need:
    """What one part of a board needs.

    Attributes:
        part: `chip`, `console` or `carrier`.
        transport: Name of the transport that the part uses.
        capabilities: What that transport must carry.
        because: Why, e.g. `framing fm1280`.
        loc: The field that makes the need.
    """

    part: str
    transport: str
    capabilities: frozenset[Capability]
    because: str
    loc: Loc


def needs(board: BoardFile) -> tuple[Need, ...]:
    """Return what the parts of `board` need, in the order chip, console, carrier."""
    found = []
    if board.chip and board.chip.transport is not None:
        carried = board.chip.framing_kind.needs()
        found.append(
            Need("chip", board.chip.transport, carried, f"framing {board.chip.framing}", ("chip", "framing"))
        )
    if board.console:
        carried = frozenset({Capability.STREAM})
        found.append(Need("console", board.console.transport, carried, "a console", ("console", "transport")))
    if board.carrier:
        found += [
            Need(
                "carrier",
                need.transport,
                need.capabilities,
                f"carrier {board.carrier.kind}",
                ("carrier", need.field),
            )
            for need in board.carrier.needs()
        ]
    return tuple(found)


def unmet(board: BoardFile) -> list[Problem]:
    """Return every need that no transport of the board meets, each saying needed versus supplied."""
    found = []
    for need in needs(board):
        settings = board.transports.get(need.transport)
        if settings is None:
            loc = need.loc if need.part == "carrier" else (need.part, "transport")
            found.append(Problem(loc, _unknown_transport(need.transport, board)))
            continue
        has = settings.supplies()
        if not need.capabilities <= has:
            wanted = ", ".join(sorted(need.capabilities))
            kinds = ", ".join(
                name for name, kind in TRANSPORTS.all().items() if need.capabilities <= kind.can_supply()
            )
            found.append(
                Problem(
                    need.loc,
                    f"{need.because} needs {wanted}; transport {need.transport!r} of kind {settings.kind} "
                    f"supplies {', '.join(sorted(has))}; kinds that supply {wanted}: {kinds or 'none yet'}",
                )
            )
    return found


def _unknown_transport(name: str, board: BoardFile) -> str:
    names = tuple(board.transports)
    return f"there is no transport {name!r}{meant(name, names)} transports: {', '.join(names)}"
