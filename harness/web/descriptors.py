"""How many connections the process has file descriptors for."""

import resource
from pathlib import Path

_LEAST_RESERVE = 16
_RESERVE = 64
_ASSUMED = 32


def connections_at_once(each: int) -> int | None:
    """Return for how many connections there is room, with a reserve for all else: store, log, broker.

    Args:
        each: Descriptors that one connection takes: 2 where it is passed on over a second one.

    Returns:
        At least 1; None when the system sets no limit.
    """
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    reserve = max(_LEAST_RESERVE, min(_RESERVE, limit // 4))
    return max(1, (limit - _used() - reserve) // each)


def _used() -> int:
    try:
        return sum(1 for _ in Path("/dev/fd").iterdir())
    except OSError:
        return _ASSUMED
