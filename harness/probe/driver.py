"""The SE driver of a board, called through its probe: what the vendor's adapter calls to reach the chip.

Source: docs/probe-protocol.md, group driver; SDK 3.1.0 modules/irot/se/inc/se_driver.h.
"""

from enum import IntEnum

from harness.probe.link import Answer, ProbeLink

LARGEST_ANSWER = 258
"""Bytes of the longest answer: 256 and the status word. Source: device-protocol.md e.2, adapter rules."""

LONGEST_S = 60.0
"""Seconds within which each function must be over: the vendor's driver gives up after 8 s, for each of a few frames."""


class Handle(IntEnum):
    """Which handle the driver is given; the number is that of the protocol."""

    OPENED = 0  # the one that was opened last
    NULL = 1
    STRANGE = 2  # a pointer to memory that the driver never gave


class SeDriver:
    """The functions se_open_session, se_transmit and se_close_session.

    Every method may raise what `ProbeLink.call` raises.

    Args:
        link: The probe.
    """

    def __init__(self, link: ProbeLink) -> None:
        self._link = link

    def open(self) -> int:
        """Call se_open_session and return its code; the probe keeps the handle."""
        return self._link.call("sop", limit=LONGEST_S).rc

    def transmit(self, command: bytes, size: int = LARGEST_ANSWER, handle: Handle = Handle.OPENED) -> Answer:
        """Call se_transmit with a whole APDU.

        Args:
            command: The command APDU.
            size: Bytes of the buffer for the answer.
            handle: Which handle it is given.

        Returns:
            The code; the length that the driver reported; the answer with its status word.
        """
        return self._link.call("trx", a=command, out=size, k=handle, limit=LONGEST_S)

    def close(self) -> int:
        """Call se_close_session with the handle that was opened last and return its code."""
        return self._link.call("scl", k=Handle.OPENED, limit=LONGEST_S).rc
