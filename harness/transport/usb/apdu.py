"""What all transports share that carry whole APDUs through one interface of a USB device."""

import time
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress

from harness.errors import HarnessError, UsageError
from harness.transport.base import Capability, Exchange, Operation, PlacedTransport, refuse
from harness.transport.errors import UsbSilent
from harness.transport.usb.framing import LengthPrefix
from harness.transport.usb.functions import UsbFunction
from harness.transport.usb.link import UsbLink

LONGEST = 65544
"""Bytes of an answer: an extended APDU, its status word, and a length field."""

_CAPABILITIES = frozenset({Capability.APDU})
_DRAIN = 0.02  # seconds of silence after which a late answer is taken to be gone
_DRAINED = 1.0  # seconds after which a device that sends for ever is let be


class UsbApduTransport(PlacedTransport):
    """An interface of a USB device: found by identity, taken, asked one APDU at a time, given back.

    A kind of interface says in `_learn` what it needs of the descriptors, and in `_exchange` how an APDU travels.
    """

    def __init__(self, name: str, link: UsbLink) -> None:
        """Keep the link; nothing is touched before `open`."""
        super().__init__(name)
        self._link = link
        self._in = 0
        self._packet = 64
        self._stale = False

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries whole APDUs."""
        return _CAPABILITIES

    @property
    def identity(self) -> str:
        """What is looked for; from open on what was found."""
        return self._link.identity

    def place(self) -> str:
        """Return what it will occupy; nothing is opened.

        Raises:
            BenchError: not plugged in.
            UsageError: several devices fit.
        """
        return self._link.place()

    def open(self) -> None:
        """Find the device and take its interface, from the kernel's driver if one has it.

        Raises:
            BenchError: not plugged in, no permission, in use.
            UsageError: several devices fit, opened twice, or an interface of another build.
        """
        try:
            function = self._link.open()
            try:
                self._learn(function)
            except HarnessError:
                self._link.close()
                raise
        except HarnessError as error:
            raise error.at(transport=self.name) from error.__cause__
        self._stale = False

    def close(self) -> None:
        """Give the interface back; wakes a waiting exchange within 0.1 s."""
        self._link.close()

    def do(self, operation: Operation) -> bytes:
        """Send one APDU and return the answer."""
        if operation.capability not in self.capabilities:
            raise refuse(self, operation)
        with self._link.busy:
            try:
                return self._answer(operation)
            except HarnessError as error:
                self._stale = True
                raise error.at(transport=self.name) from error.__cause__

    def _answer(self, operation: Operation) -> bytes:
        assert isinstance(operation, Exchange)
        return self._exchange(operation.command, operation.timeout)

    @abstractmethod
    def _learn(self, function: UsbFunction) -> None:
        """Take from the descriptors what is needed; what is raised gives the interface back."""

    @abstractmethod
    def _exchange(self, command: bytes, timeout: float) -> bytes:
        """Send one APDU and return its answer."""

    def _prefixed(self, prefix: LengthPrefix, command: bytes) -> bytes:
        try:
            return prefix.frame(command)
        except OverflowError as error:
            raise UsageError(
                f"{self.identity}: a command of {len(command)} bytes, the length field of "
                f"{prefix.size} bytes can say {prefix.longest}"
            ) from error

    def _read_prefixed(
        self, prefix: LengthPrefix, deadline: float, read: Callable[[int, float], bytes]
    ) -> bytes:
        """Return the message that comes in as many pieces as it takes.

        Args:
            prefix: The length before the message.
            deadline: When it must have come.
            read: Brings a piece; told how many bytes are missing at least, and how many seconds are left.
        """
        answer = b""
        while True:
            total = prefix.total(answer)
            if total is not None and (len(answer) >= total or total > LONGEST):
                return prefix.message(answer, self.identity)
            missing = 1 if total is None else total - len(answer)
            answer += read(missing, self._left(deadline))

    def _left(self, deadline: float) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise UsbSilent(f"{self.identity}: the answer did not end in time", hint="power-cycle the device")
        return left

    def _drain(self, size: int) -> None:
        """Throw away what a command that failed may still bring, in reads of `size` bytes."""
        if not self._stale:
            return
        deadline = time.monotonic() + _DRAINED
        with suppress(UsbSilent):
            while time.monotonic() < deadline:
                self._link.read(self._in, size, _DRAIN, "clearing late answers")
        self._stale = False
