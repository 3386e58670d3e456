"""What keeps an official report from coming of a board: it is for development only, or not there at all."""

from collections.abc import Iterator

from harness.board.models import BoardFile, PlannedCarrier
from harness.board.opening.resolve import Resolver
from harness.board.reading import checks
from harness.errors import UsageError
from harness.id2 import published
from harness.id2.keys import Key


def development(board: BoardFile) -> list[str]:
    """Return why a device is for development only, whoever runs it; nothing is opened and no key is read."""
    found = []
    if board.plan.carrier is PlannedCarrier.DEMO:
        found.append("plan.carrier: demo is the SDK's carrier for debugging, whose key is in the firmware")
    key_type = checks.published_key_type(board)
    if key_type is not None:
        found.append(f"device.key: it is the debug key of type {key_type} that the vendor published")
    elif checks.expected_id(board) in published.IDENTIFIERS:
        found.append("device.id: the vendor published it together with its debug key")
    return found


def objections(board: BoardFile) -> list[str]:
    """Return everything of a board that no official report may come of. Its key is read, the board is not touched.

    Raises:
        UsageError: The reference to the key leads nowhere.
    """
    found = development(board)
    if board.device.key is not None and not found:
        key = Resolver(board).device_key()
        if key is not None and _is_published(key):
            found.append("device.key: it is a debug key that the vendor published")
    return [*found, *_stand_ins(board)]


def _stand_ins(board: BoardFile) -> Iterator[str]:
    for name, stand_in in board.stand_ins.items():
        yield f"transports.{name}: the device behind it is {stand_in}, no board"


def _is_published(key: Key) -> bool:
    return any(
        key.key_type is known.key.key_type
        and (key.public == known.key.public if key.public else key.reveal() == known.key.reveal())
        for known in published.EVERY
    )


def require(board: BoardFile, further: list[str]) -> None:
    """Refuse a board, or a way to run it, that no official report may come of.

    Args:
        board: The board.
        further: What is against it beside the board file.

    Raises:
        UsageError: There is something; all of it is told.
    """
    if against := [*objections(board), *further]:
        told = "".join(f"\n  {each}" for each in against)
        raise UsageError(
            f"{board.source.path or board.name}: no official report may come of it:{told}",
            hint="leave --official out: a development run judges the same and says so in its report",
        )
