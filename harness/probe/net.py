"""The TCP connections of a board's OSA, called through its probe.

Source: docs/probe-protocol.md, group net; SDK 3.1.0 include/osa/ls_osa.h.
"""

from collections.abc import Callable
from dataclasses import dataclass

from harness.hostload import Duration
from harness.probe.link import ProbeLink
from harness.probe.timing import timed

TCP = 0

_CONNECT_S = 90.0  # a stack that asks again and again for a minute has an answer then
_SEND_S = 30.0


@dataclass(frozen=True, slots=True)
class Received:
    """What ls_osa_net_recv came to.

    Attributes:
        rc: What it returned.
        data: What arrived.
        took: Seconds from before the call was sent until its answer had come.
    """

    rc: int
    data: bytes
    took: Duration


class Net:
    """The network functions of a board.

    Args:
        link: The probe of the board.
        now: Monotonic seconds.
    """

    def __init__(self, link: ProbeLink, now: Callable[[], float]) -> None:
        self._link = link
        self._now = now

    @property
    def piece(self) -> int:
        """Most bytes of one send."""
        return self._link.hello.slots[0]

    def connect(self, name: str, port: int) -> int:
        """Open a TCP connection; return its descriptor, or a negative number when there is none.

        Args:
            name: Name or address of the far end.
            port: Its port.
        """
        return self._link.call("con", c=name.encode("ascii"), k=port, m=TCP, limit=_CONNECT_S).rc

    def send(self, connection: int, data: bytes, times: int = 1) -> int:
        """Send `data` so many times; return how many bytes went by the board's word, or a negative number.

        Args:
            connection: Its descriptor.
            data: At most `piece` bytes.
            times: How often.
        """
        answer = self._link.call("snd", k=connection, a=data, n=times, limit=_SEND_S)
        return answer.rc if answer.rc < 0 else answer.length

    def receive(self, connection: int, size: int, timeout_ms: int) -> Received:
        """Receive what arrives within a time.

        Args:
            connection: Its descriptor.
            size: Most bytes.
            timeout_ms: Milliseconds; not 0, which is for ever.
        """
        size = min(size, self._link.hello.result)
        limit = timeout_ms / 1000 + _SEND_S
        answer, took = timed(
            self._now, lambda: self._link.call("rcv", k=connection, m=timeout_ms, out=size, limit=limit)
        )
        return Received(answer.rc, answer.data, took)

    def disconnect(self, connection: int) -> None:
        """Close a connection.

        Args:
            connection: Its descriptor.
        """
        self._link.call("dis", k=connection)
