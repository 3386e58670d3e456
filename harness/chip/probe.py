"""The way to a chip through the board's own driver, which the probe in its firmware calls."""

from contextlib import suppress

from harness.chip.channel import ApduChannel
from harness.chip.errors import AnswerError, FramingError
from harness.errors import HarnessError
from harness.id2.codes import describe_result
from harness.probe.link import Answer, ProbeLink

_ANSWER = 512  # bytes; 256 and a status word are the most that a chip answers
_LONGEST = 2.5  # times the declared time: a driver that waits for its chip gives up later than we would


class DriverError(FramingError):
    """The board's driver gave up: it returned an error code, and nothing is known of what the chip said."""


class ChannelThroughDriver(ApduChannel):
    """Carries APDUs by `se_transmit` of the board.

    Args:
        link: The probe of the board.
        timeout: Seconds that the chip has for an answer, as the board file declares.
    """

    def __init__(self, link: ProbeLink, *, timeout: float) -> None:
        self._link = link
        self._limit = _LONGEST * timeout
        self._is_open = False

    @property
    def name(self) -> str:
        """Name of the console's transport."""
        return self._link.name

    def open(self) -> None:
        """Open a session of the driver.

        Raises:
            DriverError: It returned an error code.
            BenchError: The probe does not answer.
        """
        self._done("se_open_session", self._link.call("sop", limit=self._limit))
        self._is_open = True

    def close(self) -> None:
        """Close the session; a board that does not answer any more has none."""
        if self._is_open:
            self._is_open = False
            with suppress(HarnessError):
                self._link.call("scl", limit=self._limit)

    def transmit(self, command: bytes) -> bytes:
        """Have the driver send one command, and return what it says that the chip answered.

        Raises:
            DriverError: It returned an error code.
            AnswerError: It says of its buffer what cannot be.
            BenchError: The probe does not answer, or the board started anew.
        """
        answer = self._link.call("trx", a=command, out=_ANSWER, limit=self._limit)
        if answer.overwritten:
            raise self._wrong(f"wrote {answer.overwritten} bytes behind the end of its buffer")
        self._done("se_transmit", answer)
        if answer.length > _ANSWER:
            raise self._wrong(f"says that it wrote {answer.length} bytes into a buffer of {_ANSWER}")
        return answer.data

    def _done(self, function: str, answer: Answer) -> None:
        if answer.rc == 0:
            return
        described = describe_result(answer.rc)
        raise DriverError(
            f"{self.name}: the board's {function} returned {described.text}: {described.meaning}",
            hint="the driver's own output on the console may say more; is the chip there and powered?",
            transport=self.name,
            code=answer.rc,
        )

    def _wrong(self, what: str) -> AnswerError:
        return AnswerError(f"{self.name}: the board's se_transmit {what}", transport=self.name)
