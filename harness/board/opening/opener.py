"""Makes the transports of a board, and says what each one occupies on this machine."""

from pathlib import Path

from harness.board.models import BoardFile
from harness.board.opening.resolve import Resolver
from harness.errors import HarnessError, ToolError, UsageError
from harness.kinds import asking, made_by
from harness.settings.link_flash import LinkFlash
from harness.transport.base import Transport
from harness.transport.kind import TransportContext, TransportKind


def make_transport(
    board: BoardFile, name: str, resolver: Resolver, flash: LinkFlash | None = None
) -> Transport:
    """Return one transport of a board, not yet opened.

    Args:
        board: The board file.
        name: Name of the transport in it.
        resolver: Finds the keys of simulated devices.
        flash: The flash of a simulated board with a link; an empty one when left out.

    Raises:
        UsageError: There is no such transport, or its settings ask for something that cannot be.
        BenchError: The USB adapter that is named is not plugged in.
    """
    settings = board.transports.get(name)
    if settings is None:
        raise UsageError(f"the board has no transport {name!r}; it has {', '.join(board.transports)}")
    try:
        context = context_of(board, name, resolver, flash)
        what = f"transport kind {settings.kind!r}: its transport"
        return made_by(settings, lambda: settings.make(context), Transport, what)  # type: ignore[type-abstract]  # a sort
    except HarnessError as error:
        error.at(board=board.name, transport=name)
        raise


def context_of(
    board: BoardFile, name: str, resolver: Resolver, flash: LinkFlash | None = None
) -> TransportContext:
    """Return what a transport of a board is made for; the arguments are those of `make_transport`."""
    return TransportContext(
        name=name,
        folder=board.folder,
        board=board.name,
        carrier=board.plan.carrier,
        key_type=board.plan.key_type,
        link=board.link,
        flash=LinkFlash() if flash is None else flash,
        simulated_key=lambda device: resolver.simulated_key(device, name),
    )


def occupies(settings: TransportKind, folder: Path) -> tuple[str, ...]:
    """Return what the transport occupies on this machine, in words that are equal for equal things.

    Raises:
        BenchError: The USB adapter or reader that is named is not plugged in.
        UsageError: Several have that identity.
        ToolError: The kind, of another package, does not answer with a tuple of texts.
    """
    with asking(settings, f"transport kind {settings.kind!r} cannot say what it occupies"):
        found: object = settings.occupies(folder)
    if not isinstance(found, tuple) or not all(isinstance(place, str) and place for place in found):
        raise ToolError(
            f"transport kind {settings.kind!r} does not say what it occupies: {type(settings).__name__}.occupies "
            f"returned {found!r:.60}",
            hint="return a tuple of texts, or NOTHING of harness.transport.kind; without it there would be no lock",
        )
    return found


def adapters_of(settings: TransportKind, folder: Path) -> tuple[str, ...]:
    """Return the adapters that the transport goes through, which others may share with it.

    Raises:
        HarnessError: As `occupies`.
    """
    with asking(settings, f"transport kind {settings.kind!r} cannot say which adapter it uses"):
        found: object = settings.adapters(folder)
    return tuple(place for place in found if isinstance(place, str)) if isinstance(found, tuple) else ()
