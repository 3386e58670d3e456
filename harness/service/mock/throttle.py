"""The gateway's flow control: how many calls one AccessKey may make in a second of the service's clock."""

from harness.service.mock.stopped import Stopped

_SECOND_MS = 1000
_MAX_CALLERS = 1024


class Throttle:
    """Counts the calls of each AccessKey in the running second; used inside the store's transactions only."""

    def __init__(self) -> None:
        self._second = 0
        self._counts: dict[str, int] = {}

    def check(self, access_key_id: str, limit: int, now_ms: int) -> None:
        """Count one call.

        Raises:
            Stopped: Throttling.User, with the time until the next second.
        """
        second = now_ms // _SECOND_MS
        if second != self._second or len(self._counts) > _MAX_CALLERS:
            self._second = second
            self._counts.clear()
        count = self._counts.get(access_key_id, 0)
        if count >= limit:
            raise Stopped(
                400,
                "Throttling.User",
                "Request was denied due to user flow control.",
                retry_after_ms=_SECOND_MS - now_ms % _SECOND_MS,
            )
        self._counts[access_key_id] = count + 1
