"""What a campaign takes at a lab's coordinator, and what became of it, as a bench keeps it for whoever looks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.disk import write_whole
from harness.lab.names import BenchFolder

_LARGEST = 1 << 22


@dataclass(frozen=True, slots=True)
class Claim:
    """What is to be taken at the coordinator.

    Attributes:
        coordinator: HOST:PORT, as this bench reaches it.
        user: Who takes it, as others see it.
        places: The place of each board.
        wait: Seconds to wait for places.
    """

    coordinator: str
    user: str
    places: Mapping[str, str]
    wait: float


def claim_of(told: Mapping[str, Any]) -> Claim | None:
    """Return the claim that the note of a campaign tells; None when it tells none."""
    places, wait = told.get("places"), told.get("wait")
    if not isinstance(places, dict) or not isinstance(wait, int | float):
        return None
    pairs = {str(board): str(place) for board, place in places.items()}
    return Claim(str(told.get("coordinator")), str(told.get("user")), pairs, float(wait))


def write_places(
    lab: BenchFolder,
    name: str,
    *,
    waits: bool,
    refused: Mapping[str, str] | None = None,
    clashes: Mapping[str, str] | None = None,
) -> None:
    """Keep what became of the places of a campaign.

    Args:
        lab: What this bench keeps.
        name: The campaign.
        waits: Whether places are still waited for.
        refused: Why a board has none, by board.
        clashes: Who else has the place of a board that runs here, by board.

    Raises:
        BenchError: The disk refuses.
    """
    told = {"waits": waits, "refused": dict(refused or {}), "clashes": dict(clashes or {})}
    write_whole(lab.places(name), json.dumps(told).encode())


def places_note(lab: BenchFolder, name: str) -> dict[str, object]:
    """Return what became of the places of a campaign; empty when it takes none, or nothing is known yet."""
    try:
        with lab.places(name).open("rb") as file:
            told = json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
