"""Whether memory is lost: by how many blocks can be had before and after.

Other parts of a firmware take memory too, so one count says little. A leak loses again each time.

Source: SDK 3.1.0 include/osa/ls_osa.h; docs/port.md.
"""

from collections.abc import Sequence
from itertools import pairwise

ROUNDS = 3
"""Counts after the first one: a leak must show in each."""


def leak_problems(counts: Sequence[int], size: int, what: str) -> list[str]:
    """Return how memory gets lost; empty when it does not.

    Args:
        counts: Blocks that could be had at first, and after each of `ROUNDS` rounds of the same work.
        size: Bytes of a block.
        what: The work of a round.
    """
    if not counts[0]:
        return [f"before {what} not one block of {size} bytes could be had"]
    if all(later < earlier or not earlier for earlier, later in pairwise(counts)):
        lost = (counts[0] - counts[-1]) // (len(counts) - 1)
        could = ", ".join(map(str, counts))
        return [
            f"{what} loses memory each time, about {lost * size} bytes: {could} blocks of {size} could be had"
        ]
    return []
