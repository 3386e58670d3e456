"""A conversation with one chip: what T=0 asks for is done here, counted, logged and remembered."""

import logging
from collections import deque
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from harness.chip.apdu import MAX_LE, ApduError, Command, Response, shorten
from harness.chip.channel import ApduChannel
from harness.chip.errors import AnswerError, StatusError
from harness.errors import HarnessError

TRAFFIC = 7
"""Log level below DEBUG for every APDU; 5 is the TRACE of uvicorn, which would rename it."""

SDK_TRANSMISSIONS = 2
"""How many transmissions the vendor's adapter allows for one command. Source: device-protocol.md e.2."""

_MAX_TRANSMISSIONS = (
    40  # 64 KiB in GET RESPONSE answers of 256 bytes is more than any command here gives back
)
_GET_RESPONSE = 0xC0
_MORE_DATA = 0x61
_WRONG_LE = 0x6C

logging.addLevelName(TRAFFIC, "TRAFFIC")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the last command went over.

    Attributes:
        transmissions: How often something was sent for it.
        data_before_end: A 61xx or 6Cxx answer carried data, which the vendor's adapter does not handle.
    """

    transmissions: int = 0
    data_before_end: bool = False

    @property
    def sdk_could(self) -> bool:
        """Whether the vendor's adapter would have come through as well."""
        return self.transmissions <= SDK_TRANSMISSIONS and not self.data_before_end


class ChipSession:
    """Sends commands to a chip and follows what T=0 asks for.

    Args:
        channel: The way to the chip; the session does not open it, `with session:` does.
        history: How many exchanges are kept for error messages.

    Attributes:
        last: How the last `send` went over.
    """

    def __init__(self, channel: ApduChannel, *, history: int = 16) -> None:
        self.channel = channel
        self.last = Delivery()
        self._history: deque[tuple[bytes | str, bytes | str]] = deque(maxlen=history)

    def traffic(self) -> tuple[str, ...]:
        """Return the last exchanges, oldest first, each line printable; hidden data is left out."""
        return tuple(line for sent, got in self._history for line in (f"> {_hex(sent)}", f"< {_hex(got)}"))

    def send(self, command: Command) -> Response:
        """Send a command and return the whole answer, whatever its status word.

        61xx is followed by GET RESPONSE, as often as the chip asks; 6Cxx by the same command with that Le.

        Raises:
            AnswerError: shorter than a status word, longer than 258 bytes, or 61xx and 6Cxx without end.
            FramingError: the frame around an answer is broken or late.
            BenchError: nothing is heard from the chip, or the transport is gone.

        Source: device-protocol.md e.2.
        """
        collected = bytearray()
        sent, early = 0, False
        current = command
        corrected = False
        while True:
            sent += 1
            self.last = Delivery(sent, early)
            response = self._transmit(current)
            if response.sw1 == _MORE_DATA:
                follow = Command(
                    0x00, _GET_RESPONSE, 0x00, 0x00, le=response.sw2 or MAX_LE, name="GET RESPONSE"
                )
                collected += response.data
                corrected = False
            elif response.sw1 == _WRONG_LE and not corrected:
                follow = replace(current, le=response.sw2 or MAX_LE)
                corrected = True
            else:
                collected += response.data
                return Response(bytes(collected), response.sw)
            early = early or bool(response.data)
            self.last = Delivery(sent, early)
            if sent >= _MAX_TRANSMISSIONS:
                raise AnswerError(
                    f"{command}: the chip still says {response.sw:04X} after {sent} transmissions",
                    transport=self.channel.name,
                    traffic=self.traffic(),
                )
            current = follow

    def expect_ok(self, command: Command) -> Response:
        """Send a command and insist on 9000.

        Raises:
            StatusError: another status word.
            ChipError: as `send`.
            BenchError: as `send`.
        """
        response = self.send(command)
        if not response.ok:
            raise StatusError(command, response.sw).at(transport=self.channel.name, traffic=self.traffic())
        return response

    def send_raw(self, raw: bytes) -> Response:
        """Send bytes as they are, sound or not, once, and return the answer as it is.

        Raises:
            ChipError: as `send`.
            BenchError: as `send`.
        """
        self.last = Delivery(1)
        return self._exchange(raw, shorten(raw), hidden=False)

    def failure(self, command: Command, problem: object) -> AnswerError:
        """Return the error for an answer whose content is wrong, with place and traffic filled in."""
        return AnswerError(f"{command}: {problem}", transport=self.channel.name, traffic=self.traffic())

    def _transmit(self, command: Command) -> Response:
        return self._exchange(command.to_bytes(), command, hidden=command.hidden)

    def _exchange(self, raw: bytes, label: Command | str, *, hidden: bool) -> Response:
        shown: bytes | str = str(label) if hidden else raw
        if _log.isEnabledFor(TRAFFIC):
            _log.log(TRAFFIC, "%s > %s", self.channel.name, _hex(shown))
        try:
            answer = self.channel.transmit(raw)
        except HarnessError as error:
            self._history.append((shown, f"({error.message})"))
            error.at(transport=self.channel.name, traffic=self.traffic())
            raise
        self._history.append((shown, answer))
        if _log.isEnabledFor(TRAFFIC):
            _log.log(TRAFFIC, "%s < %s", self.channel.name, _hex(answer))
        try:
            return Response.parse(answer)
        except ApduError as problem:
            raise AnswerError(
                f"{label}: {problem}", transport=self.channel.name, traffic=self.traffic()
            ) from problem

    def __enter__(self) -> Self:
        self.channel.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.channel.close()


def _hex(data: bytes | str) -> str:
    return data if isinstance(data, str) else data.hex().upper()
