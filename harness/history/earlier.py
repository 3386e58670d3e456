"""What earlier runs of a board measured, from the index."""

from harness.history.noise import MOST
from harness.history.store import Store


def earlier_medians(store: Store, board: str, before: str) -> dict[tuple[str, str, str], list[float]]:
    """Return the medians of each measurement (scenario, name, unit) in the newest runs of a board before a moment.

    Args:
        store: The index.
        board: Name of the board.
        before: The moment, UTC, ISO 8601.
    """
    rows = store.connection.execute(
        "SELECT scenario, name, unit, median FROM measurement WHERE median IS NOT NULL AND run IN "
        "(SELECT id FROM run WHERE board = ? AND problem = '' AND NOT altered AND NOT apart "
        "AND started < ? AND started != '' ORDER BY started DESC LIMIT ?)",
        (board, before, MOST),
    )
    found: dict[tuple[str, str, str], list[float]] = {}
    for scenario, name, unit, median in rows:
        found.setdefault((scenario, name, unit), []).append(median)
    return found
