"""One interface for every way to reach a chip: a whole APDU in, a whole answer out."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class ApduChannel(ABC):
    """Carries APDUs to one chip and hides how they are framed.

    Invariants:
        * The channel opens and closes the transport that it was given.
        * `transmit` returns what the chip answered, unjudged: status words are the session's business.
        * `transmit` always ends: with an answer, with `DeviceError` (the chip spoke, wrongly or too late) or
          with `BenchError` (nothing was ever heard from it, or the transport is gone).
        * After an error the next `transmit` first drops what has come in meanwhile, so that a late answer is
          not taken for the new one.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """Name of the transport below, for messages."""

    @abstractmethod
    def open(self) -> None:
        """Open the transport and bring the chip to where it takes commands."""

    @abstractmethod
    def close(self) -> None:
        """Let the transport go; may be called more than once."""

    @abstractmethod
    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU and return the whole answer, status word included."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
