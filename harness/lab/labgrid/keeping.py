"""The places of a campaign at the lab's coordinator, from before its boards run until they have ended.

They are courtesy and queue. When the coordinator is away the runs go on; when it has forgotten them they are taken
again; when another has one meanwhile that is told, and the kernel's lock on the board decides.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from harness.errors import BenchError
from harness.lab.labgrid.coordinator import Coordinator, CoordinatorGoneError, RefusedError

_AGAIN_S = 1.0
_LOOK_S = 2.0


class Keeper:
    """Takes and keeps places for boards.

    Args:
        address: HOST:PORT of the coordinator.
        user: Who takes them, as others see it: `HOST/CAMPAIGN`.
        places: The place of each board.
        on_clash: Told once for each place that another has although a board of ours runs there.
    """

    def __init__(
        self, address: str, user: str, places: Mapping[str, str], on_clash: Callable[[str, str], None]
    ) -> None:
        self._address = address
        self._user = user
        self._places = dict(places)
        self._on_clash = on_clash
        self._held: set[str] = set()
        self._clashed: set[str] = set()
        self._unknown: set[str] = set()
        self._connection: Coordinator | None = None
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="places", daemon=True)

    def take(self, wait: float, stopped: Callable[[], bool]) -> dict[str, str]:
        """Take the place of each board; return why, for those that could not be had.

        Args:
            wait: Seconds to wait for places that others have, and for a coordinator or an exporter that is away.
            stopped: Whether nobody wants them any more.
        """
        deadline = time.monotonic() + wait
        missing = dict.fromkeys(self._places, "")
        while True:
            for board in list(missing):
                if stopped() or time.monotonic() > deadline:
                    break  # a hung exporter holds every call up for seconds, and there may be hundreds
                why = self._try(board)
                if why:
                    missing[board] = why
                else:
                    del missing[board]
                    self._held.add(board)
            if stopped():
                return dict.fromkeys(self._places, "the campaign was stopped before it had its places")
            if missing.keys() <= self._unknown or time.monotonic() > deadline:
                late = f"not asked for within {wait:.0f} s: the coordinator answers slowly"
                return {board: why or late for board, why in missing.items()}
            time.sleep(_AGAIN_S)

    def keep(self) -> None:
        """Look after the places that are held from now on, in a thread."""
        self._thread.start()

    def release(self, board: str) -> None:
        """Give the place of a board up: it has ended."""
        with self._lock:
            if board not in self._held:
                return
            self._held.discard(board)
            with suppress(BenchError):
                self._connected().release(self._places[board], self._user)

    def close(self) -> None:
        """Give all places up. What cannot be given up now is freed by `harness lab reap`."""
        self._ending.set()
        for board in sorted(self._held):
            self.release(board)
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _try(self, board: str) -> str:
        place = self._places[board]
        try:
            with self._lock:
                self._connected().acquire(place)
        except RefusedError as error:
            return self._who_has(place) or error.message
        except CoordinatorGoneError as error:
            self._drop()
            return error.message
        return ""

    def _who_has(self, place: str) -> str:
        with suppress(BenchError), self._lock:
            told = self._connected().places().get(place)
            if told is None:
                self._unknown.add(next(board for board, one in self._places.items() if one == place))
                return f"the coordinator has no place {place}"
            if told.acquired == self._user:
                return f"place {place} is in our hands already, and was not taken by this process"
            if told.acquired:
                return f"place {place} is held by {told.acquired}"
        return ""

    def _keep(self) -> None:
        while not self._ending.wait(_LOOK_S):
            try:
                with self._lock:
                    self._look()
            except RefusedError:
                continue  # somebody was faster, which the next look shows
            except CoordinatorGoneError:
                self._drop()

    def _look(self) -> None:
        """See that the places are held, and take those again that the coordinator has forgotten."""
        connection = self._connected()
        places = connection.places()
        for board in sorted(self._held):
            place = places.get(self._places[board])
            if place is None or place.acquired == self._user:
                continue
            if not place.acquired:
                with suppress(RefusedError):
                    connection.acquire(place.name)
            elif place.name not in self._clashed:
                self._clashed.add(place.name)
                self._on_clash(board, place.acquired)

    def _connected(self) -> Coordinator:
        if self._connection is None:
            self._connection = Coordinator(self._address, self._user)
        return self._connection

    def _drop(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
