"""The device's side of hex lines: one hex APDU a line in, one hex line out.

Spaces, tabs and lower case are taken; CR, LF and CRLF all end a line; blank lines are nothing. A line that
is no hex APDU is answered with 6F00, and the simulator reports the reason.
"""

from collections.abc import Callable, Iterator

from harness.simulator.bus.stream import Output, StreamDevice
from harness.simulator.chip.model import ChipSession
from harness.simulator.chip.status import Sw

_MOST = 4096  # characters in a line; a short APDU has 522 at most
_SHOWN = 40

Complain = Callable[[str], None]


def ignore(message: str) -> None:
    """Watch nothing."""
    del message


class HexLineChip(StreamDevice):
    """One session of a chip behind hex lines.

    Args:
        session: The chip session.
        complain: Gets one line for each line that was no hex APDU.
    """

    def __init__(self, session: ChipSession, complain: Complain = ignore) -> None:
        self._session = session
        self._complain = complain
        self._line = bytearray()
        self._too_long = False

    def receive(self, data: bytes) -> Iterator[Output]:
        """Take bytes and yield one answer line for each line that they end."""
        for byte in data:
            if byte not in b"\r\n":
                if len(self._line) < _MOST:
                    self._line.append(byte)
                else:
                    self._too_long = True
                continue
            line, too_long = bytes(self._line), self._too_long
            self._line.clear()
            self._too_long = False
            if too_long:
                yield self._refuse(f"line longer than {_MOST} characters")
            elif line.strip():
                yield self._answer(line)

    def _answer(self, line: bytes) -> Output:
        try:
            command = bytes.fromhex(line.decode("ascii"))
        except ValueError:
            return self._refuse(f"not hex: {line[:_SHOWN]!r}")
        pause = self._session.delay(command)
        return Output(_line(self._session.process(command)), pause)

    def _refuse(self, why: str) -> Output:
        self._complain(why)
        return Output(_line(Sw.UNKNOWN.to_bytes(2)))


def _line(answer: bytes) -> bytes:
    return answer.hex().upper().encode() + b"\n"
